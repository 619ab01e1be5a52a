"""What was set aside, in the store."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portability.services.exchange.model.messages import MessageKey
from portability.services.exchange.model.set_aside import QuarantineEntry, QuarantineState

__all__ = ["Quarantine", "QuarantineDesk", "SetAside"]


class Quarantine(Protocol):
    """What could not be taken in, with its reason."""

    async def add(self, entries: Sequence[QuarantineEntry]) -> None:
        """Store entries. The same stream position and message id twice is kept once."""

    async def list(self, *, after: UUID | None, limit: int) -> Sequence[QuarantineEntry]:
        """Return entries by id, oldest first, beginning after the id `after`."""


class SetAside(Protocol):
    """One thing that was set aside, to be looked at."""

    async def find(self, entry_id: UUID) -> QuarantineEntry | None:
        """Return one entry; None where unknown."""


class QuarantineDesk(SetAside, Protocol):
    """What becomes of what was set aside."""

    async def close(self, messages: Sequence[MessageKey], state: QuarantineState, *, at: datetime, by: str) -> None:
        """Note what has become of the open entries of messages that lanes waited for."""

    async def close_entry(self, entry_id: UUID, state: QuarantineState, *, at: datetime, by: str) -> None:
        """Note what has become of one open entry."""

    async def note_reason(self, entry_id: UUID, *, code: str, reason: str) -> None:
        """Note why an open entry could not take effect this time."""
