"""Lanes: what one sender sends in one case takes effect in the order in which it was sent, one lane apart from another.

A message waits until all before it in its lane are done. Where one cannot take effect it is parked, and its lane
waits with it; every other lane goes on. It gets out by having its effect after all (its cause is mended), by another
message of its sender that takes its place, or by being rejected. Pure: what is stored is given and taken as values.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portability.services.exchange.model import BusinessStatus, QuarantineState, ReceivedMessage

__all__ = ["LaneEntry", "LaneEntryState", "LaneInHand", "LaneStanding", "business_of"]


class LaneEntryState(StrEnum):
    """Why a message is on the list of its lane; those that took effect in their turn are on no list."""

    HELD = "held"  # one before it is not done yet
    PARKED = "parked"  # it could not take effect; its lane waits for a person
    DONE = "done"  # nothing is left to do when its turn comes: it took the place of another, or was erased


@dataclass(frozen=True, slots=True)
class LaneEntry:
    """A message that did not take effect in its turn."""

    case_seq: int
    message_id: UUID
    state: LaneEntryState
    since: datetime


@dataclass(frozen=True, slots=True)
class LaneStanding:
    """Where a lane stands: all before `next_seq` is done; `entries` are at or after it, in order."""

    next_seq: int = 1
    entries: tuple[LaneEntry, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether nothing waits in it."""
        return not self.entries


def business_of(
    message: ReceivedMessage, standing: LaneStanding, set_aside: Sequence[QuarantineState]
) -> BusinessStatus | None:
    """What we have made of a message that we hold; `set_aside`: what has become of its quarantine entries."""
    waiting = {entry.message_id: entry.state for entry in standing.entries}.get(message.message_id)
    if waiting is LaneEntryState.PARKED:
        return BusinessStatus.PARKED
    if waiting is LaneEntryState.HELD:
        return BusinessStatus.HELD
    if QuarantineState.REJECTED in set_aside or QuarantineState.REPLACED in set_aside:
        return BusinessStatus.REJECTED
    return BusinessStatus.PARKED if QuarantineState.OPEN in set_aside else BusinessStatus.ACCEPTED


class LaneInHand:
    """One lane while messages arrive in it and take effect, in one transaction."""

    def __init__(self, standing: LaneStanding) -> None:
        self._next_seq = standing.next_seq
        self._entries = {entry.case_seq: entry for entry in standing.entries}
        self.replaced: list[UUID] = []  # messages whose place was taken by one that arrived

    @property
    def standing(self) -> LaneStanding:
        """Where it stands now."""
        self._pass_what_is_done()
        return LaneStanding(self._next_seq, tuple(self._entries[seq] for seq in sorted(self._entries)))

    @property
    def parked(self) -> LaneEntry | None:
        """The message that the lane waits for a person with."""
        return next((one for one in self._entries.values() if one.state is LaneEntryState.PARKED), None)

    def arrive(self, message_id: UUID, *, case_seq: int, replaces: UUID | None, at: datetime) -> bool:
        """Put a new message in line; False where its number in the case was another's already."""
        if case_seq < self._next_seq or case_seq in self._entries:
            return False
        taken = self.parked
        if replaces is not None and taken is not None and taken.message_id == replaces:
            self._entries[case_seq] = LaneEntry(case_seq, message_id, LaneEntryState.DONE, at)
            self._entries[taken.case_seq] = LaneEntry(taken.case_seq, message_id, LaneEntryState.HELD, at)
            self.replaced.append(replaces)
        else:
            self._entries[case_seq] = LaneEntry(case_seq, message_id, LaneEntryState.HELD, at)
        return True

    def arrive_unusable(self, message_id: UUID, *, case_seq: int, at: datetime) -> None:
        """Park a message that cannot be taken in as it is; nothing where its number is another's already."""
        if case_seq >= self._next_seq and case_seq not in self._entries:
            self._entries[case_seq] = LaneEntry(case_seq, message_id, LaneEntryState.PARKED, at)

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
        self._entries[entry.case_seq] = replace(entry, state=LaneEntryState.DONE)

    def park(self, entry: LaneEntry, *, at: datetime) -> None:
        """Note that the first of `ready` could not take effect."""
        self._entries[entry.case_seq] = replace(entry, state=LaneEntryState.PARKED, since=at)

    def reject(self) -> LaneEntry:
        """Pass the parked message; what waits behind it is next. Raises LookupError where none is parked."""
        parked = self.parked
        if parked is None:
            raise LookupError("nothing is parked in this lane")
        self._entries[parked.case_seq] = replace(parked, state=LaneEntryState.DONE)
        return parked

    def unpark(self, *, at: datetime) -> LaneEntry | None:
        """Let the parked message try again; None where none is parked."""
        parked = self.parked
        if parked is None:
            return None
        held = replace(parked, state=LaneEntryState.HELD, since=at)
        self._entries[parked.case_seq] = held
        return held

    def _pass_what_is_done(self) -> None:
        while (entry := self._entries.get(self._next_seq)) is not None and entry.state is LaneEntryState.DONE:
            del self._entries[self._next_seq]
            self._next_seq += 1
