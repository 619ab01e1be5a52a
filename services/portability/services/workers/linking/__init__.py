"""Caseworkers say whose a case is."""
