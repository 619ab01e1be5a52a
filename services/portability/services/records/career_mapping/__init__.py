"""The career record in full, to protobuf."""
