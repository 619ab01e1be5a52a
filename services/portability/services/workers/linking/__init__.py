"""Caseworkers put workers on file, and say whose a case is."""
