"""The gRPC door of a node: who calls, what that caller may do, what went wrong; the work is in the services."""
