"""Statements as bytes, and versions, statements and pairs of states as messages."""
