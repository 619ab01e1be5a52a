"""Between protobuf and the values of the exchange: `wire` for what nodes exchange, `api` for the RPCs."""
