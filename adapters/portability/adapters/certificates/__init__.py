"""Certificates for people: their facts in her language, on paper, as a code drawn and read."""
