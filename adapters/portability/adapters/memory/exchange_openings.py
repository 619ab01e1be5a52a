"""Which received messages somebody has read, in memory."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from portability.adapters.memory.exchange_receiving import business_in
from portability.adapters.memory.exchange_state import State
from portability.services.exchange.model.receiving import OpenedMessage
from portability.services.exchange.model.statuses import BusinessStatus

__all__ = ["MemoryOpenings"]


class MemoryOpenings:
    """The port `Openings`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def take(self, case_id: UUID, *, at: datetime) -> Sequence[OpenedMessage]:
        """Return what of a case was not read before."""
        fresh = [
            one
            for key, one in self._state.inbox.items()
            if one.message.case_id == case_id
            and key not in self._state.openings
            and business_in(self._state, one.message) is BusinessStatus.ACCEPTED
        ]
        fresh.sort(key=lambda one: (one.message.sender, one.message.stream_seq))
        self._state.openings.update((one.message.key, at) for one in fresh)
        return [
            OpenedMessage(one.message.sender, one.message.message_id, one.leaf_hash, one.bundle_id) for one in fresh
        ]
