"""The change feed: pointers to what has changed, for the institution's own systems."""
