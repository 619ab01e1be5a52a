"""Cases on flows to and from protobuf: envelope.py for messages between institutions, rpc.py for calls."""
