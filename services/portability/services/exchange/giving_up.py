"""A number of a case that does not come, though its sender never says that it is void: asked for, or given up.

A person who gives it up lets its lane go on behind it, for good: what comes under it after all is refused. Its sender
is told, signed, by the number in the case, which is all that is known of the message.
"""

from collections.abc import Sequence
from uuid import UUID

from portability.agreements.errors import CaseStateError, NotFoundError
from portability.services.acts import Act
from portability.services.exchange.asking import resend_requests
from portability.services.exchange.business_status import given_up_message, status_messages
from portability.services.exchange.envelope import REASONS
from portability.services.exchange.mapping.wire import encode_statuses
from portability.services.exchange.model.messages import Lane
from portability.services.exchange.model.set_aside import QuarantineEntry, QuarantineState
from portability.services.exchange.model.statuses import BusinessStatus, StatusEntry
from portability.services.exchange.model.waiting import GivenUp, WaitingLane
from portability.services.exchange.node import ExchangeNode, inbox_topic
from portability.services.exchange.outgoing import post
from portability.services.exchange.ports.work import ExchangeWork
from portability.services.exchange.quarantine import Clerk, Released, check_reasons, released_lane, tell
from portability.services.exchange.streams import RESEND_RANGES, SequenceRange
from portability.services.exchange.taking_effect import TakingEffect

__all__ = ["GIVEN_UP", "ask_for_missing", "give_up", "no_such_lane", "refuse_what_came_late"]

GIVEN_UP = "NUMBER_GIVEN_UP"
AT_ONCE = 100


def no_such_lane(case_id: UUID) -> NotFoundError:
    """What is said where nothing is missing, and to whoever may not see the case."""
    return NotFoundError(
        f"Nothing of this sender is missing in case {case_id}: `portability quarantine waiting` says where."
    )


async def ask_for_missing(lane: Lane, *, work: ExchangeWork, clerk: Clerk) -> tuple[SequenceRange, int]:
    """Ask the sender of a lane once more for what is missing in it; what that is, and for how many numbers.

    The header of what is missing is not known: it is among the numbers that its stream lacks between what came before
    and after it in the case. For none where the stream lacks nothing there. Raises NotFoundError.
    """
    missing = await _missing(lane, work)
    sender, case_id = lane
    span = await work.lanes_waiting.among(lane, missing)
    gaps: list[SequenceRange] = []
    if span is not None:
        came = await work.gaps.arrivals(sender, after=span.first - 1, limit=RESEND_RANGES)
        gaps = [SequenceRange(one.first, min(one.last, span.last)) for one in came.missing if one.first <= span.last]
    about = f"{missing.first}-{missing.last}"
    await post(resend_requests(sender, gaps, clerk.new_id), outbox=work.outbox, me=clerk.me, at=clerk.at)
    await work.acts.add(Act(clerk.new_id(), case_id, clerk.at, clerk.name, "lane.ask", about))
    return missing, sum(len(one) for one in gaps)


async def give_up(
    lane: Lane, missing: SequenceRange, *, reasons: Sequence[str], work: ExchangeWork, clerk: Clerk
) -> Released:
    """Wait no more for numbers of a lane: tell its sender why, and let what waits behind them go on.

    Raises InputError without a reason, NotFoundError where nothing is missing, and CaseStateError where something else
    is: some of it has come meanwhile.
    """
    check_reasons(reasons)
    sender, case_id = lane
    effect = await TakingEffect.of({lane: ()}, work, clerk.effects, at=clerk.at)
    # Under the lock of the lane: what comes now waits until this is done, and has no turn then.
    now = await _missing(lane, work)
    if now != missing:
        raise CaseStateError(
            f"Missing in case {case_id} of {sender} is {now.first} to {now.last} now, not {missing.first} to "
            f"{missing.last}: look again before you give it up.",
            state="changed",
        )
    given_up = GivenUp(sender, case_id, missing, clerk.new_id(), _told(missing, reasons), clerk.at)
    entry = _entry(given_up, clerk)
    await work.quarantine.add([entry])
    await work.given_up.add(given_up)
    effect.lane(lane).pass_over(missing.last)
    await effect.run([], work)
    await post([given_up_message(given_up, new_id=clerk.new_id)], outbox=work.outbox, me=clerk.me, at=clerk.at)
    act = Act(
        clerk.new_id(), case_id, clerk.at, clerk.name, "lane.give_up", str(entry.entry_id), "; ".join(given_up.reasons)
    )
    await tell([*effect.decided, *await effect.tell_replaced(work)], act, work, clerk)
    return await released_lane(entry, lane, effect, work, clerk)


async def refuse_what_came_late(node: ExchangeNode) -> int:
    """Close what was set aside because its number had been given up, and tell its sender so; return how many."""
    at = node.clock.now()
    async with node.unit_of_work() as work:
        came = await work.given_up.came(limit=AT_ONCE)
        for entry_id, _ in came:
            await work.desk.close_entry(entry_id, QuarantineState.REJECTED, at=at, by="")
        held = await work.held.find_many([key for _, key in came]) if came else []
        reasons = [GIVEN_UP, "It came after its number in the case had been given up."]
        told = [(one.message, BusinessStatus.REJECTED, reasons) for one in held]
        await post(status_messages(told, new_id=node.new_id, at=at), outbox=work.outbox, me=node.me, at=at)
    for _, (sender, message_id) in came:
        node.observer.happened("came_too_late", sender=sender, message_id=str(message_id), code=GIVEN_UP)
    return len(came)


async def _missing(lane: Lane, work: ExchangeWork) -> SequenceRange:
    found: WaitingLane | None = await work.lanes_waiting.find(lane)
    if found is None or found.missing is None:
        raise no_such_lane(lane[1])
    return found.missing


def _told(missing: SequenceRange, reasons: Sequence[str]) -> tuple[str, ...]:
    which = f"Numbers {missing.first} to {missing.last} of the case have not come and are waited for no more."
    return (GIVEN_UP, which, *reasons)[:REASONS]


def _entry(given_up: GivenUp, clerk: Clerk) -> QuarantineEntry:
    """Who has given up what, beside what else was rejected; its content is what the sender is told."""
    numbers, at = given_up.numbers, given_up.at
    said = StatusEntry(numbers.first, numbers.last, BusinessStatus.REJECTED, given_up.reasons, at, given_up.case_id)
    return QuarantineEntry(
        entry_id=given_up.entry_id,
        reason_code=GIVEN_UP,
        reason="; ".join(given_up.reasons[1:]),
        topic=f"{inbox_topic(clerk.me)} from {given_up.sender} in {given_up.case_id}",
        partition=0,
        offset=numbers.first,
        value=encode_statuses([said]),
        set_aside_at=at,
        sender=given_up.sender,
        case_id=given_up.case_id,
        state=QuarantineState.REJECTED,
        closed_at=at,
        closed_by=clerk.name,
        scope=given_up.case_id,
    )
