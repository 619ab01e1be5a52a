"""Messages whose receipt does not come in time, in memory."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from portability.adapters.memory.exchange_state import State
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.sending import OutboxMessage, StoredReceipt
from portability.services.exchange.receipt_levels import Overdue, OverdueLevel

__all__ = ["MemoryReceiptAlarms"]


class MemoryReceiptAlarms:
    """The port `ReceiptAlarms`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def take(self, level: OverdueLevel, *, submitted_before: datetime) -> Sequence[Overdue]:
        """Return what has no receipt and was not told of at this level."""
        taken = []
        for recipient in sorted(self._state.last_seqs):
            numbers = [
                one.sealable.stream_seq
                for one in self._state.messages.values()
                if one.recipient == recipient and one.submitted_at <= submitted_before and self._waits(one, level)
            ]
            if numbers:
                self._state.overdue[recipient, level] = max(numbers)
                taken.append(Overdue(recipient, len(numbers), min(numbers)))
        return taken

    async def late(self, receipts: Sequence[StoredReceipt]) -> int:
        """Return how many messages that were told of as missing these receipts name for the first time."""
        named = {(one.signer, entry.message_id, entry.leaf_hash) for one in receipts for entry in one.entries}
        return sum(self._is_late(*one) for one in named)

    def _is_late(self, signer: InstitutionId, message_id: UUID, leaf: bytes) -> bool:
        one = self._state.messages.get(message_id)
        if one is None or (one.recipient, one.sealable.leaf_hash) != (signer, leaf) or not self._waits(one, None):
            return False
        return one.sealable.stream_seq <= self._told(signer, OverdueLevel.MISSING)

    def _waits(self, message: OutboxMessage, level: OverdueLevel | None) -> bool:
        """Whether a message has no receipt, and lies behind what was told of at the level."""
        is_open = message.sealable.wants_receipt and message.sealable.message_id not in self._state.outcomes
        return is_open and (level is None or message.sealable.stream_seq > self._told(message.recipient, level))

    def _told(self, recipient: InstitutionId, level: OverdueLevel) -> int:
        return self._state.overdue.get((recipient, level), 0)
