"""What runs a node: settings, wiring, the gRPC door, the command line; no law and no use case of its own."""
