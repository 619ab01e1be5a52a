"""Records to protobuf and back; nothing is decided here."""
