"""Where a case is, who holds it, what comes next and what the worker can do: facts turned into sentences to say.

A `Phrase` is a key of the message catalogue with values; words.py says it in a language. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from fractions import Fraction

from portability.agreements.careers import AnswerStatus
from portability.agreements.periods import Duration
from portability.agreements.values import Citation, Money, StateCode
from portability.services.access import Role
from portability.services.workers.remembered import RememberedDay
from portability.services.workers.views import (
    AwardAmount,
    CareerInCountry,
    CareerPeriod,
    CaseStep,
    CaseView,
    DecisionView,
    Due,
    Outcome,
    SeenBy,
    StepKind,
    WhyStep,
)

__all__ = [
    "Phrase",
    "SaidStep",
    "Value",
    "WhyLine",
    "award_phrase",
    "career_phrase",
    "case_has_late_step",
    "decision_phrases",
    "evidence_phrases",
    "explained",
    "next_phrases",
    "said_due",
    "said_steps",
    "seen_phrases",
    "timeline",
    "where_phrase",
    "why_lines",
    "you_can_phrases",
]

Value = str | int | date | datetime | time | RememberedDay | Money | Duration | Fraction | Sequence[str]


@dataclass(frozen=True, slots=True)
class Phrase:
    """One sentence to say: its key, what fills it, and the number that decides on singular or plural."""

    key: str
    values: Mapping[str, Value] = field(default_factory=dict)
    count: int | None = None


@dataclass(frozen=True, slots=True)
class SaidStep:
    """A step with its sentences; `due` is None where it is done."""

    step: CaseStep
    what: Phrase
    due: Phrase | None
    late: bool


class _Pace(StrEnum):
    RUNNING = "running"
    LATE_BY_LAW = "late_by_law"
    LATE_BY_AIM = "late_by_aim"


def where_phrase(case: CaseView) -> Phrase:
    """The status line: the earliest thing that still holds the case up, and with whom."""
    if case.closed_on is not None:
        return Phrase("where.closed", {"day": case.closed_on})
    for kind in StepKind:
        holders = [step.holder.name for step in _open(case) if step.kind is kind]
        if holders:
            return Phrase(f"where.{kind}", {"institutions": _unique(holders)}, count=len(_unique(holders)))
    return Phrase("where.between", {"institution": case.contact_institution.name})


def said_steps(case: CaseView, *, today: date) -> tuple[SaidStep, ...]:
    """Every step with what is done, by whom, since when and until when."""
    return tuple(_said(step, today=today) for step in case.steps)


def case_has_late_step(case: CaseView, *, today: date) -> bool:
    """True where an open step is past its legal date or past the day on which it was expected."""
    return any(_pace(step.due, today=today) is not _Pace.RUNNING for step in _open(case))


def said_due(due: Due | None, *, today: date) -> tuple[Phrase, bool]:
    """Until when something that is open is to be done, and whether that day has passed."""
    pace = _pace(due, today=today)
    return _due_phrase(due, pace), pace is not _Pace.RUNNING


def next_phrases(case: CaseView) -> tuple[Phrase, ...]:
    """What comes after the earliest step that is open, in order; nothing more for a closed case."""
    if case.closed_on is not None:
        return ()
    order = list(StepKind)
    running = {step.kind for step in _open(case)}
    reached = min(map(order.index, running), default=max((order.index(step.kind) for step in case.steps), default=0))
    ahead = [kind for kind in order[reached + 1 :] if kind not in running and kind is not StepKind.IDENTIFY]
    return tuple(Phrase(f"next.{kind}", {"institution": case.contact_institution.name}) for kind in ahead)


def timeline(case: CaseView, *, today: date) -> tuple[SaidStep, ...]:
    """What is done in the order in which it was done, then what is open in the order in which it began."""
    return tuple(
        sorted(
            said_steps(case, today=today),
            key=lambda said: (said.step.done_at is None, said.step.done_at or said.step.since),
        )
    )


def you_can_phrases(case: CaseView, *, today: date) -> tuple[Phrase, ...]:
    """What she can do now; there is always something, if only to ask."""
    contact = {"institution": case.contact_institution.name, "reference": case.reference}
    if case.closed_on is not None:
        return (Phrase("you_can.review"), Phrase("you_can.ask", contact))
    phrases = [
        Phrase("you_can.identify", {"institution": step.holder.name})
        for step in _open(case)
        if step.kind is StepKind.IDENTIFY
    ] or [Phrase("you_can.nothing_needed")]
    late = case_has_late_step(case, today=today)
    return (*phrases, Phrase("you_can.ask_why_late" if late else "you_can.ask", contact))


def seen_phrases(seen: SeenBy) -> tuple[Phrase, Phrase]:
    """Who looked at her case, and what for."""
    if seen.by:
        who = Phrase("seen.worker", {"person": seen.by})
    elif seen.role is Role.WORKER:
        who = Phrase("seen.you")  # only what she takes with her is noted of her own
    else:
        who = Phrase(f"seen.{seen.role}", {"institution": seen.institution.name})
    return who, Phrase(f"purpose.{seen.purpose}")


def career_phrase(country: CareerInCountry) -> Phrase:
    """What is known of the time in one country."""
    if country.institution is None:
        return Phrase("career.not_asked")
    institution: dict[str, Value] = {"institution": country.institution.name}
    if country.status is AnswerStatus.NOT_ASKED:
        return Phrase("career.not_asked_yet", institution)
    day = country.asked_on if country.status is AnswerStatus.ASKED_NO_ANSWER else country.answered_on
    if day is None:
        return Phrase(f"career.{country.status}", institution)
    return Phrase(f"career.{country.status}_on", {**institution, "day": day})


def evidence_phrases(period: CareerPeriod) -> tuple[Phrase, ...]:
    """Who verified a period and when, and what stands behind it."""
    level = Phrase(f"evidence.{period.level}")
    if period.verified_by is None:
        return (level,)
    values: dict[str, Value] = {"institution": period.verified_by.name}
    if period.verified_on is None:
        return (Phrase("evidence.verified", values), level)
    return (Phrase("evidence.verified_on", {**values, "day": period.verified_on}), level)


def decision_phrases(decision: DecisionView) -> tuple[Phrase, ...]:
    """The decision in plain words: who decided what and when, what is paid, how to have it looked at again."""
    institution: dict[str, Value] = {"institution": decision.institution.name}
    first = Phrase(
        f"decision.{decision.outcome}", {**institution, "day": decision.decided_on, "person": decision.decided_by}
    )
    if decision.outcome is Outcome.REFUSED:
        reasons = tuple(Phrase(f"refusal.{reason}") for reason in decision.refusal_reasons)
        return (first, *reasons, _redress_phrase(decision))
    paid = tuple(phrase for award in decision.amounts for phrase in _award_phrases(award))
    return (first, *paid, _redress_phrase(decision))


def award_phrase(award: AwardAmount) -> Phrase:
    """How much, how often, from when."""
    values: dict[str, Value] = {"money": award.amount, "start": award.start}
    if award.until is None:
        return Phrase(f"award.{award.frequency}", values)
    return Phrase(f"award.{award.frequency}_until", {**values, "last": _day_before(award.until)})


@dataclass(frozen=True, slots=True)
class WhyLine:
    """One step of the explanation of an institution of `country`; `english` stands where it cannot be told anew."""

    rule: str
    values: tuple[tuple[str, str], ...]
    country: StateCode
    english: str
    citation: Citation | None
    children: tuple["WhyLine", ...] = ()


def why_lines(decision: DecisionView) -> tuple[WhyLine, ...]:
    """The tree of reasons as a tree of sentences, without what does not interest a worker."""
    return explained(decision.why, country=decision.institution.state)


def explained(steps: Sequence[WhyStep], *, country: StateCode) -> tuple[WhyLine, ...]:
    """Steps of an institution of a country, as sentences."""
    return tuple(_why_lines(steps, country=country))


def _why_lines(steps: Sequence[WhyStep], *, country: StateCode) -> Iterator[WhyLine]:
    for step in steps:
        children = tuple(_why_lines(step.children, country=country))
        if step.what:
            yield WhyLine(step.rule, step.values, country, step.what, step.citation, children)
        else:
            yield from children


def _said(step: CaseStep, *, today: date) -> SaidStep:
    values: dict[str, Value] = {"institution": step.holder.name, "since": step.since}
    if step.done_at is not None:
        return SaidStep(step, Phrase(f"done.{step.kind}", {**values, "done": step.done_at}), None, late=False)
    due, late = said_due(step.due, today=today)
    return SaidStep(step, Phrase(f"open.{step.kind}", values), due, late)


def _due_phrase(due: Due | None, pace: _Pace) -> Phrase:
    if due is None:
        return Phrase("due.none")
    if due.by_law_on is not None:
        return Phrase("due.passed_by_law" if pace is _Pace.LATE_BY_LAW else "due.by_law", {"day": due.by_law_on})
    if due.expected_on is not None:
        law = "soon" if due.citation else "aim"
        late = "passed_" if pace is _Pace.LATE_BY_AIM else ""
        return Phrase(f"due.{late}{law}", {"day": due.expected_on})
    return Phrase("due.soon_only" if due.citation else "due.none")


def _pace(due: Due | None, *, today: date) -> _Pace:
    if due is None:
        return _Pace.RUNNING
    if due.by_law_on is not None:
        return _Pace.LATE_BY_LAW if today > due.by_law_on else _Pace.RUNNING
    return _Pace.LATE_BY_AIM if due.expected_on is not None and today > due.expected_on else _Pace.RUNNING


def _redress_phrase(decision: DecisionView) -> Phrase:
    redress = decision.redress
    if redress is None:
        return Phrase("redress.ask", {"institution": decision.institution.name})
    if redress.until is None and redress.period:
        return Phrase("redress.period", {"where": redress.where, "period": redress.period})
    if redress.until is None:
        return Phrase("redress.where", {"where": redress.where})
    return Phrase("redress.until", {"where": redress.where, "day": redress.until})


def _award_phrases(award: AwardAmount) -> tuple[Phrase, ...]:
    if not award.changed_because:
        return (award_phrase(award),)
    return (award_phrase(award), Phrase("award.changed", {"reason": award.changed_because}))


def _open(case: CaseView) -> tuple[CaseStep, ...]:
    return tuple(step for step in case.steps if step.done_at is None)


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _day_before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)
