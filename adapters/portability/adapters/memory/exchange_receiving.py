"""The recipient's side of the exchange's store in memory: inbox, offsets, quarantine, and the timeline of both."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from portability.adapters.memory.exchange_sending import status_of
from portability.adapters.memory.exchange_state import State
from portability.services.exchange.lanes import LaneStanding, business_of
from portability.services.exchange.model.messages import (
    EXCHANGE_TYPES,
    GIVEN_UP_TYPE,
    Direction,
    InstitutionId,
    MessageKey,
    ReceivedMessage,
    TimelineEntry,
)
from portability.services.exchange.model.receiving import Arrival, BundleKey, InboxBundle, InboxMessage
from portability.services.exchange.model.sending import OutboxMessage
from portability.services.exchange.model.set_aside import ID_CONFLICT, QuarantineEntry, QuarantineState
from portability.services.exchange.model.statuses import BusinessStatus, ReceiptStatus
from portability.services.exchange.model.waiting import GivenUp

__all__ = ["MemoryInbox", "MemoryOffsets", "MemoryQuarantine", "MemoryTimeline", "business_in"]


class MemoryInbox:
    """The port `Inbox`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def add(self, bundles: Sequence[InboxBundle], messages: Sequence[InboxMessage]) -> Sequence[Arrival]:
        """Insert what is new and say of each what it was."""
        for bundle in bundles:
            self._state.inbox_bundles.setdefault((bundle.sender, bundle.bundle_id), bundle)
        return [self._add(message) for message in messages]

    async def find(self, sender: InstitutionId, message_id: UUID) -> InboxMessage | None:
        """Return a received message."""
        return self._state.inbox.get((sender, message_id))

    async def find_many(self, messages: Sequence[MessageKey]) -> Sequence[InboxMessage]:
        """Return received messages."""
        return [self._state.inbox[key] for key in messages if key in self._state.inbox]

    async def bundles(self, keys: Sequence[BundleKey]) -> Mapping[BundleKey, InboxBundle]:
        """Return what is kept of bundles."""
        kept = self._state.inbox_bundles
        return {key: kept[key] for key in keys if key in kept}

    def _add(self, incoming: InboxMessage) -> Arrival:
        place = (incoming.message.sender, incoming.message.message_id)
        known = self._state.inbox.get(place)
        if known is None:
            self._state.inbox[place] = incoming
            return Arrival.NEW
        return Arrival.DUPLICATE if known.leaf_hash == incoming.leaf_hash else Arrival.CONFLICT


class MemoryOffsets:
    """The port `Offsets`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def load(self, topic: str, partition: int) -> int:
        """Return the last offset consumed."""
        return self._state.offsets.get((topic, partition), -1)

    async def save(self, topic: str, partition: int, offset: int) -> None:
        """Note the last offset consumed."""
        self._state.offsets[(topic, partition)] = offset

    async def advance(self, topic: str, partition: int, *, after: int, to: int) -> bool:
        """Note the last offset consumed, where the one before is as expected."""
        as_expected = await self.load(topic, partition) == after
        if as_expected:
            await self.save(topic, partition, to)
        return as_expected


class MemoryQuarantine:
    """The port `Quarantine`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def add(self, entries: Sequence[QuarantineEntry]) -> None:
        """Store entries, each place once."""
        known = {_place(entry) for entry in self._state.quarantine.values()}
        for entry in entries:
            if _place(entry) not in known:
                known.add(_place(entry))
                self._state.quarantine[entry.entry_id] = entry

    async def list(self, *, after: UUID | None, limit: int) -> Sequence[QuarantineEntry]:
        """Return entries after an id."""
        entries = sorted(self._state.quarantine.values(), key=lambda entry: entry.entry_id)
        return [entry for entry in entries if after is None or entry.entry_id > after][:limit]

    async def find(self, entry_id: UUID) -> QuarantineEntry | None:
        """Return one entry."""
        return self._state.quarantine.get(entry_id)

    async def close(self, messages: Sequence[MessageKey], state: QuarantineState, *, at: datetime, by: str) -> None:
        """Note what has become of open entries."""
        for entry in list(self._state.quarantine.values()):
            if (entry.sender, entry.message_id) in messages and entry.reason_code != ID_CONFLICT:
                await self.close_entry(entry.entry_id, state, at=at, by=by)

    async def close_entry(self, entry_id: UUID, state: QuarantineState, *, at: datetime, by: str) -> None:
        """Note what has become of one open entry."""
        self._change(entry_id, state=state, closed_at=at, closed_by=by)

    async def note_reason(self, entry_id: UUID, *, code: str, reason: str) -> None:
        """Note why an open entry could not take effect this time."""
        self._change(entry_id, reason_code=code, reason=reason)

    def _change(self, entry_id: UUID, **changes: Any) -> None:
        entry = self._state.quarantine[entry_id]
        if entry.state is QuarantineState.OPEN:
            self._state.quarantine[entry_id] = replace(entry, **changes)


