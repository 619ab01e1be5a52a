"""The steps of a United States benefit: each stage of the computation with its citation and exact values."""

from fractions import Fraction

from portability.agreements.model import SchemeOutcome, Step
from portability.agreements.national.base import citation_of
from portability.agreements.national.us_age import AgeAdjustment
from portability.agreements.national.us_old_age import Payable, TotalizedBenefit, regular_benefit
from portability.agreements.national.us_pia import PrimaryInsuranceAmount
from portability.agreements.national.us_record import UsRecord
from portability.agreements.national.us_scheme import UsOldAge
from portability.agreements.rules import Instrument
from portability.agreements.values import Citation, Money

__all__ = ["age_step", "amount_steps", "dollars", "paid_step", "position_step", "regular_outcome"]

TITLE = "42USC"


def dollars(scheme: UsOldAge, amount: Fraction | int) -> Money:
    """An amount in the scheme's currency."""
    return Money(Fraction(amount), scheme.currency)


def regular_outcome(scheme: UsOldAge, record: UsRecord, instruments: tuple[Instrument, ...]) -> SchemeOutcome:
    """The benefit on own quarters alone, with its steps."""
    benefit = regular_benefit(record, scheme.parameters)
    steps = (
        *amount_steps(scheme, record, benefit.pia, instruments),
        age_step(scheme, benefit.adjustment, benefit.payable, instruments),
        paid_step(scheme, benefit.payable),
    )
    return SchemeOutcome(True, dollars(scheme, benefit.payable.monthly), steps)


def position_step(scheme: UsOldAge, benefit: TotalizedBenefit) -> Step:
    """The worker's place among all earners: each year's ratio, and their average by quarters."""
    position = benefit.position
    ratios = tuple(
        Step(
            "us_yearly_ratio",
            Citation("GN", "01701.200 B.1"),
            (("year", str(year)), ("quarters", position.quarters[year]), ("unit", scheme.unit)),
            ratio,
        )
        for year, ratio in position.ratios.items()
    )
    values = (("quarters", position.total_quarters), ("percent", position.value * 100), ("unit", scheme.unit))
    return Step("us_earnings_position", Citation("20CFR", "404.1918(b)"), values, position.value, ratios)


def amount_steps(
    scheme: UsOldAge, record: UsRecord, pia: PrimaryInsuranceAmount, instruments: tuple[Instrument, ...]
) -> tuple[Step, ...]:
    """The monthly average, the formula, and each increase since eligibility."""
    law = scheme.parameters
    average = dollars(scheme, pia.average)
    values = (("total", dollars(scheme, pia.indexed_total)), ("months", 12 * record.computation_years))
    lower, upper = pia.bend_points
    formula = (
        ("average", average),
        ("first_bend", dollars(scheme, lower)),
        ("second_bend", dollars(scheme, upper)),
        ("eligible", str(record.eligibility_year)),
        ("points_cite", law.bend_points.cite),
    )
    raised = tuple(
        Step("us_increase", citation_of("42USC 415(i)(2)(A)(ii)", instruments), (("year", str(year)),
             ("percent", percent), ("source", law.increases.status)), dollars(scheme, amount))
        for year, percent, amount in pia.increases
    )  # fmt: skip
    return (
        Step("us_average_monthly_earnings", Citation(TITLE, "415(b)(1), (e)(2)"), values, average),
        Step("us_primary_insurance_amount", citation_of(law.bend_points.shares_cite, instruments), formula,
             dollars(scheme, pia.at_eligibility)),
        *raised,
    )  # fmt: skip


def age_step(scheme: UsOldAge, age: AgeAdjustment, payable: Payable, instruments: tuple[Instrument, ...]) -> Step:
    """What claiming before or after full retirement age does, down to the dime."""
    years, months = divmod(age.full_retirement_age, 12)
    values = (("years", years), ("months", months), ("difference", age.months), ("factor", age.factor),
              ("kind", age.kind), ("amount", dollars(scheme, payable.amount)))  # fmt: skip
    rule = {"early": "us_early", "delayed": "us_delayed", "none": "us_full_age"}[age.kind]
    return Step(rule, citation_of(age.cite, instruments), values, dollars(scheme, payable.dime))


def paid_step(scheme: UsOldAge, payable: Payable) -> Step:
    """The dollar that is paid (42 USC 415(g))."""
    exact = dollars(scheme, payable.dime)
    return Step("us_whole_dollar", Citation(TITLE, "415(g)"), (("exact", exact),), dollars(scheme, payable.monthly))
