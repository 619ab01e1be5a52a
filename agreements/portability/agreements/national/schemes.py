"""What each kind of national scheme gives: the age, the minimum, and the amount a month.

One function a law, cited in the file of the state. Amounts are exact until the law rounds them.
"""

from datetime import date, timedelta
from fractions import Fraction
from math import floor

from portability.agreements.errors import DeterminationError, NoRuleInForceError
from portability.agreements.model import DeterminationFacts, SchemeOutcome, Step
from portability.agreements.national.legislation import (
    AnsweredByInstitution,
    EarningsPoints,
    Legislation,
    PensionAge,
    ResidenceFractions,
    Scheme,
    citation_of,
    in_force,
)
from portability.agreements.periods import PeriodUnit
from portability.agreements.rounding import half_up
from portability.agreements.spans import add_months
from portability.agreements.values import Citation, Money

__all__ = ["age_reached_on", "amount_for", "has_minimum", "pension_age", "rounded"]


def pension_age(scheme: Scheme, born_on: date) -> PensionAge:
    """The row of the scheme's age table for a birth date; DeterminationError for births before the table."""
    rows = [row for row in scheme.age if row.born_from <= born_on]
    if not rows:
        first = min((row.born_from for row in scheme.age), default=date.max)
        raise DeterminationError(f"Scheme '{scheme.id}' gives no pension age for births before {first}.")
    return max(rows, key=lambda row: row.born_from)


def age_reached_on(scheme: Scheme, born_on: date) -> date:
    """The day on which the scheme's pension age is reached."""
    return add_months(born_on, pension_age(scheme, born_on).months)


def has_minimum(scheme: Scheme, time: Fraction, legislation: Legislation, *, abroad: bool = False) -> tuple[bool, Step]:
    """Whether insured time (in the scheme's unit) opens the right, and the step that says so.

    `abroad`: the person does not live in the state; only laws that ask for more then make a difference.
    """
    minimum = scheme.abroad_minimum if abroad and isinstance(scheme, ResidenceFractions) else scheme.minimum
    if minimum is None:
        return time > 0, Step("no_minimum", None, (("scheme", scheme.name),))
    needed = minimum.time.amount
    met = time >= needed
    values = (
        ("scheme", scheme.name),
        ("needed", needed),
        ("counted", time),
        ("unit", scheme.unit),
        ("of", "everybody" if minimum is scheme.minimum else "residents_abroad"),
        ("source", minimum.status),
    )
    cite = citation_of(minimum.cite, legislation.content.instruments)
    return met, Step("minimum_period", cite, values, "met" if met else "not_met")


def amount_for(
    scheme: Scheme,
    facts: DeterminationFacts,
    *,
    own: Fraction,
    counted: Fraction,
    legislation: Legislation,
    theoretical: bool | None = None,
) -> SchemeOutcome:
    """The amount a month for `counted` time, in the scheme's unit; `own` is all time under national law.

    With counted == own this is the independent amount, with more the theoretical amount of 883/2004
    Art. 52(1)(b)(i): other states' time is valued as the own time is (Art. 56(1)(c)). `theoretical` says which an
    institution is to have answered, where own time gave way and the two lengths happen to agree.
    """
    match scheme:
        case EarningsPoints():
            return _earnings_points(scheme, facts, own=own, counted=counted, legislation=legislation)
        case ResidenceFractions():
            return _residence_fractions(scheme, facts, own=own, legislation=legislation)
        case AnsweredByInstitution():
            return _answered(scheme, facts, theoretical=counted != own if theoretical is None else theoretical)


def rounded(scheme: Scheme, amount: Money, legislation: Legislation) -> tuple[Money, tuple[Step, ...]]:
    """An amount rounded as the scheme's law rounds money; unchanged, without a step, where no such rule is encoded."""
    if isinstance(scheme, AnsweredByInstitution):
        return amount, ()
    result = Money(half_up(amount.amount, 2), amount.currency)
    citation = citation_of(scheme.rounding_cite, legislation.content.instruments)
    return result, (Step("rounding", citation, (("exact", amount.amount),), result),)


def _earnings_points(
    scheme: EarningsPoints, facts: DeterminationFacts, *, own: Fraction, counted: Fraction, legislation: Legislation
) -> SchemeOutcome:
    """Points x access factor x pension type factor x current pension value (SGB VI § 64).

    Points of other states' time are the average of own time (883/2004 Art. 56(1)(c)). Points are computed to four
    decimals and money to two, the last raised from a following 5 (SGB VI § 121(1), (2), § 123(1)).
    """
    instruments = legislation.content.instruments
    earned = _fact(scheme, facts, "earnings_points")
    points = half_up(earned * (counted / own) if own else Fraction(0), 4)
    value = in_force(scheme.current_value, facts.award_on)
    late = _months_after(age_reached_on(scheme, facts.birth_date), facts.award_on)
    access = 1 + late * Fraction(scheme.later_claim_per_month.value)
    personal = half_up(points * access, 4)
    amount = Money(half_up(personal * Fraction(scheme.pension_type_factor.value) * Fraction(value.value), 2),
                   scheme.currency)  # fmt: skip
    values = (
        ("points", personal),
        ("type_factor", Fraction(scheme.pension_type_factor.value)),
        ("current_value", Money(Fraction(value.value), scheme.currency)),
        ("value_cite", value.cite),
        ("source", value.status),
    )
    formula = Step(
        "earnings_points",
        citation_of(scheme.amount_cite, instruments),
        values,
        amount,
        (
            *_average_points(earned, points, own=own, counted=counted, unit=scheme.unit),
            _access_step(scheme, points, personal, access=access, late=late, legislation=legislation),
            Step("rounding_of_money", citation_of(scheme.rounding_cite, instruments), (), amount),
        ),
    )
    return SchemeOutcome(True, amount, (formula,))


