"""How findings of comparisons stand, and what people have settled of them, in memory."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from portability.adapters.memory.exchange_repair import MemoryDigests
from portability.adapters.memory.exchange_state import FindingKey, Mark, State
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.reconciliations import DifferenceKind, Finding, Settled, Settlement
from portability.services.exchange.model.waiting import GivenUp
from portability.services.exchange.streams import SequenceRange

__all__ = ["MemorySettlements", "finding_of"]


class MemorySettlements:
    """The port `Settlements`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def open_among(self, partner: InstitutionId, numbers: SequenceRange) -> Sequence[Finding]:
        """Return what is open among some numbers."""
        return [await finding_of(key, self._state) for key in await self._open_keys(partner, numbers)]

    async def of_request(self, request_id: UUID) -> tuple[Settlement, int] | None:
        """Return what a request has settled."""
        found = [one for (request, _), one in self._state.settlements.items() if request == request_id]
        return (found[0], len(found)) if found else None

    async def add(self, one: Settlement) -> int:
        """Settle what is open among the numbers."""
        marks = set()
        for key in await self._open_keys(one.partner, one.numbers):
            if one.numbers.first <= key[3].first and key[3].last <= one.numbers.last:
                marks.add(await _mark(key, self._state))
                self._state.findings[key] = replace(self._state.findings[key], is_judged=False)
        self._state.settlements.update({(one.request_id, mark): one for mark in marks})
        return len(marks)

    async def _open_keys(self, partner: InstitutionId, numbers: SequenceRange) -> Sequence[FindingKey]:
        among = [key for key in self._state.findings if key[0] == partner and _overlap(key[3], numbers)]
        found = [key for key in among if (await finding_of(key, self._state)).is_open]
        return sorted(found, key=lambda key: (key[3], key[2], key[1]))


async def finding_of(key: FindingKey, state: State) -> Finding:
    """A difference as it stands now."""
    partner, _, kind, numbers = key
    row = state.findings[key]
    leaves = await MemoryDigests(state).received(partner, numbers)
    differs = kind is DifferenceKind.UNSETTLED
    if kind is DifferenceKind.MISSING:
        differs = len(leaves) < row.stated
    elif kind is DifferenceKind.DIFFERING:
        differs = len(leaves) != row.stated or any(leaf != row.root for leaf in leaves)
    settled = await _settled(key, state) if differs else None
    is_open = differs and settled is None
    return Finding(kind, numbers, row.stated, len(leaves), row.found_at, row.asked_at, is_open, settled)


async def _settled(key: FindingKey, state: State) -> Settled | None:
    """Who has closed it last."""
    mark = await _mark(key, state)
    found = [Settled(one.by, one.at, one.reason) for (_, each), one in state.settlements.items() if each == mark]
    if key[2] is DifferenceKind.MISSING:
        found += _given_up(key[0], key[3], state)
        found += _gaps_given_up(key[0], key[3], state)
    return max(found, key=lambda one: one.at, default=None)


async def _mark(key: FindingKey, state: State) -> Mark:
    partner, _, kind, numbers = key
    is_differing = kind is DifferenceKind.DIFFERING
    leaves = sorted(await MemoryDigests(state).received(partner, numbers)) if is_differing else ()
    row = state.findings[key]
    return partner, kind, numbers, row.stated, row.root, tuple(leaves)


def _given_up(partner: InstitutionId, numbers: SequenceRange, state: State) -> list[Settled]:
    """Who has given up what is missing: as many numbers of cases as the stream lacks where they would have been."""
    ours = [(one, _place(one, state)) for one in state.given_up.values() if one.sender == partner]
    near = [(one, place) for one, place in ours if place.first <= place.last and _overlap(place, numbers)]
    first = min((place.first for _, place in near), default=0)
    last = max((place.last for _, place in near), default=0)
    if not near or not first <= numbers.first <= numbers.last <= last:
        return []
    came = {one.message.stream_seq for one in state.inbox.values() if one.message.sender == partner}
    came |= {number for sender, number in state.voids if sender == partner}
    missing = sum(number not in came for number in range(first, last + 1))
    if missing != sum(_outstanding(one, state) for one, _ in near):
        return []
    return [
        Settled(state.quarantine[one.entry_id].closed_by, one.at, "; ".join(one.reasons[1:]), one.case_id)
        for one, _ in near
    ]


def _gaps_given_up(partner: InstitutionId, numbers: SequenceRange, state: State) -> list[Settled]:
    """Who has refused the gaps in which all stands that has not come of what is missing."""
    ours = [one for one in state.gaps_given_up.values() if one.sender == partner and _overlap(one.numbers, numbers)]
    came = {one.message.stream_seq for one in state.inbox.values() if one.message.sender == partner}
    came |= {number for sender, number in state.voids if sender == partner}
    to_come = [number for number in range(numbers.first, numbers.last + 1) if number not in came]
    if not all(any(one.numbers.first <= number <= one.numbers.last for one in ours) for number in to_come):
        return []
    asides = [(state.quarantine[one.entry_id], one.reason) for one in ours]
    return [Settled(aside.closed_by, aside.closed_at, why, is_gap=True) for aside, why in asides if aside.closed_at]


def _place(one: GivenUp, state: State) -> SequenceRange:
    """Where in the stream the numbers of the case would have been; empty where nothing has come behind them."""
    messages = [row.message for row in state.inbox.values()]
    case = [(each.case_seq, each.stream_seq) for each in messages if each.lane == (one.sender, one.case_id)]
    before = max(((place, stream) for place, stream in case if place < one.numbers.first), default=(0, 0))
    after = min(((place, stream) for place, stream in case if place > one.numbers.last), default=(0, 0))
    return SequenceRange(before[1] + 1, after[1] - 1)


def _outstanding(one: GivenUp, state: State) -> int:
    """How many of the numbers have not come after all, and are not void."""
    messages = [row.message for row in state.inbox.values()]
    came = {each.case_seq for each in messages if each.lane == (one.sender, one.case_id)}
    voids = [(sender, row.void) for (sender, _), row in state.voids.items()]
    came |= {void.case_seq for sender, void in voids if (sender, void.case_id) == (one.sender, one.case_id)}
    return len(one.numbers) - sum(one.numbers.first <= number <= one.numbers.last for number in came)


def _overlap(one: SequenceRange, other: SequenceRange) -> bool:
    return one.first <= other.last and one.last >= other.first
