"""Facts, determinations and agreement files to and from protobuf; nothing is decided here."""
