"""What administrators and clerks do at a node, kept with who did it and why; a leaf module that services share.

An act is kept in the transaction of what it does, sealed by the key of its case, and stands in the node's log as a
salted commitment: nobody can take it back, and nobody learns or guesses it from the log.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

__all__ = ["OF_NO_CASE", "Act", "ActBook"]

OF_NO_CASE: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Act:
    """One act; `case_id` is OF_NO_CASE where it is about none."""

    act_id: UUID
    case_id: UUID
    at: datetime
    by: str  # the person that the caller's certificate names
    what: str  # a code, such as "hold" or "quarantine.reject"
    about: str = ""  # id of what it was done to, where that is not the case
    why: str = ""


class ActBook(Protocol):
    """Where acts are kept."""

    async def add(self, act: Act) -> None:
        """Keep an act, and its commitment in the log, with the caller's transaction."""
        ...
