"""Versions of agreements, published, ratified, superseded and suspended: which one binds a pair of states."""
