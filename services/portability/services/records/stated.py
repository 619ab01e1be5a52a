"""What institutions say of a person's time in the messages of a case, folded into what each country has answered.

A statement stands in place of the one before it, a correction changes periods of it, and who was asked and has not
answered is told as well. Of several institutions of one state the answers stand together.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from portability.agreements.careers import (
    AnswerStatus,
    CareerRecord,
    PeriodTotal,
    RecordedPeriod,
    totals_that_differ,
)
from portability.agreements.values import StateCode
from portability.services.persons.whose import StatedPerson

__all__ = ["About", "Asked", "Corrected", "Said", "SaidInCase", "Stated", "said_in_case"]

_TOLD = {AnswerStatus.KNOWN: 2, AnswerStatus.ASKED_NO_ANSWER: 1}  # of two of a state, what says more of it


@dataclass(frozen=True, slots=True)
class About:
    """Whose case it is. `person` None: her birth date is not told. `claimed_on` None: it is no claim."""

    person: StatedPerson | None
    claimed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    institution: str
    on: date


@dataclass(frozen=True, slots=True)
class Stated:
    """What an institution answers. `person`: whose account it rests on; None: it does not say."""

    institution: str
    on: date
    status: AnswerStatus
    as_of: date | None = None
    periods: tuple[RecordedPeriod, ...] = ()
    person: StatedPerson | None = None
    totals: tuple[PeriodTotal, ...] = ()  # as it counts them itself


@dataclass(frozen=True, slots=True)
class Corrected:
    """Periods by id as an institution states them now; None: it takes the period back."""

    institution: str
    on: date
    periods: tuple[tuple[str, RecordedPeriod | None], ...]


Said = About | Asked | Stated | Corrected


@dataclass(frozen=True, slots=True)
class SaidInCase:
    """What the messages of a case add up to. `whose`: on whose account the statement of an institution rests.

    `stated_by` names, by state and period id, who stated a period where several institutions of a state have answered.
    """

    careers: tuple[CareerRecord, ...] = ()  # one a state, by state
    about: About = field(default_factory=lambda: About(None))
    whose: Mapping[str, StatedPerson | None] = field(default_factory=dict)
    stated_by: Mapping[tuple[StateCode, str], str] = field(default_factory=dict)


def said_in_case(said: Iterable[Said]) -> SaidInCase:
    """What is known after these messages, which come in the order in which they had their effect."""
    answers: dict[str, CareerRecord] = {}
    whose: dict[str, StatedPerson | None] = {}
    totals: dict[str, tuple[PeriodTotal, ...]] = {}
    about = About(None)
    for one in said:
        if isinstance(one, About):
            about = About(one.person or about.person, one.claimed_on or about.claimed_on)
            continue
        known = answers.get(one.institution)
        answers[one.institution] = _after(known, one)
        if isinstance(one, Stated):
            whose[one.institution], totals[one.institution] = one.person, one.totals
    answers = {
        name: replace(
            one, totals_differ=totals_that_differ(totals.get(name, ()), [each.period for each in one.periods])
        )
        for name, one in answers.items()
        if one.status is not AnswerStatus.NOT_ASKED
    }
    by_state: dict[StateCode, CareerRecord] = {}
    stated_by: dict[tuple[StateCode, str], str] = {}
    for answer in sorted(answers.values(), key=_says_most):
        first = by_state.get(answer.state)
        periods = answer.periods if first is None else _beside(first, answer)
        stated_by |= {(answer.state, one.period.period_id): answer.institution for one in periods}
        by_state[answer.state] = answer if first is None else _with(first, periods, answer.totals_differ)
    return SaidInCase(tuple(by_state[state] for state in sorted(by_state)), about, whose, stated_by)


def _after(known: CareerRecord | None, one: Asked | Stated | Corrected) -> CareerRecord:
    known = known or CareerRecord(one.institution[:2].upper(), one.institution, AnswerStatus.NOT_ASKED)
    if isinstance(one, Asked):
        if known.answered_on is not None:
            return known  # asked for more: what was stated stands until it is stated anew
        return replace(known, status=AnswerStatus.ASKED_NO_ANSWER, asked_on=known.asked_on or one.on)
    if isinstance(one, Stated):
        return replace(known, status=one.status, answered_on=one.on, as_of=one.as_of, periods=one.periods)
    if known.answered_on is None:
        return known  # what it corrects was stated elsewhere
    changed = {period.period.period_id: period for period in known.periods}
    for period_id, after in one.periods:
        changed.pop(period_id, None)
        if after is not None:
            changed[after.period.period_id] = after
    status = AnswerStatus.KNOWN if changed else AnswerStatus.NONE
    return replace(known, status=status, answered_on=one.on, periods=tuple(changed.values()))


def _says_most(one: CareerRecord) -> tuple[int, str]:
    return -_TOLD.get(one.status, 0), one.institution


def _with(first: CareerRecord, periods: tuple[RecordedPeriod, ...], differ: tuple[str, ...]) -> CareerRecord:
    return replace(first, periods=(*first.periods, *periods), totals_differ=(*first.totals_differ, *differ))


def _beside(one: CareerRecord, other: CareerRecord) -> tuple[RecordedPeriod, ...]:
    """The periods of another institution of the state; an id that both use names the institution of the second."""
    taken = {each.period.period_id for each in one.periods}
    return tuple(
        replace(each, period=replace(each.period, period_id=f"{each.period.period_id}@{other.institution}"))
        if each.period.period_id in taken
        else each
        for each in other.periods
    )
