"""Gateways of SMS and USSD: what comes in over HTTP, and how short messages go out; each by a file of settings."""
