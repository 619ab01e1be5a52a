"""Cases to and from protobuf: wire.py for messages between institutions, rpc.py for calls, parts.py for both."""
