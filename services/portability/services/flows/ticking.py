"""The clock at work: deadlines that have passed are noted in their cases, and what follows from them is sent."""

from collections.abc import Iterator
from uuid import UUID

from portability.services.flows.clock import holders, passed_deadlines
from portability.services.flows.definition import LIAISON_BODY, Deadline, Flow
from portability.services.flows.desk import Desk, placed
from portability.services.flows.engine import position
from portability.services.flows.mapping.clock_messages import overdue_bytes, reminder_bytes
from portability.services.flows.model import (
    PASSED,
    Document,
    Instance,
    InstitutionId,
    KeptDocument,
    PassedDeadline,
    Position,
    state_of,
)
from portability.services.flows.ports import FlowParts, FlowWork

__all__ = ["CLOCK", "tick"]

CLOCK = "clock"
AT_ONCE = 50
_REMINDERS = 3


async def tick(work: FlowWork, parts: FlowParts) -> int:
    """Note what has passed in the cases that are due, and send what follows; how many cases were looked at.

    Every node notes for itself, and comes to the same: a deadline has passed at an instant that all know. Reminders
    and the question to the liaison body come from the institution that waits, and from nobody else.
    """
    now = parts.clock.now()
    case_ids = await work.standings.to_look_at(now, limit=AT_ONCE)
    for case_id in case_ids:
        await _look_at(case_id, Desk(work, parts, now))
    return len(case_ids)


async def _look_at(case_id: UUID, desk: Desk) -> None:
    case = await desk.case_for_change(case_id)
    flow = desk.flow_of(case)
    noted: list[KeptDocument] = []
    messages: list[KeptDocument] = []
    found = position(flow, case.said)
    while passed := next(passed_deadlines(flow, found, now=desk.now, holidays=desk.parts.holidays), None):
        deadline, rule, at = passed
        messages += _follow(flow, found, deadline, rule, desk=desk)
        noted.append(KeptDocument(Document(desk.parts.new_id(), PASSED, CLOCK, (), at, passed=deadline)))
        found = position(flow, (*case.said, *(one.document for one in noted)))
    case = await desk.keep(case, [*noted, *messages])
    for message in messages:
        await desk.send(case, message, position(flow, case.said))


def _follow(
    flow: Flow, found: Position, passed: PassedDeadline, rule: Deadline, *, desk: Desk
) -> Iterator[KeptDocument]:
    """What the institution that waits sends when a deadline has passed."""
    instance = found.instances[passed.track, passed.key]
    if instance.asker != desk.me or instance.by is None:
        return
    awaited = holders(flow, found, (passed.track, passed.key), flow.tracks[passed.track].states[instance.state])
    others = tuple(one for one in awaited if one != desk.me)
    if rule.effect == "remind" and others:
        yield _reminder(flow, instance, others, desk=desk)
    if rule.effect == "escalate_to_liaison":
        yield from _to_liaison(flow, found, rule, others, desk=desk)


def _reminder(flow: Flow, instance: Instance, to: tuple[InstitutionId, ...], *, desk: Desk) -> KeptDocument:
    level = min(len(instance.passed) + 1, _REMINDERS)
    due_on = instance.due_on or instance.since.date()
    document = Document(desk.parts.new_id(), "remind", desk.me, to, desk.now, in_reply_to=instance.by)
    return KeptDocument(document, flow.actions["remind"].type, reminder_bytes(instance.by, due_on, level=level))


def _to_liaison(
    flow: Flow, found: Position, rule: Deadline, awaited: tuple[InstitutionId, ...], *, desk: Desk
) -> Iterator[KeptDocument]:
    """To the liaison body of the state that is awaited; where it takes no part, to those that do."""
    bodies = [one for one, party in found.parties.items() if party.role == LIAISON_BODY and one != desk.me]
    states = {state_of(one) for one in awaited}
    own = tuple(sorted(one for one in bodies if state_of(one) in states)) or tuple(sorted(bodies))
    if own:
        # The body has not been told of the case before: it is, with who takes part and where it stands.
        document = Document(
            desk.parts.new_id(),
            "tell_liaison_body",
            desk.me,
            own,
            desk.now,
            parties=tuple(found.parties.values()),
            owner=found.owner,
            placed=placed(found),
        )
        content = overdue_bytes(rule.id, awaited)
        yield KeptDocument(document, flow.actions["tell_liaison_body"].type, content)
