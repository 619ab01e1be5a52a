"""Which received messages somebody has read, and which were accepted blind, in memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from portability.adapters.memory.exchange_receiving import business_in
from portability.adapters.memory.exchange_state import State
from portability.services.exchange.model.messages import MessageKey
from portability.services.exchange.model.receiving import OpenedMessage
from portability.services.exchange.model.statuses import BusinessStatus, Unchecked

__all__ = ["MemoryAcceptedBlind", "MemoryOpenings"]

_IN_ITS_CASE = {BusinessStatus.ACCEPTED, BusinessStatus.ACCEPTED_BLIND}


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
            and business_in(self._state, one.message) in _IN_ITS_CASE
        ]
        fresh.sort(key=lambda one: (one.message.sender, one.message.stream_seq))
        self._state.openings.update((one.message.key, at) for one in fresh)
        return [
            OpenedMessage(one.message.sender, one.message.message_id, one.leaf_hash, one.bundle_id) for one in fresh
        ]


class MemoryAcceptedBlind:
    """The port `AcceptedBlind`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def add(self, unchecked: Mapping[MessageKey, Unchecked]) -> None:
        """Keep why."""
        for key, one in unchecked.items():
            self._state.unchecked.setdefault(key, one)
