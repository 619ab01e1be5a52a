"""Void numbers in memory: ours, and those of the senders to us."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from portability.adapters.memory.exchange_sending import was_sealed
from portability.adapters.memory.exchange_state import State, VoidRow
from portability.services.exchange.lanes import LaneEntryState
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.sending import OutboxMessage
from portability.services.exchange.model.statuses import ReceiptStatus
from portability.services.exchange.model.voids import VoidNumber, VoidReason, contradicts, lane_of_void
from portability.services.exchange.streams import SequenceRange

__all__ = ["MemoryVoidsReceived", "MemoryVoidsSent"]


class MemoryVoidsSent:
    """The port `VoidsSent`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def among(
        self, recipient: InstitutionId, ranges: Sequence[SequenceRange], *, limit: int
    ) -> Sequence[VoidNumber]:
        """Return the lowest void numbers in these ranges."""
        expired = {key for key, one in self._state.outcomes.items() if one.status is ReceiptStatus.EXPIRED}
        rows = [one for one in self._state.messages.values() if one.recipient == recipient]
        void = [
            self._void(one)
            for one in rows
            if one.sealable.message_id in expired
            and any(span.first <= one.sealable.stream_seq <= span.last for span in ranges)
        ]
        return sorted(void, key=lambda one: one.stream_seq)[:limit]

    def _void(self, one: OutboxMessage) -> VoidNumber:
        sent = was_sealed(one, self._state)
        reason = VoidReason.ERASED_BEFORE_RECEIPT if sent else VoidReason.ERASED_BEFORE_SENT
        item = one.sealable
        return VoidNumber(item.stream_seq, item.message_id, item.leaf_hash, one.case_id, one.case_seq, reason)


class MemoryVoidsReceived:
    """The port `VoidsReceived`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def add(self, sender: InstitutionId, voids: Sequence[VoidNumber], *, at: datetime) -> Sequence[VoidNumber]:
        """Keep what contradicts nothing; return the others."""
        wrong = []
        for one in voids:
            held = self._held(sender, one)
            known = self._state.voids.get((sender, one.stream_seq))
            if contradicts(one, held) or (known and known.void.leaf_hash != one.leaf_hash):
                wrong.append(one)
            elif not held and not known:
                self._state.voids[(sender, one.stream_seq)] = VoidRow(one, at)
        return wrong

    async def in_the_way(self, *, limit: int) -> Sequence[tuple[InstitutionId, VoidNumber]]:
        """Return those that a lane waits for."""
        found = []
        for (sender, _), row in sorted(self._state.voids.items()):
            lane = self._state.lanes.get(lane_of_void(sender, row.void))
            waits = lane and any(one.state is not LaneEntryState.DONE for one in lane.entries)
            taken = lane and any(one.case_seq == row.void.case_seq for one in lane.entries)
            if lane and waits and not taken and lane.next_seq == row.void.case_seq:
                found.append((sender, row.void))
        return found[:limit]

    async def belied(self, *, limit: int, at: datetime) -> Sequence[tuple[InstitutionId, int]]:
        """Return those of the next `limit` that have come since, once."""
        came = {(one.message.sender, one.message.stream_seq) for one in self._state.inbox.values()}
        after = self._state.void_looks.get("next", ("", 0))
        turn = [
            key
            for key, row in sorted(self._state.voids.items())
            if key > after and row.belied_at is None and row.void.reason is VoidReason.ERASED_BEFORE_SENT
        ][:limit]
        self._state.void_looks["next"] = turn[-1] if len(turn) == limit else ("", 0)
        found = [key for key in turn if key in came]
        for key in found:
            self._state.voids[key] = replace(self._state.voids[key], belied_at=at)
        return found

    def _held(self, sender: InstitutionId, void: VoidNumber) -> Sequence[bytes]:
        """Leaf hashes of what came under its number, its id or its place in the case."""
        place = (void.case_id, void.case_seq)
        return [
            one.leaf_hash
            for one in self._state.inbox.values()
            if one.message.sender == sender
            and (
                one.message.stream_seq == void.stream_seq
                or one.message.message_id == void.message_id
                or (one.message.case_id, one.message.case_seq) == place
            )
        ]
