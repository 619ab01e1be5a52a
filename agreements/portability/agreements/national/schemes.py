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
        return time > 0, Step("minimum_period", None, f"{scheme.name} has no minimum: any period opens the right.")
    needed = minimum.time.amount
    met = time >= needed
    of_whom = " of people who live abroad" if minimum is not scheme.minimum else ""
    return met, Step(
        rule="minimum_period",
        citation=citation_of(minimum.cite, legislation.content.instruments),
        said=f"{scheme.name} needs {needed} {scheme.unit}{of_whom}; counted: {_number(time)}. "
        + ("Met." if met else "Not met."),
        inputs=(
            ("needed", str(needed)),
            ("counted", str(time)),
            ("unit", scheme.unit.value),
            ("source", minimum.status),
        ),
        output="met" if met else "not met",
        plain=f"You need {needed} {scheme.unit}. We count {_number(time)}."
        + ("" if met else " That is not enough on its own."),
    )


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
    return result, (Step("rounding", citation, f"{amount.amount} is {result.shown()}.", output=result.shown()),)


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
    formula = Step(
        "earnings_points",
        citation_of(scheme.amount_cite, instruments),
        f"{_number(personal)} personal points x {scheme.pension_type_factor.value} x {value.value} {scheme.currency} "
        f"= {amount.shown()}.",
        (
            ("personal_points", str(personal)),
            ("pension_type_factor", str(scheme.pension_type_factor.value)),
            ("current_value", str(value.value)),
            ("current_value_source", f"{value.cite} ({value.status})"),
        ),
        amount.shown(),
        f"Your {_number(personal)} pension points are worth {value.value} {scheme.currency} each a month.",
        (
            *_average_points(earned, points, own=own, counted=counted),
            _access_step(scheme, points, personal, access=access, late=late, legislation=legislation),
            Step("rounding", citation_of(scheme.rounding_cite, instruments), "Money to two decimals; a following 5 "
                 "raises the last.", output=amount.shown()),
        ),
    )  # fmt: skip
    return SchemeOutcome(True, amount, (formula,))


def _average_points(earned: Fraction, points: Fraction, *, own: Fraction, counted: Fraction) -> tuple[Step, ...]:
    if counted == own:
        return ()
    # Of the agreements encoded only 883/2004 asks a scheme of points for a theoretical amount.
    said = (
        f"{_number(earned)} points in {_number(own)} months are the average for all {_number(counted)} months: "
        f"{_number(points)} points."
    )
    inputs = (("earned", str(earned)), ("own", str(own)), ("counted", str(counted)))
    return (Step("average_points", Citation("883/2004", "Art. 56(1)(c)"), said, inputs, str(points)),)


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
    said = f"{_number(points)} points x access factor {_exact(access)} = {_number(personal)} personal points"
    rounding = Step(
        "rounding",
        citation_of(scheme.decimals_cite, instruments),
        "Points to four decimals; a following 5 raises the last.",
        output=str(personal),
    )
    return Step(
        "access_factor",
        citation_of(scheme.later_claim_per_month.cite if late else scheme.access_cite, instruments),
        f"{said}; {late} months after the pension age." if late else f"{said}; claimed at the pension age.",
        (("points", str(points)), ("access_factor", str(access)), ("months_after_pension_age", late)),
        str(personal),
        f"You claim {late} months after the pension age, so your points count more." if late else "",
        (rounding,),
    )


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
    fraction = f"{years}/{scheme.years_for_full}"
    step = Step(
        "residence_fraction",
        citation_of(scheme.amount_cite, instruments),
        f"{fraction} of {full.shown()} is {amount.shown()}.",
        (("years", years), ("years_for_full", scheme.years_for_full), ("full_amount", str(full.amount))),
        amount.shown(),
        f"You lived there {years} whole years, so you get {fraction} of the full amount.",
        (
            full_step,
            Step("whole_years", citation_of(scheme.whole_years_cite, instruments),
                 f"{_number(exact_years)} years are {years} whole years.", (("exact", str(exact_years)),), str(years)),
            Step("rounding", citation_of(scheme.rounding_cite, instruments), "To the cent; a third digit of 5 or more "
                 "raises the second.", output=amount.shown()),
        ),
    )  # fmt: skip
    return SchemeOutcome(years > 0, amount, (step,))


def _full_amount(scheme: ResidenceFractions, facts: DeterminationFacts, legislation: Legislation) -> tuple[Money, Step]:
    """The institution's own figure, or the amount of the file, raised with age where the law says so."""
    given = facts.scheme_facts.get(scheme.id, {}).get("full_monthly_amount")
    if given is not None:
        full = Money(given, scheme.currency)
        return full, Step("full_amount", None, f"The institution gives {full.shown()} as the full amount of the month.",
                          output=full.shown())  # fmt: skip
    try:
        row = in_force(scheme.full_amount, facts.award_on)
    except NoRuleInForceError as exc:
        raise DeterminationError(
            f"The full amount of '{scheme.id}' on {facts.award_on} is not known here: its institution gives it as the "
            "figure 'full_monthly_amount'.",
            citation=exc.citation,
        ) from exc
    full, cite, more = Money(Fraction(row.value), scheme.currency), row.cite, ""
    increase = scheme.full_amount_increase
    if increase is not None and increase.valid_from <= facts.award_on and _older(facts, increase.from_age):
        full, cite, more = (
            full * Fraction(increase.factor),
            increase.cite,
            f" x {increase.factor} from {increase.from_age}",
        )
    said = f"Full amount on {facts.award_on}: {row.value} {scheme.currency}{more} ({row.status})."
    return full, Step("full_amount", citation_of(cite, legislation.content.instruments), said, output=full.shown())


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
    step = Step(
        "national_answer",
        None,
        f"{answer.answered_by} answered the {name} amount of {scheme.name}: its law is not encoded here.",
        (("scheme", scheme.id), ("answered_by", answer.answered_by), ("kind", name)),
        amount.shown(),
        "The institution itself worked out this amount under its own law.",
    )
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


def _number(value: Fraction) -> str:
    """To four decimals, for people."""
    return str(value.numerator) if value.denominator == 1 else _exact(half_up(value, 4))


def _exact(value: Fraction) -> str:
    """A fraction with a finite decimal, as its decimal text."""
    return f"{Money(value, '').decimal():f}"
