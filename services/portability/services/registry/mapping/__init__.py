"""What the registry signs, keeps and sends, as protobuf; each module reads strictly and writes one canonical form."""
