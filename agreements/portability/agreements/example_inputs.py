"""What an example gives, by kind: the shapes that docs/agreement-files.md documents."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from portability.agreements.conversion import convert
from portability.agreements.model import DeterminationFacts, NationalAnswer
from portability.agreements.periods import DayRegime, Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.rules import Amount, Day, Entry, PeriodConversion, State
from portability.agreements.values import Branch, Money, StateCode

__all__ = [
    "AggregateGiven", "ConvertGiven", "Dated", "DetermineGiven", "HigherOfGiven", "OverlapGiven", "PeriodGiven",
    "ProRataGiven", "SchemeGiven", "ShortPeriodGiven", "TimeGiven", "time_in",
]  # fmt: skip

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class TimeGiven(Entry):
    """Time in one unit, of one state where it matters."""

    amount: Amount
    unit: PeriodUnit
    day_regime: DayRegime | None = None
    state: str | None = None


class PeriodGiven(Entry):
    """One period; days inclusive, as the law writes them."""

    id: str
    state: State
    kind: PeriodKind
    scheme: str
    first_day: Day | None = None
    last_day: Day | None = None
    amount: Amount | None = None
    unit: PeriodUnit | None = None
    day_regime: DayRegime | None = None

    def period(self) -> InsurancePeriod:
        """The period with half-open dates."""
        end = self.last_day + timedelta(days=1) if self.last_day else None
        duration = None
        if self.amount is not None and self.unit is not None:
            duration = Duration(self.amount, self.unit, self.day_regime)
        return InsurancePeriod(self.id, self.state, self.kind, self.scheme, self.first_day, end, duration)


class Dated(Entry):
    """`on` is the day whose rules apply; without it, the day on which the newest rule of the agreement starts."""

    on: Day | None = None


class ConvertGiven(Dated):
    """`amount` for an aggregate, or `yearly` with the amount of each calendar year (987/2009 Art. 13(3))."""

    amount: Amount | None = None
    yearly: tuple[Amount, ...] = ()
    unit: PeriodUnit
    day_regime: DayRegime | None = None
    to: PeriodUnit
    to_day_regime: DayRegime | None = None
    calendar_years: int | None = Field(default=None, ge=1)


class OverlapGiven(Dated):
    """Periods of several states, and the state whose institution applies the rule."""

    applying_state: State
    periods: tuple[PeriodGiven, ...]


class AggregateGiven(Dated):
    """`own` and `others` as amounts, or the periods themselves and the national scheme that counts them."""

    own: TimeGiven | None = None
    others: tuple[TimeGiven, ...] = ()
    required: TimeGiven | None = None
    scheme: str | None = None
    periods: tuple[PeriodGiven, ...] = ()
    birth_date: Day = date(1950, 1, 1)


class ProRataGiven(Dated):
    """A share by periods, or a flat-rate part with the minimum period that it is measured by."""

    theoretical: Amount | None = None
    own: TimeGiven
    total: TimeGiven | None = None
    maximum: TimeGiven | None = None
    flat_rate: Amount | None = None
    minimum: TimeGiven | None = None
    currency: Currency = "EUR"


class HigherOfGiven(Dated):
    """`independent` is left out where own periods alone open no right."""

    independent: Amount | None = None
    theoretical: Amount
    own: TimeGiven
    total: TimeGiven
    maximum: TimeGiven | None = None
    currency: Currency = "EUR"


class ShortPeriodGiven(Dated):
    """Own time and that of each other state, which may be too short to oblige its institution."""

    theoretical: Amount | None = None
    applying_state: State | None = None
    own: TimeGiven
    others: tuple[TimeGiven, ...]
    currency: Currency = "EUR"


class AnswerGiven(Entry):
    """What an institution answers of its own law, a month."""

    independent: Amount | None = None
    theoretical: Amount | None = None
    flat_rate: Amount | None = None
    earnings: Amount | None = None
    currency: Currency = "EUR"
    answered_by: str = "the institution"


class DetermineGiven(Entry):
    """A whole determination; `award_on` decides the rules in force."""

    state: State
    branch: Branch = Branch.OLD_AGE
    birth_date: Day
    residence_state: State
    risk_materialised_on: Day | None = None
    award_on: Day | None = None
    periods: tuple[PeriodGiven, ...]
    scheme_facts: dict[str, dict[str, Amount]] = Field(default_factory=dict)
    yearly_facts: dict[str, dict[str, dict[int, Amount]]] = Field(default_factory=dict)
    scheme_dates: dict[str, dict[str, Day]] = Field(default_factory=dict)
    answers: dict[str, AnswerGiven] = Field(default_factory=dict)
    unsatisfied_states: tuple[StateCode, ...] = ()
    third_states: tuple[StateCode, ...] | None = None

    def facts(self, default_on: Day) -> DeterminationFacts:
        """The facts as the law core takes them; days that the case does not name are `default_on`."""
        award_on = self.award_on or default_on
        return DeterminationFacts(
            state=self.state,
            branch=self.branch,
            birth_date=self.birth_date,
            residence_state=self.residence_state,
            risk_materialised_on=self.risk_materialised_on or award_on,
            award_on=award_on,
            periods=tuple(period.period() for period in self.periods),
            scheme_facts=self.scheme_facts,
            yearly_facts=self.yearly_facts,
            scheme_dates=self.scheme_dates,
            national_answers={scheme: _answer(scheme, one) for scheme, one in self.answers.items()},
            unsatisfied_states=frozenset(self.unsatisfied_states),
            third_states=frozenset(self.third_states) if self.third_states is not None else None,
        )


class SchemeGiven(Entry):
    """A case of a legislation file: time in the scheme's unit; `total` where others' time opens the right."""

    scheme: str
    birth_date: Day
    award_on: Day
    own: Amount
    total: Amount | None = None
    facts: dict[str, Fraction] = Field(default_factory=dict)
    yearly: dict[str, dict[int, Amount]] = Field(default_factory=dict)
    dates: dict[str, Day] = Field(default_factory=dict)


def time_in(unit: PeriodUnit, time: TimeGiven, rule: PeriodConversion) -> Fraction:
    """Time in another unit by the agreement's conversion."""
    return convert(Duration(time.amount, time.unit, time.day_regime), to=unit, rule=rule).amount


def _answer(scheme: str, given: AnswerGiven) -> NationalAnswer:
    def money(amount: Fraction | None) -> Money | None:
        return Money(amount, given.currency) if amount is not None else None

    return NationalAnswer(
        scheme=scheme,
        answered_by=given.answered_by,
        independent_amount=money(given.independent),
        theoretical_amount=money(given.theoretical),
        flat_rate_amount=money(given.flat_rate),
        earnings_amount=money(given.earnings),
    )
