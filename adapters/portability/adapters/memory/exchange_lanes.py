"""Lanes, and what recipients have made of our messages, in memory."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from portability.adapters.memory.exchange_state import State
from portability.services.exchange.lanes import LaneEntry, LaneStanding
from portability.services.exchange.model import InstitutionId, Lane, StatusEntry

__all__ = ["MemoryBusinessStatuses", "MemoryLanes"]


class MemoryLanes:
    """The port `Lanes`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def load(self, lanes: Collection[Lane]) -> Mapping[Lane, LaneStanding]:
        """Return where each lane stands."""
        return {lane: self._state.lanes.get(lane, LaneStanding()) for lane in lanes}

    async def save(self, standings: Mapping[Lane, LaneStanding]) -> None:
        """Keep where lanes stand now."""
        self._state.lanes.update(standings)

    async def held_since(self, before: datetime, *, limit: int) -> Sequence[tuple[Lane, LaneEntry]]:
        """Return the first entries of lanes that wait since before an instant."""
        waiting = [(lane, one.entries[0]) for lane, one in self._state.lanes.items() if one.entries]
        late = [(lane, entry) for lane, entry in waiting if entry.since < before]
        return sorted(late, key=lambda one: (one[1].since, one[0]))[:limit]


class MemoryBusinessStatuses:
    """The port `BusinessStatuses`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def note(self, recipient: InstitutionId, entries: Sequence[StatusEntry]) -> None:
        """Keep what the recipient says, the later decided over the earlier."""
        for entry in entries:
            for seq in range(entry.first_seq, entry.last_seq + 1):
                known = self._state.statuses.get((recipient, seq))
                if known is None or known.decided_at <= entry.decided_at:
                    self._state.statuses[(recipient, seq)] = entry
