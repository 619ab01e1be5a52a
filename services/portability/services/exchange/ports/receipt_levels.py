"""How far messages have come, in the store: which of ours are overdue, and which of others' somebody has read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portability.services.exchange.model.receiving import OpenedMessage
from portability.services.exchange.model.sending import StoredReceipt
from portability.services.exchange.receipt_levels import Overdue, OverdueLevel

__all__ = ["Openings", "ReceiptAlarms"]


class ReceiptAlarms(Protocol):
    """Our messages whose receipt does not come in time."""

    async def take(self, level: OverdueLevel, *, submitted_before: datetime) -> Sequence[Overdue]:
        """Return, by recipient, what was submitted until an instant and has no receipt.

        Each message comes back once for each level. Nothing comes back of a recipient whose messages another
        transaction is taking.
        """

    async def late(self, receipts: Sequence[StoredReceipt]) -> int:
        """Return how many messages, taken as MISSING before and without a receipt still, these receipts name."""


class Openings(Protocol):
    """Received messages that somebody of this institution has read."""

    async def take(self, case_id: UUID, *, at: datetime) -> Sequence[OpenedMessage]:
        """Note that what has taken effect in a case is read; return what was not read before, each message once.

        Of two transactions that read at once one has it: the other waits for its end.
        """
