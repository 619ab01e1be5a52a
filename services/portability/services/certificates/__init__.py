"""Certificates that travel: coverage, career and entitlement, as a verifiable credential and as a code on paper."""