class MemoryTimeline:
    """The port `Timeline`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def of_case(self, case_id: UUID, *, after: UUID | None, limit: int) -> Sequence[TimelineEntry]:
        """Return the messages of a case after an id."""
        entries = [self._sent(row) for row in self._state.messages.values()]
        entries += [_received(one, self._state) for one in self._state.inbox.values()]
        entries += [_given_up(one) for one in self._state.given_up.values()]
        of_case = [
            entry
            for entry in sorted(entries, key=lambda entry: entry.message_id)
            if entry.case_id == case_id and entry.type not in EXCHANGE_TYPES
        ]
        return [entry for entry in of_case if after is None or entry.message_id > after][:limit]

    async def of_message(self, message_id: UUID) -> TimelineEntry | None:
        """Return a message sent or received."""
        if row := self._state.messages.get(message_id):
            return self._sent(row)
        found = (one for one in self._state.inbox.values() if one.message.message_id == message_id)
        given_up = self._state.given_up.get(message_id)
        return next((_received(one, self._state) for one in found), _given_up(given_up) if given_up else None)

    def _sent(self, message: OutboxMessage) -> TimelineEntry:
        outcome = self._state.outcomes.get(message.sealable.message_id)
        told = self._state.statuses.get((message.recipient, message.sealable.stream_seq))
        return TimelineEntry(
            message_id=message.sealable.message_id,
            direction=Direction.SENT,
            partner=message.recipient,
            case_id=message.case_id,
            type=message.type,
            status=status_of(message, self._state),
            at=message.submitted_at,
            settled_at=outcome.settled_at if outcome else None,
            opened_at=outcome.opened_at if outcome else None,
            reason=outcome.reason if outcome else "",
            business=told.status if told else None,
            reasons=told.reasons if told else (),
        )


def business_in(state: State, message: ReceivedMessage) -> BusinessStatus | None:
    """What was made of a received message."""
    aside = [one for one in state.quarantine.values() if (one.sender, one.message_id) == message.key]
    closed = [one for one in aside if one.reason_code != ID_CONFLICT]
    found = business_of(message, state.lanes.get(message.lane, LaneStanding()), [one.state for one in closed])
    is_blind = found is BusinessStatus.ACCEPTED and message.key in state.unchecked
    return BusinessStatus.ACCEPTED_BLIND if is_blind else found


def _received(incoming: InboxMessage, state: State) -> TimelineEntry:
    message = incoming.message
    opened_at = state.openings.get(message.key)
    unchecked = state.unchecked.get(message.key)
    return TimelineEntry(
        message_id=message.message_id,
        direction=Direction.RECEIVED,
        partner=message.sender,
        case_id=message.case_id,
        type=message.type,
        status=ReceiptStatus.OPENED if opened_at else ReceiptStatus.DELIVERED,
        at=message.received_at,
        opened_at=opened_at,
        business=business_in(state, message),
        reasons=(unchecked.code, unchecked.reason) if unchecked else (),
    )


def _given_up(one: GivenUp) -> TimelineEntry:
    return TimelineEntry(
        message_id=one.entry_id,
        direction=Direction.RECEIVED,
        partner=one.sender,
        case_id=one.case_id,
        type=GIVEN_UP_TYPE,
        status=ReceiptStatus.FAILED,
        at=one.at,
        business=BusinessStatus.REJECTED,
        reasons=one.reasons,
        reason=one.reasons[0],
    )


def _place(entry: QuarantineEntry) -> tuple[str, int, int, UUID | None]:
    return (entry.topic, entry.partition, entry.offset, entry.message_id)
