"""Values of the exchange: messages, bundles on the stream, receipts. Plain data, no I/O."""
