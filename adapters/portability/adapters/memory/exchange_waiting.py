"""Lanes that wait, and what was given up in them, in memory."""

from collections.abc import Sequence
from uuid import UUID

from portability.adapters.memory.exchange_state import State
from portability.services.exchange.lanes import LaneEntryState
from portability.services.exchange.model.messages import Lane, MessageKey
from portability.services.exchange.model.set_aside import NUMBER_CONFLICT, QuarantineState
from portability.services.exchange.model.waiting import GapGivenUp, GivenUp, WaitingLane
from portability.services.exchange.streams import SequenceRange

__all__ = ["MemoryGivenUps", "MemoryLanesWaiting"]


class MemoryLanesWaiting:
    """The port `LanesWaiting`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def page(self, *, after: Lane | None, limit: int) -> Sequence[WaitingLane]:
        """Return lanes in which something waits."""
        lanes = [lane for lane in sorted(self._state.lanes) if after is None or lane > after]
        return [one for lane in lanes if (one := await self.find(lane))][:limit]

    async def find(self, lane: Lane) -> WaitingLane | None:
        """Return one."""
        standing = self._state.lanes.get(lane)
        waiting = [one for one in standing.entries if one.state is not LaneEntryState.DONE] if standing else []
        if not standing or not waiting:
            return None
        first, since = standing.entries[0], min(one.since for one in waiting)
        lacks = first.case_seq > standing.next_seq
        missing = SequenceRange(standing.next_seq, first.case_seq - 1) if lacks else None
        return WaitingLane(lane, since, len(waiting), missing)

    async def among(self, lane: Lane, missing: SequenceRange) -> SequenceRange | None:
        """Return the numbers of the stream between what came before and after."""
        ours = [one.message for one in self._state.inbox.values() if one.message.sender == lane[0]]
        came = [(one.case_seq, one.stream_seq) for one in ours if one.case_id == lane[1]]
        first = max((stream for place, stream in came if place < missing.first), default=0) + 1
        last = min((stream for place, stream in came if place > missing.last), default=0)
        last = (last or max((one.stream_seq for one in ours), default=0) + 1) - 1
        return SequenceRange(first, last) if first <= last else None


class MemoryGivenUps:
    """The port `GivenUps`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def add(self, given_up: GivenUp) -> None:
        """Keep it."""
        self._state.given_up[given_up.entry_id] = given_up

    async def add_gap(self, given_up: GapGivenUp) -> None:
        """Keep that a gap was refused."""
        self._state.gaps_given_up[given_up.entry_id] = given_up

    async def came(self, *, limit: int) -> Sequence[tuple[UUID, MessageKey]]:
        """Return messages that came under such a number afterwards."""
        found: list[tuple[UUID, MessageKey]] = []
        for entry in sorted(self._state.quarantine.values(), key=lambda one: one.entry_id):
            key = (entry.sender, entry.message_id or UUID(int=0))
            message = self._state.inbox.get(key)
            is_open = entry.state is QuarantineState.OPEN and entry.reason_code == NUMBER_CONFLICT
            if is_open and message and self._is_given_up(message.message.lane, message.message.case_seq):
                found.append((entry.entry_id, key))
        return found[:limit]

    def _is_given_up(self, lane: Lane, number: int) -> bool:
        ours = (one for one in self._state.given_up.values() if (one.sender, one.case_id) == lane)
        return any(one.numbers.first <= number <= one.numbers.last for one in ours)
