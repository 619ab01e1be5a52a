"""Determinations with their explanation, and the agreement files they rest on: read, checked, tested."""
