"""Adapters of the access policy: Cedar, embedded."""
