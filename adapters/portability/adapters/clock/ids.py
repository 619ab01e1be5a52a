"""Ids that sort by the time they were drawn (UUID version 7, RFC 9562)."""

from uuid import UUID

from uuid_utils.compat import uuid7

__all__ = ["time_ordered_id"]


def time_ordered_id() -> UUID:
    """Draw a new id from the system clock and the system's random source."""
    return uuid7()
