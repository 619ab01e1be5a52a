"""What a person does with what was set aside: look at it, let it try again, or reject it. Each act goes into the log.

A message that could not take effect is parked at the head of its lane. It gets on by `replay` once its cause is mended
here, by a message of its sender that takes its place, or by `reject`; what waits behind it then has its turn.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portability.agreements.errors import CaseStateError, InputError, NotFoundError
from portability.services.exchange.business_status import Decided, status_messages
from portability.services.exchange.envelope import REASON_LENGTH
from portability.services.exchange.model import (
    BusinessStatus,
    InboxMessage,
    InstitutionId,
    Lane,
    QuarantineEntry,
    QuarantineState,
)
from portability.services.exchange.node import inbox_topic
from portability.services.exchange.outgoing import post
from portability.services.exchange.ports import ExchangeWork, MessageEffects, NewId
from portability.services.exchange.setting_aside import SettingAside
from portability.services.exchange.taking_effect import TakingEffect
from portability.services.log_entry import LogEntryKind, entry_of

__all__ = ["Clerk", "LaneView", "Released", "reject_quarantined", "replay_quarantined", "show_quarantined"]


@dataclass(frozen=True, slots=True)
class Clerk:
    """Who acts, where, when, and what messages do there."""

    name: str
    me: InstitutionId
    effects: MessageEffects
    new_id: NewId
    at: datetime


@dataclass(frozen=True, slots=True)
class LaneView:
    """An entry, and what waits behind it."""

    entry: QuarantineEntry
    waiting: int  # messages of its lane that wait for it
    can_replay: bool


@dataclass(frozen=True, slots=True)
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
    standing = (await work.lanes.load([lane]))[lane]
    is_parked = any(one.message_id == entry.message_id for one in standing.entries)
    waiting = len(standing.entries) - 1 if is_parked else 0
    return LaneView(entry, waiting, can_replay=is_parked and await _message(entry, work) is not None)


async def replay_quarantined(entry_id: UUID, *, work: ExchangeWork, clerk: Clerk) -> Released:
    """Let a parked message try again, and what waits behind it follow.

    Raises NotFoundError, and CaseStateError where it is closed already or cannot be tried: what did not verify has to
    come again from its sender. Where it fails again it stays parked, and the entry stays open.
    """
    entry, effect, lane = await _in_hand(entry_id, work, clerk)
    held = await _message(entry, work)
    if held is None:
        raise CaseStateError(
            f"Entry {entry_id} holds nothing that could take effect: its sender sends another message in its place, or "
            "you reject it.",
            state=entry.state,
            allowed_actions=("reject",),
        )
    effect.lane(lane).unpark(at=clerk.at)
    await effect.run([], work)
    if all(one.message.key != held.message.key for one in effect.parked):
        await work.desk.close([held.message.key], QuarantineState.APPLIED, at=clerk.at, by=clerk.name)
    await _tell(effect.decided, f"replay {entry_id}", work, clerk)
    return await _released(entry, effect, lane, work, clerk)


async def reject_quarantined(entry_id: UUID, *, reasons: Sequence[str], work: ExchangeWork, clerk: Clerk) -> Released:
    """Refuse a parked message for good, tell its sender why, and let what waits behind it go on.

    Raises InputError without a reason, NotFoundError, and CaseStateError where the entry is closed already.
    """
    if not reasons or any(not 0 < len(reason) <= REASON_LENGTH for reason in reasons):
        raise InputError(f"Say why, in 1 to {REASON_LENGTH} characters: the sender reads it.", field="reasons")
    entry, effect, lane = await _in_hand(entry_id, work, clerk)
    held = await _message(entry, work)
    rejected = effect.lane(lane).reject()
    await effect.run([], work)
    await work.desk.close([(entry.sender, rejected.message_id)], QuarantineState.REJECTED, at=clerk.at, by=clerk.name)
    told: Sequence[Decided] = [(held.message, BusinessStatus.REJECTED, list(reasons))] if held else ()
    await _tell([*told, *effect.decided], f"reject {entry_id}", work, clerk)
    return await _released(entry, effect, lane, work, clerk)


async def _in_hand(entry_id: UUID, work: ExchangeWork, clerk: Clerk) -> tuple[QuarantineEntry, TakingEffect, Lane]:
    """The entry with its lane locked; CaseStateError where the lane does not wait for it."""
    entry = await _entry(entry_id, work)
    lane = _lane_of(entry)
    if entry.state is not QuarantineState.OPEN or lane is None:
        what = f"closed ({entry.state})" if lane else "a whole bundle, which belongs to no case"
        raise CaseStateError(f"Entry {entry_id} is {what}: nothing waits for it.", state=entry.state)
    effect = await TakingEffect.of([lane], work, clerk.effects, at=clerk.at)
    parked = effect.lane(lane).parked
    if parked is None or parked.message_id != entry.message_id:
        raise CaseStateError(f"Entry {entry_id} is not what its case waits for.", state=entry.state)
    return entry, effect, lane


async def _tell(decided: Sequence[Decided], act: str, work: ExchangeWork, clerk: Clerk) -> None:
    """The senders by a message, and the log by a hash of who did what when."""
    statuses = status_messages(decided, new_id=clerk.new_id, at=clerk.at)
    await post(statuses, outbox=work.outbox, me=clerk.me, at=clerk.at)
    said = json.dumps({"act": act, "by": clerk.name, "at": clerk.at.isoformat()}, sort_keys=True).encode()
    await work.log.append([entry_of(LogEntryKind.ADMINISTRATION, said, at=clerk.at)])


async def _released(
    entry: QuarantineEntry, effect: TakingEffect, lane: Lane, work: ExchangeWork, clerk: Clerk
) -> Released:
    """What came of it; a message behind it that could not take effect either is set aside in its turn."""
    aside = SettingAside(clerk.new_id, at=clerk.at)
    for outcome in effect.parked:
        held = await work.inbox.find(*outcome.message.key)
        if held is not None and held.message.message_id != entry.message_id:
            aside.held(held, code=outcome.code, reason=outcome.reason, topic=inbox_topic(clerk.me))
    await work.quarantine.add(aside.messages)
    applied = sum(one.status is BusinessStatus.ACCEPTED for one in effect.outcomes)
    now = await work.desk.find(entry.entry_id)
    return Released(now or entry, applied, len(effect.lane(lane).standing.entries))


async def _entry(entry_id: UUID, work: ExchangeWork) -> QuarantineEntry:
    entry = await work.desk.find(entry_id)
    if entry is None:
        raise NotFoundError(f"Nothing was set aside as {entry_id}: `portability quarantine list` shows what was.")
    return entry


async def _message(entry: QuarantineEntry, work: ExchangeWork) -> InboxMessage | None:
    """The message as the inbox holds it; None where it never got in, or was erased."""
    if entry.message_id is None:
        return None
    found = await work.held.find_many([(entry.sender, entry.message_id)])
    return found[0] if found else None


def _lane_of(entry: QuarantineEntry) -> Lane | None:
    return (entry.sender, entry.case_id) if entry.case_id and entry.message_id else None