def _average_points(
    earned: Fraction, points: Fraction, *, own: Fraction, counted: Fraction, unit: PeriodUnit
) -> tuple[Step, ...]:
    if counted == own:
        return ()
    # Of the agreements encoded only 883/2004 asks a scheme of points for a theoretical amount.
    values = (("earned", earned), ("own", own), ("counted", counted), ("unit", unit))
    return (Step("average_points", Citation("883/2004", "Art. 56(1)(c)"), values, points),)


def _access_step(
    scheme: EarningsPoints,
    points: Fraction,
    personal: Fraction,
    *,
    access: Fraction,
    late: int,
    legislation: Legislation,
) -> Step:
    instruments = legislation.content.instruments
    cite = citation_of(scheme.later_claim_per_month.cite if late else scheme.access_cite, instruments)
    rounding = Step("rounding_of_points", citation_of(scheme.decimals_cite, instruments), (), personal)
    values = (("points", points), ("access_factor", access), ("late_months", late))
    return Step("access_factor_late" if late else "access_factor", cite, values, personal, (rounding,))


def _residence_fractions(
    scheme: ResidenceFractions, facts: DeterminationFacts, *, own: Fraction, legislation: Legislation
) -> SchemeOutcome:
    """Full amount x whole years of residence / years for a full one (OAS Act s. 3(3), (4)).

    Only own residence counts towards the amount, whatever opened the right.
    """
    instruments = legislation.content.instruments
    full, full_step = _full_amount(scheme, facts, legislation)
    exact_years = own if scheme.unit == PeriodUnit.YEARS else own / 12
    years = min(floor(exact_years), scheme.years_for_full)
    amount = Money(half_up((full * Fraction(years, scheme.years_for_full)).amount, 2), scheme.currency)
    step = Step(
        "residence_fraction",
        citation_of(scheme.amount_cite, instruments),
        (("years", years), ("years_for_full", scheme.years_for_full), ("full_amount", full)),
        amount,
        (
            full_step,
            Step("whole_years", citation_of(scheme.whole_years_cite, instruments), (("exact", exact_years),), years),
            Step("rounding_of_money", citation_of(scheme.rounding_cite, instruments), (), amount),
        ),
    )
    return SchemeOutcome(years > 0, amount, (step,))


def _full_amount(scheme: ResidenceFractions, facts: DeterminationFacts, legislation: Legislation) -> tuple[Money, Step]:
    """The institution's own figure, or the amount of the file, raised with age where the law says so."""
    given = facts.scheme_facts.get(scheme.id, {}).get("full_monthly_amount")
    if given is not None:
        full = Money(given, scheme.currency)
        return full, Step("full_amount_answered", None, (), full)
    try:
        row = in_force(scheme.full_amount, facts.award_on)
    except NoRuleInForceError as exc:
        raise DeterminationError(
            f"The full amount of '{scheme.id}' on {facts.award_on} is not known here: its institution gives it as the "
            "figure 'full_monthly_amount'.",
            citation=exc.citation,
        ) from exc
    full, cite, factor = Money(Fraction(row.value), scheme.currency), row.cite, Fraction(1)
    increase = scheme.full_amount_increase
    if increase is not None and increase.valid_from <= facts.award_on and _older(facts, increase.from_age):
        cite, factor = increase.cite, Fraction(increase.factor)
    values = (("on", facts.award_on), ("base", full), ("factor", factor), ("source", row.status))
    raised = full * factor
    rule = "full_amount" if factor == 1 else "full_amount_raised"
    return raised, Step(rule, citation_of(cite, legislation.content.instruments), values, raised)


def _older(facts: DeterminationFacts, age: int) -> bool:
    """Whether the month of the award is after the one in which an age was reached (OAS Act s. 7(5))."""
    reached = add_months(facts.birth_date, 12 * age)
    return (facts.award_on.year, facts.award_on.month) > (reached.year, reached.month)


def _answered(scheme: AnsweredByInstitution, facts: DeterminationFacts, *, theoretical: bool) -> SchemeOutcome:
    """The institution's own answer, and whose it is; DeterminationError where it has not answered."""
    answer = facts.national_answers.get(scheme.id)
    amount = None
    if answer is not None:
        amount = answer.theoretical_amount if theoretical else answer.independent_amount
    name = "theoretical" if theoretical else "independent"
    if answer is None or amount is None:
        raise DeterminationError(
            f"The law of scheme '{scheme.id}' is not encoded, and its institution has not answered the {name} amount: "
            "record the national answer, then determine again."
        )
    values = (("scheme", scheme.name), ("answered_by", answer.answered_by), ("kind", name))
    step = Step("national_answer", None, values, amount)
    return SchemeOutcome(True, amount, (step,), answer.answered_by)


def _fact(scheme: Scheme, facts: DeterminationFacts, name: str) -> Fraction:
    value = facts.scheme_facts.get(scheme.id, {}).get(name)
    if value is None:
        raise DeterminationError(
            f"Scheme '{scheme.id}' needs the figure '{name}', which only its institution knows: give it with the facts."
        )
    return value


def _months_after(birthday: date, award_on: date) -> int:
    """Calendar months for which a pension could have begun and did not (SGB VI § 77(2) No. 2(b), § 99(1)).

    An age is completed at the end of the day before the birthday, so a birthday on the first of a month opens that
    month itself. Not read: BGB § 187(2), § 188(2), on which this rests.
    """
    completed = birthday - timedelta(days=1)
    return max((award_on.year - completed.year) * 12 + award_on.month - completed.month - 1, 0)
