"""Letting messages take effect, lane by lane, in the transaction that takes them in or lets them go on.

What cannot take effect is parked with its lane; what waits behind it is held; every other lane goes on. What nothing
can make right is rejected at once, and its lane goes on too.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from portability.agreements.errors import GatewayError, PortabilityError, RefusedContentError
from portability.services.exchange.business_status import Decided
from portability.services.exchange.lanes import LaneEntry, LaneInHand
from portability.services.exchange.model.messages import Lane, MessageKey, ReceivedMessage
from portability.services.exchange.model.set_aside import QuarantineState
from portability.services.exchange.model.statuses import BusinessStatus, Unchecked
from portability.services.exchange.ports.work import ExchangeWork, MessageEffects
from portability.services.values import value

__all__ = ["EFFECT_FAILED", "KEPT_AS", "Outcome", "TakingEffect"]

EFFECT_FAILED: Final = "EFFECT_FAILED"
REPLACED: Final = "REPLACED"
KEPT_AS: Final = {BusinessStatus.PARKED: QuarantineState.OPEN, BusinessStatus.REJECTED: QuarantineState.REJECTED}
"""As what a message without effect is kept beside the others: to be decided about, or closed already."""
AT_ONCE: Final = 256
"""Messages read and tried together; a lane that was held for long is let go in parts of so many."""


@value
class Outcome:
    """What has become of one message; `code` and `reason` say why it is parked, or accepted blind."""

    message: ReceivedMessage
    status: BusinessStatus
    code: str = ""
    reason: str = ""


@value
class _Turn:
    lane: Lane
    entry: LaneEntry
    message: ReceivedMessage


class TakingEffect:
    """Lanes in hand during one transaction. Put messages in line with `arrive`, then `run`."""

    def __init__(self, lanes: dict[Lane, LaneInHand], effects: MessageEffects, *, at: datetime) -> None:
        self._lanes = lanes
        self._effects = effects
        self._at = at
        self._unchecked: dict[MessageKey, Unchecked] = {}
        self.outcomes: list[Outcome] = []
        self.rejected: list[Outcome] = []  # those among them that nothing can make right: no person decides about them

    @classmethod
    async def of(
        cls, lanes: Mapping[Lane, Collection[int]], work: ExchangeWork, effects: MessageEffects, *, at: datetime
    ) -> "TakingEffect":
        """Lock lanes and take them in hand, with what waits at the numbers that arrive in each."""
        standings = await work.lanes.load(lanes) if lanes else {}
        return cls({lane: LaneInHand(standing) for lane, standing in standings.items()}, effects, at=at)

    def arrive(self, message: ReceivedMessage) -> bool:
        """Put a new message in line; False where its number in the case was another's already."""
        return self._lanes[message.lane].arrive(
            message.message_id, case_seq=message.case_seq, replaces=message.replaces, at=self._at
        )

    def refuse(self, message: ReceivedMessage, *, code: str, reason: str) -> None:
        """Let the lane of a message pass it: it will never take effect."""
        self._lanes[message.lane].refuse(message.message_id, case_seq=message.case_seq, at=self._at)
        self.outcomes.append(Outcome(message, BusinessStatus.REJECTED, code, reason))

    @property
    def mended(self) -> Sequence[MessageKey]:
        """Messages that have come as they should be after they had been set aside."""
        return [(lane[0], message_id) for lane, one in self._lanes.items() for message_id in one.mended]

    @property
    def parked(self) -> Sequence[Outcome]:
        """What could not take effect."""
        return [one for one in self.outcomes if one.status is BusinessStatus.PARKED]

    @property
    def replaced(self) -> Sequence[MessageKey]:
        """Messages whose place was taken."""
        return [(lane[0], message_id) for lane, one in self._lanes.items() for message_id in one.replaced]

    @property
    def decided(self) -> Sequence[Decided]:
        """What to tell the senders; of a message that was replaced, what `tell_replaced` says."""
        gone = set(self.replaced)
        kept = [one for one in self.outcomes if one.message.key not in gone] if gone else self.outcomes
        return [(one.message, one.status, [one.code, one.reason] if one.code else []) for one in kept]

    async def tell_replaced(self, work: ExchangeWork) -> Sequence[Decided]:
        """What to tell the senders of messages whose place was taken; the unusable ones are not in the inbox."""
        gone = await work.held.find_many(self.replaced) if self.replaced else []
        return [(one.message, BusinessStatus.REJECTED, [REPLACED, "Another message took its place."]) for one in gone]

    def lane(self, lane: Lane) -> LaneInHand:
        """One of the lanes in hand."""
        return self._lanes[lane]

    async def run(self, arrived: Iterable[ReceivedMessage], work: ExchangeWork) -> None:
        """Let all that is ready take effect, those that arrived now and those held before; keep where lanes stand."""
        at_hand = {message.key: message for message in arrived}
        at_once = max(AT_ONCE, len(at_hand))
        while (ready := self._ready(at_once=at_once)) or await self._look_ahead(work):
            await self._apply(await self._turns(ready, at_hand, work), set(), work)
        self._note_held(at_hand)
        await work.lanes.save({lane: one.standing for lane, one in self._lanes.items()})
        if self._unchecked:
            await work.accepted_blind.add(self._unchecked)

    async def _look_ahead(self, work: ExchangeWork) -> bool:
        """Read on where all that was read of a lane is done; whether there was such a lane."""
        wanted = {lane: seq for lane, one in self._lanes.items() if (seq := one.look_from) is not None}
        found = await work.lanes.ahead(wanted, limit=AT_ONCE) if wanted else {}
        for lane, seq in wanted.items():
            self._lanes[lane].look(found.get(lane, ()), known_to=seq + AT_ONCE)
        return bool(wanted)

    def _ready(self, *, at_once: int) -> Sequence[tuple[Lane, LaneEntry]]:
        """What takes effect next, in the order of the lanes."""
        ready = [(lane, entry) for lane, one in self._lanes.items() for entry in one.ready()]
        return ready[:at_once]

    async def _turns(
        self, ready: Sequence[tuple[Lane, LaneEntry]], at_hand: Mapping[MessageKey, ReceivedMessage], work: ExchangeWork
    ) -> Sequence[_Turn]:
        """The messages themselves; those held before are read from the inbox."""
        arrived = [at_hand.get((lane[0], entry.message_id)) for lane, entry in ready]
        missing = [
            (lane[0], entry.message_id) for (lane, entry), one in zip(ready, arrived, strict=True) if one is None
        ]
        found = {one.message.key: one.message for one in await work.held.find_many(missing)} if missing else {}
        turns = []
        for (lane, entry), one in zip(ready, arrived, strict=True):
            message = one or found.get((lane[0], entry.message_id))
            if message is not None:
                turns.append(_Turn(lane, entry, message))
            else:
                # Its content was erased meanwhile: there is nothing left that could take effect.
                self._lanes[lane].skip(entry)
        return turns

    async def _apply(self, turns: Sequence[_Turn], blocked: set[Lane], work: ExchangeWork) -> None:
        """Apply effects under one savepoint; where one fails, by halves, so that only its lane is parked.

        `blocked`: lanes in which one has failed among these turns; those behind it have to wait.
        """
        turns = [turn for turn in turns if turn.lane not in blocked]
        failure = await self._try(turns, work)
        if failure is None:
            for turn in turns:
                self._lanes[turn.lane].done(turn.entry)
                self.outcomes.append(self._accepted(turn.message))
        elif len(turns) > 1:
            middle = len(turns) // 2
            await self._apply(turns[:middle], blocked, work)
            await self._apply(turns[middle:], blocked, work)
        else:
            (turn,) = turns
            if isinstance(failure, RefusedContentError):
                self._lanes[turn.lane].done(turn.entry)
                refused = Outcome(turn.message, BusinessStatus.REJECTED, failure.code, failure.message)
                self.rejected.append(refused)
                self.outcomes.append(refused)
                return
            blocked.add(turn.lane)
            self._lanes[turn.lane].park(turn.entry)
            self.outcomes.append(_parked(turn.message, failure))

    async def _try(self, turns: Sequence[_Turn], work: ExchangeWork) -> Exception | None:
        if not turns:
            return None
        unchecked: dict[MessageKey, Unchecked] = {}
        try:
            async with work.savepoint():
                for turn in turns:
                    if (one := await self._effects.apply(turn.message, work)) is not None:
                        unchecked[turn.message.key] = one
        except Exception as error:
            if isinstance(error, GatewayError) and error.retryable:
                raise
            return error
        self._unchecked |= unchecked
        return None

    def _accepted(self, message: ReceivedMessage) -> Outcome:
        if self._unchecked and (unchecked := self._unchecked.get(message.key)):
            return Outcome(message, BusinessStatus.ACCEPTED_BLIND, unchecked.code, unchecked.reason)
        return Outcome(message, BusinessStatus.ACCEPTED)

    def _note_held(self, at_hand: Mapping[MessageKey, ReceivedMessage]) -> None:
        decided = {one.message.message_id for one in self.outcomes}
        for message in at_hand.values():
            if message.message_id not in decided:
                self.outcomes.append(Outcome(message, BusinessStatus.HELD))


def _parked(message: ReceivedMessage, failure: Exception) -> Outcome:
    if isinstance(failure, PortabilityError):
        return Outcome(message, BusinessStatus.PARKED, failure.code, failure.message)
    # The text of an unknown error may hold anything, so only its type is told.
    reason = f"Its effect failed: {type(failure).__name__}."
    return Outcome(message, BusinessStatus.PARKED, EFFECT_FAILED, reason)
