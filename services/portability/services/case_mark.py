"""By which mark a text says which case it is about: it names no state, no institution and no matter. Pure."""

import base64
from uuid import UUID

__all__ = ["case_mark"]


def case_mark(case_id: UUID) -> str:
    """The last four letters of the case's reference ("29QM" of "IT-7F3K-29QM"), from the random end of its id."""
    return base64.b32encode(case_id.bytes[-5:]).decode()[4:]
