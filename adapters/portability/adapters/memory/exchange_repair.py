"""What repair keeps, in memory: how streams stand, and what was reconciled."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from portability.adapters.memory.exchange_state import RoundRow, State
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.streams import Arrivals, DigestRound, SequenceRange, StreamWatch

__all__ = ["MemoryDigests", "MemoryGaps", "MemoryReconciliations"]


class MemoryGaps:
    """The port `Gaps`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def due(self, *, now: datetime) -> Sequence[StreamWatch]:
        """Return how the streams stand that are to be looked at."""
        senders = sorted({sender for sender, _ in self._state.inbox})
        watches = [self._state.watches.get(sender, StreamWatch(sender)) for sender in senders]
        return [one for one in watches if one.next_ask_at is None or one.next_ask_at <= now]

    async def arrivals(self, sender: InstitutionId, *, after: int, limit: int) -> Arrivals:
        """Return what has come after the number `after`."""
        numbers = sorted({one.message.stream_seq for one in self._state.inbox.values() if one.message.sender == sender})
        highest = max(numbers, default=0)
        void = {number for one, number in self._state.voids if one == sender and number < highest}
        came = [after, *(number for number in sorted({*numbers, *void}) if number > after)]
        missing = [SequenceRange(before + 1, number - 1) for before, number in pairwise(came) if number > before + 1]
        return Arrivals(came[-1], tuple(missing[:limit]))

    async def save(self, watch: StreamWatch) -> None:
        """Keep how a stream stands."""
        self._state.watches[watch.sender] = watch


class MemoryDigests:
    """The port `Digests`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def sent(self, recipient: InstitutionId, span: SequenceRange) -> Sequence[bytes]:
        """Return leaf hashes of what was sent."""
        rows = [message for message in self._state.messages.values() if message.recipient == recipient]
        ordered = sorted((one.sealable.stream_seq, one.sealable.leaf_hash) for one in rows)
        return [leaf for number, leaf in ordered if span.first <= number <= span.last]

    async def received(self, sender: InstitutionId, span: SequenceRange) -> Sequence[bytes]:
        """Return leaf hashes of what has come, or is void."""
        rows = [one for one in self._state.inbox.values() if one.message.sender == sender]
        held = {(one.message.stream_seq, one.leaf_hash) for one in rows}
        numbers = {number for number, _ in held}
        void = {
            (number, row.void.leaf_hash)
            for (one, number), row in self._state.voids.items()
            if one == sender and number not in numbers
        }
        return [leaf for number, leaf in sorted(held | void) if span.first <= number <= span.last]


class MemoryReconciliations:
    """The port `Reconciliations`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def due(self, *, now: datetime, sent_before: datetime) -> Sequence[DigestRound]:
        """Return the rounds that are due."""
        rows = [(one, self._state.rounds.get(one, RoundRow())) for one in sorted(self._state.last_seqs)]
        return [
            DigestRound(one, row.previous_seq + 1, max(row.last_seq, self._last(one, sent_before)))
            for one, row in rows
            if row.next_at is None or row.next_at <= now
        ]

    async def done(self, one: DigestRound, *, next_at: datetime) -> None:
        """Note a round."""
        row = self._state.rounds.get(one.recipient, RoundRow())
        self._state.rounds[one.recipient] = RoundRow(row.last_seq, one.last_seq, next_at)

    def _last(self, recipient: InstitutionId, before: datetime) -> int:
        sent = (one for one in self._state.messages.values() if one.recipient == recipient)
        return max((one.sealable.stream_seq for one in sent if one.submitted_at <= before), default=0)
