"""Lanes, and what recipients have made of our messages, in memory."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from portability.adapters.memory.exchange_state import State
from portability.services.exchange.lanes import LaneEntry, LaneEntryState, LaneStanding
from portability.services.exchange.model.messages import InstitutionId, Lane
from portability.services.exchange.model.statuses import StatusEntry

__all__ = ["MemoryBusinessStatuses", "MemoryLanes"]


class MemoryLanes:
    """The port `Lanes`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def load(self, lanes: Mapping[Lane, Collection[int]]) -> Mapping[Lane, LaneStanding]:
        """Return where each lane stands."""
        return {lane: self._state.lanes.get(lane, LaneStanding()) for lane in lanes}

    async def ahead(self, lanes: Mapping[Lane, int], *, limit: int) -> Mapping[Lane, Sequence[LaneEntry]]:
        """Return what waits from a number on."""
        return {
            lane: [one for one in self._entries(lane) if first <= one.case_seq < first + limit]
            for lane, first in lanes.items()
        }

    async def save(self, standings: Mapping[Lane, LaneStanding]) -> None:
        """Keep where lanes stand now."""
        self._state.lanes.update(standings)

    async def held_since(self, before: datetime, *, limit: int) -> Sequence[tuple[Lane, LaneEntry]]:
        """Return the first entries of lanes that wait since before an instant."""
        waiting = {lane: self._waiting(lane) for lane in self._state.lanes}
        oldest = {lane: min(one.since for one in some) for lane, some in waiting.items() if some}
        late = sorted((since, lane) for lane, since in oldest.items() if since < before)
        return [(lane, waiting[lane][0]) for _, lane in late[:limit]]

    async def waiting(self, lane: Lane) -> int:
        """Return how many messages wait in a lane."""
        return len(self._waiting(lane))

    def _waiting(self, lane: Lane) -> Sequence[LaneEntry]:
        return [one for one in self._entries(lane) if one.state is not LaneEntryState.DONE]

    def _entries(self, lane: Lane) -> Sequence[LaneEntry]:
        return self._state.lanes.get(lane, LaneStanding()).entries


class MemoryBusinessStatuses:
    """The port `BusinessStatuses`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def note(self, recipient: InstitutionId, entries: Sequence[StatusEntry], *, report_id: UUID) -> None:
        """Keep what the recipient says, the later decided over the earlier."""
        for entry in entries:
            for seq in self._numbers(recipient, entry):
                self._state.reports[(recipient, seq)] = self._state.reports.get((recipient, seq), frozenset()) | {
                    report_id
                }
                known = self._state.statuses.get((recipient, seq))
                if known is None or known.decided_at <= entry.decided_at:
                    self._state.statuses[(recipient, seq)] = entry

    async def reports(self, recipient: InstitutionId, stream_seq: int) -> Sequence[UUID]:
        """Return messages that said something of ours."""
        return sorted(self._state.reports.get((recipient, stream_seq), ()))

    def _numbers(self, recipient: InstitutionId, entry: StatusEntry) -> Sequence[int]:
        """Numbers of the stream that an entry is about."""
        said = range(entry.first_seq, entry.last_seq + 1)
        if entry.case_id is None:
            return said
        sent = (one for one in self._state.messages.values() if one.recipient == recipient)
        return [one.sealable.stream_seq for one in sent if one.case_id == entry.case_id and one.case_seq in said]
