"""Lanes: what one sender sends in one case takes effect in the order in which it was sent, one lane apart from another.

A message waits until all before it in its lane are done. Where one cannot take effect it is parked, and its lane
waits with it; every other lane goes on. It gets out by having its effect after all (its cause is mended), by another
message of its sender that takes its place, or by being rejected. Pure: what is stored is given and taken as values.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from portability.services.exchange.model.messages import ReceivedMessage
from portability.services.exchange.model.set_aside import QuarantineState
from portability.services.exchange.model.statuses import BusinessStatus
from portability.services.values import value

__all__ = ["OUT_OF_LINE", "LaneEntry", "LaneEntryState", "LaneInHand", "LaneStanding", "business_of"]


OUT_OF_LINE: Final = 256
"""Entries of one lane that are parked or take the place of another; more are refused for good."""


class LaneEntryState(StrEnum):
    """Why a message is on the list of its lane; those that took effect in their turn are on no list."""

    HELD = "held"  # one before it is not done yet
    PARKED = "parked"  # it could not take effect; its lane waits for a person
    DONE = "done"  # nothing is left to do when its turn comes: it took the place of another, or was erased


@value
class LaneEntry:
    """A message that did not take effect in its turn."""

    case_seq: int
    message_id: UUID
    state: LaneEntryState
    since: datetime  # when its number came; a try that fails does not begin the time anew
    replaces: UUID | None = None  # the message that it takes the place of, once that one is parked


@value
class LaneStanding:
    """Where a lane stands: all before `next_seq` is done; `entries` are at or after it, in order.

    A lane in which much waits is in hand in part: what was asked for, what is parked or takes a place, and all before
    `known_to` (None: all there is).
    """

    next_seq: int = 1
    entries: tuple[LaneEntry, ...] = ()
    known_to: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing waits in it."""
        return not self.entries


def business_of(
    message: ReceivedMessage, standing: LaneStanding, set_aside: Sequence[QuarantineState]
) -> BusinessStatus | None:
    """What we have made of a message that we hold; `set_aside`: what has become of its quarantine entries."""
    in_line = [entry for entry in standing.entries if entry.state is not LaneEntryState.DONE]
    waiting = {entry.message_id: entry.state for entry in in_line}.get(message.message_id)
    if waiting is LaneEntryState.PARKED:
        return BusinessStatus.PARKED
    if waiting is LaneEntryState.HELD:
        return BusinessStatus.HELD
    if QuarantineState.REJECTED in set_aside or QuarantineState.REPLACED in set_aside:
        return BusinessStatus.REJECTED
    return BusinessStatus.PARKED if QuarantineState.OPEN in set_aside else BusinessStatus.ACCEPTED


