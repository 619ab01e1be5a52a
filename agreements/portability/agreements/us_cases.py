"""The example kind `us_old_age`: a United States record in, each stage of the benefit out."""

from datetime import date
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from portability.agreements.errors import InputError
from portability.agreements.model import DeterminationFacts
from portability.agreements.national.base import age_reached_on
from portability.agreements.national.legislation import Legislation
from portability.agreements.national.us_old_age import insured_quarters, totalized_benefit
from portability.agreements.national.us_scheme import UsOldAge, needed_quarters, record_of
from portability.agreements.rules import Amount, Day, Entry
from portability.agreements.values import Branch

__all__ = ["LEAST_OWN_QUARTERS", "Month", "UsGiven", "evaluate_us_case"]

LEAST_OWN_QUARTERS = 6
"""Of its own, before foreign periods count (42 USC 433(c)(1)(A))."""


def _written_as_month(value: object) -> object:
    """`2015-07` is the first day of that month."""
    if isinstance(value, str) and len(value) == len("2015-07"):
        return f"{value}-01"
    raise PydanticCustomError("month_parsing", "expected a month written YYYY-MM")


Month = Annotated[date, BeforeValidator(_written_as_month)]


class UsGiven(Entry):
    """A record: earnings by year, quarters of coverage by year before 1978, and the months that matter."""

    scheme: str = "us-old-age"
    birth_date: Day
    entitlement: Month
    benefit_month: Month | None = None
    earnings: dict[int, Amount]
    quarters_of_coverage: dict[int, int] = Field(default_factory=dict)
    foreign_quarters: int = Field(default=0, ge=0)


def evaluate_us_case(given: UsGiven, legislation: Legislation) -> dict[str, Any]:
    """Every stage of the benefit by its name; amounts stand whether or not the person is insured."""
    scheme = next((one for one in legislation.content.schemes if one.id == given.scheme), None)
    if not isinstance(scheme, UsOldAge):
        raise InputError(f"'{legislation.content.id}' has no United States scheme '{given.scheme}'", field="scheme")
    first = age_reached_on(scheme, given.birth_date)
    if given.entitlement < first:
        raise InputError(f"the first month of entitlement is {first:%Y-%m}", field="entitlement")
    record = record_of(scheme, _facts(given, legislation))
    benefit = totalized_benefit(record, scheme.parameters)
    own, needed = insured_quarters(record, scheme.parameters), needed_quarters(scheme, given.birth_date)[0]
    return {
        "quarters_by_year": _by_year(benefit.position.quarters),
        "quarters_of_coverage": benefit.own_quarters,
        "insured_quarters": own,
        "required_quarters": needed,
        "fully_insured": own >= needed,
        "insured": own >= LEAST_OWN_QUARTERS and own + given.foreign_quarters >= needed,
        "eligibility_year": record.eligibility_year,
        "computation_years": record.computation_years,
        "ratios": _by_year(benefit.position.ratios),
        "rep": benefit.position.value,
        "theoretical_earnings": _by_year(benefit.theoretical_earnings),
        "indexed_total": benefit.theoretical.indexed_total,
        "aime": benefit.theoretical.average,
        "bend_points": list(benefit.theoretical.bend_points),
        "theoretical_pia_at_eligibility": benefit.theoretical.at_eligibility,
        "theoretical_pia": benefit.theoretical.at_benefit,
        "fraction": benefit.fraction,
        "pro_rata_pia": benefit.pro_rata,
        "full_retirement_age_months": benefit.adjustment.full_retirement_age,
        "age_at_entitlement_months": benefit.adjustment.age_at_entitlement,
        "adjustment": benefit.adjustment.kind,
        "adjustment_months": benefit.adjustment.months,
        "adjustment_factor": benefit.adjustment.factor,
        "monthly_dime": benefit.program.dime,
        "monthly_rounded": benefit.program.monthly,
        "regular_pia": benefit.regular.at_benefit,
        "monthly_by_regulation": benefit.regulation.monthly,
        "accumulates": benefit.regulation.accumulates,
    }


def _facts(given: UsGiven, legislation: Legislation) -> DeterminationFacts:
    state, on = legislation.content.state, given.entitlement
    posted = {year: Fraction(count) for year, count in given.quarters_of_coverage.items()}
    return DeterminationFacts(
        state,
        Branch.OLD_AGE,
        given.birth_date,
        state,
        on,
        on,
        (),
        yearly_facts={given.scheme: {"earnings": given.earnings, "quarters_of_coverage": posted}},
        scheme_dates={given.scheme: {"benefit_month": given.benefit_month or on}},
    )


def _by_year(values: Any) -> dict[str, Any]:
    return {str(year): value for year, value in values.items()}
