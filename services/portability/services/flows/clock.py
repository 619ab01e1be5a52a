"""Until when, and what follows when a day has passed. Pure: the present and the holidays come in as arguments."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from portability.agreements.calendar_months import months_after
from portability.agreements.values import StateCode
from portability.services.flows.definition import PARTY, After, Deadline, Flow, State
from portability.services.flows.model import (
    DueState,
    Instance,
    InstanceKey,
    InstitutionId,
    PassedDeadline,
    Position,
    state_of,
)

__all__ = [
    "NEAR",
    "Holidays",
    "agreement_of",
    "due_on",
    "due_state",
    "ends_at",
    "holders",
    "passed_deadlines",
    "rules_of",
]

Holidays = Callable[[StateCode, date], bool]
"""Whether a day is a public holiday in a state."""

NEAR = timedelta(days=7)
_SATURDAY = 5


def due_on(after: After, *, since: date, state: StateCode, holidays: Holidays) -> date:
    """The last day of a period that began with what happened on `since` (Regulation 1182/71 Art. 3(1), (2), (4)).

    The day of the event does not count; a month ends on the same date, or on its last day; a last day that is no
    working day where the answer is due moves to the next one. The Regulation binds acts of the Union; for other
    agreements and for service standards we count alike, which is never the shorter period.
    """
    if after.working_days is not None:
        return _working_days_after(since, after.working_days, state, holidays)
    last = months_after(since, after.months) if after.months is not None else since + timedelta(days=after.days or 0)
    while not _works(last, state, holidays):
        last += timedelta(days=1)
    return last


def ends_at(day: date) -> datetime:
    """When a day is over in every time zone of the world: whoever acts on it, wherever she is, is in time."""
    return datetime.combine(day + timedelta(days=1), time(12), tzinfo=UTC)


def due_state(due: date | None, instance: Instance, rules: Iterable[Deadline], *, now: datetime) -> DueState:
    """How a step stands with its clock."""
    if due is None:
        return DueState.NONE
    effects = {rule.effect for rule in rules if rule.id in instance.passed}
    if "escalate_to_liaison" in effects:
        return DueState.ESCALATED
    if now >= ends_at(due):
        return DueState.OVERDUE
    return DueState.NEAR if now >= ends_at(due) - NEAR else DueState.RUNNING


def passed_deadlines(
    flow: Flow, position: Position, *, now: datetime, holidays: Holidays
) -> Iterator[tuple[PassedDeadline, Deadline, datetime]]:
    """Deadlines that have passed and are not noted yet, with the instant at which each did, the earliest first."""
    found = []
    for key, instance in position.instances.items():
        for rule, day in rules_of(flow, position, key, holidays=holidays):
            at = ends_at(day)
            if at <= now and rule.id not in instance.passed:
                found.append((PassedDeadline(rule.id, *key, instance.since), rule, at))
    yield from sorted(found, key=lambda one: (one[2], one[0].track, one[0].key, one[0].rule_id))


def rules_of(
    flow: Flow, position: Position, key: InstanceKey, *, holidays: Holidays
) -> Iterator[tuple[Deadline, date]]:
    """The rules that run for an instance, each with its day. What the request itself says wins for the first one."""
    instance = position.instances[key]
    state = flow.tracks[key[0]].states[instance.state]
    if state.deadline is None or not _runs(flow, position, key[0]):
        return
    awaited = holders(flow, position, key, state)
    where = state_of(awaited[0] if awaited else instance.asker)
    for index, rule in enumerate(flow.rules(state.deadline, agreement_of(position, instance.asker, awaited))):
        day = due_on(rule.after, since=instance.since.date(), state=where, holidays=holidays)
        if index == 0 and instance.due_on is not None:
            day = instance.due_on
        if instance.extended_to is not None and rule.basis == "service_standard":
            day = max(day, instance.extended_to)
        yield rule, day


def holders(flow: Flow, position: Position, key: InstanceKey, state: State) -> tuple[InstitutionId, ...]:
    """Who has to act: the institution of the instance, or all of the role that the state names."""
    if state.holder is None or not _runs(flow, position, key[0]):
        return ()
    if state.holder == PARTY:
        return (key[1].rpartition("/")[2],)
    return tuple(sorted(name for name in position.parties if position.is_one_of(name, (state.holder,))))


def agreement_of(position: Position, asker: InstitutionId, awaited: tuple[InstitutionId, ...]) -> str:
    """The agreement under which one waits for the other: that of whichever of them did not open the case."""
    for institution in (*awaited, asker):
        party = position.parties.get(institution)
        if party is not None and party.agreement_id:
            return party.agreement_id
    return ""


def _runs(flow: Flow, position: Position, track: str) -> bool:
    """Whether anybody is awaited in a track: not in a closed case, nor once what the flow is for is settled."""
    if not position.is_open:
        return flow.tracks[track].closed
    return track not in flow.own_tracks or not any(
        flow.tracks[name].states[instance.state].settles for (name, _), instance in position.instances.items()
    )


def _works(day: date, state: StateCode, holidays: Holidays) -> bool:
    """Neither a public holiday nor a Saturday or Sunday (Regulation 1182/71 Art. 2(2))."""
    return day.weekday() < _SATURDAY and not holidays(state, day)


def _working_days_after(since: date, count: int, state: StateCode, holidays: Holidays) -> date:
    day = since
    while count:
        day += timedelta(days=1)
        count -= _works(day, state, holidays)
    return day
