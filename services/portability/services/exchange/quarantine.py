"""What a person does with what was set aside: look at it, let it try again, or reject it. Each act goes into the log.

A message that could not take effect is parked at the head of its lane. It gets on by `replay` once its cause is mended
here, by a message of its sender that takes its place, or by `reject`; what waits behind it then has its turn.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from portability.agreements.errors import CaseStateError, InputError, NotFoundError
from portability.services.acts import OF_NO_CASE, Act
from portability.services.exchange.business_status import Decided, status_messages
from portability.services.exchange.envelope import REASON_LENGTH, Item
from portability.services.exchange.lanes import LaneInHand
from portability.services.exchange.mapping.repair import decode_resend
from portability.services.exchange.mapping.wire import encode_item
from portability.services.exchange.model.messages import InstitutionId, Lane
from portability.services.exchange.model.receiving import InboxMessage
from portability.services.exchange.model.set_aside import GAP, ID_CONFLICT, QuarantineEntry, QuarantineState
from portability.services.exchange.model.statuses import BusinessStatus
from portability.services.exchange.model.waiting import GapGivenUp
from portability.services.exchange.node import inbox_topic
from portability.services.exchange.outgoing import post
from portability.services.exchange.ports.work import ExchangeWork, MessageEffects
from portability.services.exchange.ports.world import NewId
from portability.services.exchange.setting_aside import SettingAside
from portability.services.exchange.taking_effect import KEPT_AS, TakingEffect
from portability.services.values import value

__all__ = [
    "Clerk",
    "LaneView",
    "Released",
    "check_reasons",
    "no_such_entry",
    "reject_quarantined",
    "released_lane",
    "replay_quarantined",
    "show_quarantined",
    "tell",
]


@value
class Clerk:
    """Who acts, where, when, and what messages do there."""

    name: str
    me: InstitutionId
    effects: MessageEffects
    new_id: NewId
    at: datetime


@value
class LaneView:
    """An entry, and what waits behind it."""

    entry: QuarantineEntry
    waiting: int  # messages of its lane that wait for it
    can_replay: bool


@value
class Released:
    """What came of replaying or rejecting."""

    entry: QuarantineEntry
    took_effect: int  # messages of the lane that have had their effect now
    still_waiting: int


async def show_quarantined(entry_id: UUID, *, work: ExchangeWork) -> LaneView:
    """Return an entry with its lane. Raises NotFoundError."""
    entry = await _entry(entry_id, work)
    lane = _lane_of(entry)
    if lane is None:
        return LaneView(entry, 0, can_replay=False)
    in_hand = LaneInHand((await work.lanes.load({lane: ()}))[lane])
    if not _waits_for(entry, in_hand):
        return LaneView(entry, 0, can_replay=False)
    waiting = await work.lanes.waiting(lane) - 1
    return LaneView(entry, waiting, can_replay=await _message(entry, work) is not None)


async def replay_quarantined(entry_id: UUID, *, work: ExchangeWork, clerk: Clerk) -> Released:
    """Let a parked message try again, and what waits behind it follow.

    Raises NotFoundError, and CaseStateError where it is closed already or cannot be tried: what did not verify has to
    come again from its sender. Where it fails again it stays parked, and the entry stays open with the new reason.
    """
    entry, effect = await _in_hand(entry_id, work, clerk)
    lane = _lane_of(entry)
    if lane is None or not _waits_for(entry, effect.lane(lane)):
        raise CaseStateError(
            f"No case waits for entry {entry_id}: it has no effect, and `portability quarantine reject` closes it.",
            state=entry.state,
            allowed_actions=("reject",),
        )
    held = await _message(entry, work)
    if held is None:
        raise CaseStateError(
            f"Entry {entry_id} holds nothing that could take effect: its sender sends another message in its place, or "
            "you reject it.",
            state=entry.state,
            allowed_actions=("reject",),
        )
    effect.lane(lane).unpark(held.message.message_id)
    await effect.run([], work)
    without = (*effect.parked, *effect.rejected)
    failed = next((one for one in without if one.message.key == held.message.key), None)
    if failed is not None:
        await work.desk.note_reason(entry_id, code=failed.code, reason=failed.reason)
    if failed is None or failed.status is BusinessStatus.REJECTED:
        state = QuarantineState.APPLIED if failed is None else QuarantineState.REJECTED
        await work.desk.close_entry(entry_id, state, at=clerk.at, by=clerk.name)
    decided = [*effect.decided, *await effect.tell_replaced(work)]
    await tell(decided, _act("quarantine.replay", entry, clerk), work, clerk)
    return await released_lane(entry, lane, effect, work, clerk)


async def reject_quarantined(entry_id: UUID, *, reasons: Sequence[str], work: ExchangeWork, clerk: Clerk) -> Released:
    """Refuse for good what was set aside, tell the sender of a message why, and let what waits behind it go on.

    The same closes what no case waits for, and gives up a gap of a stream. A bundle, or a message that never got in,
    was answered by its receipt.
    Raises InputError without a reason, NotFoundError, and CaseStateError where the entry is closed already.
    """
    check_reasons(reasons)
    entry, effect = await _in_hand(entry_id, work, clerk)
    held = await _message(entry, work)
    lane = _lane_of(entry)
    if lane is not None and entry.message_id is not None and _waits_for(entry, effect.lane(lane)):
        effect.lane(lane).reject(entry.message_id)
        await effect.run([], work)
    await work.desk.close_entry(entry_id, QuarantineState.REJECTED, at=clerk.at, by=clerk.name)
    if entry.reason_code == GAP:
        # What comparisons find of it, before and from now on, is settled by this and waits for nobody.
        (missing,) = decode_resend(entry.value)
        await work.given_up.add_gap(GapGivenUp(entry.sender, missing, entry_id, "; ".join(reasons)))
    told: Sequence[Decided] = [(held.message, BusinessStatus.REJECTED, list(reasons))] if held else ()
    act = _act("quarantine.reject", entry, clerk, why="; ".join(reasons))
    await tell([*told, *effect.decided, *await effect.tell_replaced(work)], act, work, clerk)
    return await released_lane(entry, lane, effect, work, clerk)


def check_reasons(reasons: Sequence[str]) -> None:
    """Raise InputError where no reason is given, or one that is longer than its sender can read."""
    if not reasons or any(not 0 < len(reason) <= REASON_LENGTH for reason in reasons):
        raise InputError(f"Say why, in 1 to {REASON_LENGTH} characters: the sender reads it.", field="reasons")


async def _in_hand(entry_id: UUID, work: ExchangeWork, clerk: Clerk) -> tuple[QuarantineEntry, TakingEffect]:
    """The entry with its lane locked, where it has one; CaseStateError where it is closed."""
    lane = _lane_of(await _entry(entry_id, work))
    effect = await TakingEffect.of({lane: ()} if lane else {}, work, clerk.effects, at=clerk.at)
    # Read again under the lock: of two clerks at once the second one finds it closed.
    entry = await _entry(entry_id, work)
    if entry.state is not QuarantineState.OPEN:
        raise CaseStateError(f"Entry {entry_id} is closed ({entry.state}): nothing waits for it.", state=entry.state)
    return entry, effect


def _waits_for(entry: QuarantineEntry, lane: LaneInHand) -> bool:
    """Whether the lane waits for a person to decide about this entry."""
    is_open = entry.state is QuarantineState.OPEN and entry.reason_code != ID_CONFLICT
    return is_open and lane.parked(entry.message_id) is not None


def _act(what: str, entry: QuarantineEntry, clerk: Clerk, *, why: str = "") -> Act:
    return Act(clerk.new_id(), entry.case_id or OF_NO_CASE, clerk.at, clerk.name, what, str(entry.entry_id), why)


async def tell(decided: Sequence[Decided], act: Act, work: ExchangeWork, clerk: Clerk) -> None:
    """The senders by a message, and the log by a commitment to who did what when and why."""
    statuses = status_messages(decided, new_id=clerk.new_id, at=clerk.at)
    await post(statuses, outbox=work.outbox, me=clerk.me, at=clerk.at)
    await work.acts.add(act)


async def released_lane(
    entry: QuarantineEntry, lane: Lane | None, effect: TakingEffect, work: ExchangeWork, clerk: Clerk
) -> Released:
    """What came of it; a message behind it that could not take effect either is set aside in its turn."""
    aside = SettingAside(clerk.new_id, at=clerk.at)
    for outcome in (*effect.parked, *effect.rejected):
        held = await work.inbox.find(*outcome.message.key)
        if held is not None and held.message.message_id != entry.message_id:
            topic, state = inbox_topic(clerk.me), KEPT_AS[outcome.status]
            aside.held(held, code=outcome.code, reason=outcome.reason, topic=topic, state=state)
    await work.quarantine.add(aside.messages)
    await work.desk.close(effect.replaced, QuarantineState.REPLACED, at=clerk.at, by="")
    taken = {BusinessStatus.ACCEPTED, BusinessStatus.ACCEPTED_BLIND}
    applied = sum(one.status in taken for one in effect.outcomes)
    now = await work.desk.find(entry.entry_id)
    return Released(now or entry, applied, await work.lanes.waiting(lane) if lane else 0)


async def _entry(entry_id: UUID, work: ExchangeWork) -> QuarantineEntry:
    entry = await work.desk.find(entry_id)
    if entry is None:
        raise no_such_entry(entry_id)
    return entry


def no_such_entry(entry_id: UUID) -> NotFoundError:
    """What whoever may not see an entry reads, as if it were not there."""
    return NotFoundError(f"Nothing was set aside as {entry_id}: `portability quarantine list` shows what was.")


async def _message(entry: QuarantineEntry, work: ExchangeWork) -> InboxMessage | None:
    """The message as the inbox holds it; None where it never got in, or was erased."""
    if entry.message_id is None:
        return None
    for held in await work.held.find_many([(entry.sender, entry.message_id)]):
        # Under the id may be another message: the first one, where two had the same.
        if encode_item(Item(held.header, held.salt, held.message.record)) == entry.value:
            return held
    return None


def _lane_of(entry: QuarantineEntry) -> Lane | None:
    return (entry.sender, entry.case_id) if entry.case_id and entry.message_id else None
