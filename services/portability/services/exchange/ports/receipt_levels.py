"""How far messages have come, in the store: what is overdue."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from portability.services.exchange.model.sending import StoredReceipt
from portability.services.exchange.receipt_levels import Overdue, OverdueLevel

__all__ = ["ReceiptAlarms"]


class ReceiptAlarms(Protocol):
    """Our messages whose receipt does not come in time."""

    async def take(self, level: OverdueLevel, *, submitted_before: datetime) -> Sequence[Overdue]:
        """Return, by recipient, what was submitted until an instant and has no receipt.

        Each message comes back once for each level. Nothing comes back of a recipient whose messages another
        transaction is taking.
        """

    async def late(self, receipts: Sequence[StoredReceipt]) -> int:
        """Return how many messages, taken as MISSING before and without a receipt still, these receipts name."""
