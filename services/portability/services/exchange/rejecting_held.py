"""Rejecting a message that waits for what never comes: a statement whose claim was never sent, for example.

It is no entry of the quarantine while it waits, for nothing is wrong with it; the alarm `lane_waits` names it. Once
rejected, it is kept there, closed, with who did it and why, and what waits behind it has its turn.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from portability.agreements.errors import CaseStateError, NotFoundError
from portability.services.acts import Act
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.receiving import InboxMessage
from portability.services.exchange.model.set_aside import QuarantineState
from portability.services.exchange.model.statuses import BusinessStatus
from portability.services.exchange.node import inbox_topic
from portability.services.exchange.ports.work import ExchangeWork
from portability.services.exchange.quarantine import Clerk, Released, check_reasons, released_lane, tell
from portability.services.exchange.setting_aside import SettingAside
from portability.services.exchange.taking_effect import TakingEffect

__all__ = ["REJECTED_WHILE_HELD", "held_message", "no_such_held", "reject_held"]

REJECTED_WHILE_HELD = "REJECTED_WHILE_HELD"


async def held_message(sender: InstitutionId, message_id: UUID, *, work: ExchangeWork) -> InboxMessage:
    """A message that was received. Raises NotFoundError in the same words for one that was not, or was erased."""
    for found in await work.held.find_many([(sender, message_id)]):
        return found
    raise no_such_held(sender, message_id)


def no_such_held(sender: InstitutionId, message_id: UUID) -> NotFoundError:
    """What whoever may not see a message reads, as if it were not there."""
    return NotFoundError(f"{sender} has sent no message {message_id} here: take it from the alarm `lane_waits`.")


async def reject_held(
    sender: InstitutionId, message_id: UUID, *, reasons: Sequence[str], work: ExchangeWork, clerk: Clerk
) -> Released:
    """Refuse for good a message that waits, tell its sender why, and let what waits behind it go on.

    Raises InputError without a reason, NotFoundError, and CaseStateError where it does not wait: it has had its effect,
    or is parked and has an entry of its own.
    """
    check_reasons(reasons)
    held = await held_message(sender, message_id, work=work)
    lane = held.message.lane
    effect = await TakingEffect.of({lane: (held.message.case_seq,)}, work, clerk.effects, at=clerk.at)
    in_line = effect.lane(lane).held(message_id)
    if in_line is None:
        raise CaseStateError(
            f"Message {message_id} of {sender} does not wait for another one: `portability quarantine list` shows what "
            "is parked.",
            state="not held",
        )
    aside = SettingAside(clerk.new_id, at=clerk.at)
    aside.held(held, code=REJECTED_WHILE_HELD, reason="; ".join(reasons), topic=inbox_topic(clerk.me))
    (entry,) = aside.messages
    entry = replace(entry, state=QuarantineState.REJECTED, closed_at=clerk.at, closed_by=clerk.name)
    await work.quarantine.add([entry])
    effect.lane(lane).skip(in_line)
    await effect.run([], work)
    told = [(held.message, BusinessStatus.REJECTED, list(reasons)), *effect.decided, *await effect.tell_replaced(work)]
    why = "; ".join(reasons)
    act = Act(clerk.new_id(), held.message.case_id, clerk.at, clerk.name, "quarantine.reject", str(entry.entry_id), why)
    await tell(told, act, work, clerk)
    return await released_lane(entry, lane, effect, work, clerk)
