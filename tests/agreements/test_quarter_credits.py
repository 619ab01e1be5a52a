"""Foreign periods as United States quarters of coverage, and the share that they open."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from portability.agreements import packaged
from portability.agreements.determination import determine
from portability.agreements.errors import InputError, UnmodelledProvisionError
from portability.agreements.explanation import render
from portability.agreements.model import BenefitResult, DeterminationFacts
from portability.agreements.periods import Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.quarter_credits import QuarterCredits, credited_quarters, own_quarters
from portability.agreements.rules import QuarterCredit
from portability.agreements.values import Branch, Money


def rules(state: str) -> list[QuarterCredit]:
    first, second = sorted([state, "US"])
    agreement = packaged.agreement(f"{first}-{second}".lower())
    return [rule for rule in agreement.content.rules if isinstance(rule, QuarterCredit)]


def period(state: str, first: str, last: str, time: str = "", *, scheme: str = "foreign") -> InsurancePeriod:
    amount, _, unit = time.partition(" ")
    duration = Duration(Fraction(amount), PeriodUnit(unit)) if time else None
    days = date.fromisoformat(first), date.fromisoformat(last) + timedelta(days=1)
    return InsurancePeriod(f"{state}-{first}", state, PeriodKind.COMPULSORY, scheme, *days, duration)


def credited(*periods: InsurancePeriod, own: set[tuple[int, int]] | None = None) -> QuarterCredits:
    return credited_quarters(rules(periods[0].state), periods, own=own or set())


def test_two_periods_of_one_year_are_divided_together_in_germany_and_apart_in_portugal() -> None:
    # Two months and two months: four are two quarters; apart each is one, here on the same quarter or another.
    german = credited(period("DE", "1990-01-01", "1990-02-28"), period("DE", "1990-08-01", "1990-09-30"))
    assert (german.foreign, german.grid.rows()) == (2, {"1990": "FNFN"})
    apart = credited(
        period("PT", "1990-01-01", "1990-01-31", "1 months"), period("PT", "1990-03-01", "1990-03-31", "1 months")
    )
    assert (apart.foreign, apart.by_period) == (1, (("PT-1990-01-01", 1), ("PT-1990-03-01", 1)))


def test_before_1978_an_own_quarter_keeps_its_place_and_later_it_makes_room() -> None:
    fixed = credited(period("JP", "1977-01-01", "1977-03-31", "3 months"), own={(1977, 1)})
    assert (fixed.foreign, fixed.lost) == (0, 1)
    moved = credited(period("JP", "1978-01-01", "1978-03-31", "3 months"), own={(1978, 1)})
    assert (moved.foreign, moved.grid.rows()) == (1, {"1978": "FNNC"})


def test_a_year_has_four_quarters_whatever_moves() -> None:
    full = credited(period("JP", "1990-01-01", "1990-12-31", "12 months"), own=own_quarters({1990: 3}))
    assert (full.foreign, full.lost, full.grid.rows()) == (1, 3, {"1990": "FCCC"})
    with pytest.raises(InputError, match="at most four"):
        own_quarters({1990: 5})


def test_a_period_without_dates_or_in_a_unit_that_no_rule_takes_is_refused() -> None:
    with pytest.raises(InputError, match=r"comes in months; GN 01706\.020 B counts weeks"):
        credited(period("IT", "1990-01-01", "1990-12-31", "12 months"))
    undated = replace(period("IT", "1990-01-01", "1990-12-31", "52 weeks"), start=None, end=None)
    with pytest.raises(InputError, match="has no dates"):
        credited(undated)


def test_months_certified_for_several_years_are_asked_for_by_year_where_years_count() -> None:
    whole = credited(period("DE", "1989-01-01", "1990-12-31", "24 months"))
    assert whole.foreign == 8
    with pytest.raises(InputError, match="lies in several years"):
        credited(period("DE", "1989-01-01", "1990-12-31", "20 months"))


# The determination

EARNINGS = dict.fromkeys(range(2003, 2012), Fraction(45000))
ON = date(2021, 10, 1)


def facts(*periods: InsurancePeriod, earnings: dict[int, Fraction] | None = None) -> DeterminationFacts:
    return DeterminationFacts(
        "US",
        Branch.OLD_AGE,
        date(1955, 7, 4),
        "US",
        ON,
        ON,
        periods,
        yearly_facts={"us-old-age": {"earnings": EARNINGS if earnings is None else earnings}},
    )


def benefit(given: DeterminationFacts, agreement: str = "ca-us") -> BenefitResult:
    (found,) = determine(
        given, agreement=packaged.agreement(agreement), legislation=packaged.legislation("US")
    ).benefits
    return found


def test_canadian_years_open_a_share_by_coverage_lifetime() -> None:
    found = benefit(facts(period("CA", "1985-01-01", "1985-12-31", "1 years", scheme="ca-cpp")))
    # 2153.60 x 36/140 = 553.78; claimed a month after full retirement age, which counts from the next January
    assert (found.theoretical, found.pro_rata) == (Money.of("2153.60", "USD"), Money.of("553.70", "USD"))
    assert (found.ratio, found.award) == (Fraction(36, 140), Money.of(553, "USD"))
    assert found.independent is None


def test_residence_in_canada_counts_for_nothing() -> None:
    # A period of residence is not one of coverage (Canada-United States Art. I(6)).
    found = benefit(facts(period("CA", "1960-01-01", "1999-12-31", scheme="ca-oas")))
    assert found.award is None


def test_forty_own_quarters_are_paid_without_the_agreement() -> None:
    more = {**EARNINGS, 2012: Fraction(45000)}
    found = benefit(facts(period("CA", "1985-01-01", "1985-12-31", "1 years", scheme="ca-cpp"), earnings=more))
    assert found.award == found.independent
    assert (found.pro_rata, found.theoretical) == (None, None)


def test_every_step_is_told_to_the_caseworker_with_its_article() -> None:
    given = facts(period("CA", "1985-01-01", "1985-12-31", "1 years", scheme="ca-cpp"))
    result = determine(given, agreement=packaged.agreement("ca-us"), legislation=packaged.legislation("US"))
    text = render(result, "caseworker")
    for part in ("36/140", "[20CFR 404.1918(a)(3)]", "[42USC 415(a)(1)(A)]", "[CA-US Art. VII(2)]"):
        assert part in text
    assert "has 140 quarters. You have 36." in render(result, "worker")


def test_where_it_is_not_known_how_periods_count_the_determination_stops() -> None:
    with pytest.raises(UnmodelledProvisionError, match="how Norwegian periods count"):
        benefit(facts(period("NO", "1985-01-01", "1989-12-31")), "no-us")