class LaneInHand:
    """One lane while messages arrive in it and take effect, in one transaction."""

    __slots__ = ("_entries", "_known_to", "_next_seq", "mended", "replaced")

    def __init__(self, standing: LaneStanding) -> None:
        self._next_seq = standing.next_seq
        self._entries = {entry.case_seq: entry for entry in standing.entries}
        self._known_to = standing.known_to
        self.replaced: list[UUID] = []  # messages whose place was taken by one that arrived
        self.mended: list[UUID] = []  # messages that were unusable before and have come as they should be

    @property
    def standing(self) -> LaneStanding:
        """Where it stands now."""
        self._pass_what_is_done()
        return LaneStanding(self._next_seq, tuple(self._entries[seq] for seq in sorted(self._entries)), self._known_to)

    @property
    def look_from(self) -> int | None:
        """The number from which on what waits has to be read now; None where enough of it is in hand."""
        return None if self._known_to is None or self._next_seq < self._known_to else self._next_seq

    def look(self, entries: Sequence[LaneEntry], *, known_to: int) -> None:
        """Take in hand what waits before `known_to`; what is in hand already counts."""
        self._entries = {entry.case_seq: entry for entry in entries} | self._entries
        self._known_to = known_to

    def parked(self, message_id: UUID | None) -> LaneEntry | None:
        """The entry with which a parked message waits for a person; None where it is not parked here."""
        parked = (one for one in self._entries.values() if one.state is LaneEntryState.PARKED)
        return next((one for one in parked if one.message_id == message_id), None)

    def arrive(self, message_id: UUID, *, case_seq: int, replaces: UUID | None, at: datetime) -> bool:
        """Put a new message in line; False where its number in the case was another's already.

        One that was unusable the first time, and waits for a person, may come again as it should have been.
        """
        before = self._entries.get(case_seq)
        is_mended = before is not None and before.message_id == message_id and before.state is LaneEntryState.PARKED
        if case_seq < self._next_seq or (before is not None and not is_mended):
            return False
        if is_mended:
            self.mended.append(message_id)
        entry = LaneEntry(case_seq, message_id, LaneEntryState.HELD, at, replaces)
        self._entries[case_seq] = entry
        if replaces is not None and (parked := self.parked(replaces)) is not None:
            self._give_place(parked, to=entry)
        return True

    @property
    def is_full(self) -> bool:
        """Whether as much as may be waits out of line."""
        kept = (one.state is LaneEntryState.PARKED or one.replaces is not None for one in self._entries.values())
        return sum(kept) >= OUT_OF_LINE

    def refuse(self, message_id: UUID, *, case_seq: int, at: datetime) -> None:
        """Count the number of a message as done that will never take effect."""
        if case_seq >= self._next_seq and case_seq not in self._entries:
            self.skip(LaneEntry(case_seq, message_id, LaneEntryState.HELD, at))

    def arrive_unusable(self, message_id: UUID, *, case_seq: int, at: datetime) -> None:
        """Park a message that cannot be taken in as it is; nothing where its number is another's already."""
        if case_seq >= self._next_seq and case_seq not in self._entries:
            self.park(LaneEntry(case_seq, message_id, LaneEntryState.HELD, at))

    def ready(self) -> Sequence[LaneEntry]:
        """The messages that take effect next, one after the other."""
        self._pass_what_is_done()
        run, seq = [], self._next_seq
        while (entry := self._entries.get(seq)) is not None and entry.state is not LaneEntryState.PARKED:
            if entry.state is LaneEntryState.HELD:
                run.append(entry)
            seq += 1
        return run

    def done(self, entry: LaneEntry) -> None:
        """Note that the first of `ready` has taken effect, or was rejected."""
        del self._entries[entry.case_seq]
        self._next_seq = entry.case_seq + 1

    def skip(self, entry: LaneEntry) -> None:
        """Note that one of `ready` will never take effect; those before it still have their turn first."""
        self._entries[entry.case_seq] = replace(entry, state=LaneEntryState.DONE, replaces=None)

    def park(self, entry: LaneEntry) -> None:
        """Note that the first of `ready` could not take effect; one that came to take its place has its turn."""
        parked = replace(entry, state=LaneEntryState.PARKED)
        self._entries[entry.case_seq] = parked
        others = (one for one in self._entries.values() if one.case_seq != entry.case_seq)
        waiting = [one for one in others if one.replaces == entry.message_id]
        if waiting:
            self._give_place(parked, to=min(waiting, key=lambda one: one.case_seq))

    def pass_over(self, last: int) -> None:
        """Wait no more for the numbers up to `last`, of which none is here; what comes under one has no turn."""
        self._next_seq = last + 1

    def reject(self, message_id: UUID) -> None:
        """Pass a parked message; what waits behind it is next. Nothing where it is not parked here."""
        if parked := self.parked(message_id):
            self.skip(parked)

    def unpark(self, message_id: UUID) -> None:
        """Let a parked message try again. Nothing where it is not parked here."""
        if parked := self.parked(message_id):
            self._entries[parked.case_seq] = replace(parked, state=LaneEntryState.HELD)

    def _give_place(self, parked: LaneEntry, *, to: LaneEntry) -> None:
        """Put one message in the place of another; its own number counts as done.

        It has its place then and asks for no other: messages that name each other in a ring come to an end.
        """
        self.replaced.append(parked.message_id)
        self._entries[to.case_seq] = replace(to, state=LaneEntryState.DONE, replaces=None)
        self._entries[parked.case_seq] = LaneEntry(parked.case_seq, to.message_id, LaneEntryState.HELD, parked.since)

    def _pass_what_is_done(self) -> None:
        while (entry := self._entries.get(self._next_seq)) is not None and entry.state is LaneEntryState.DONE:
            del self._entries[self._next_seq]
            self._next_seq += 1
