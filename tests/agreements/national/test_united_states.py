"""The United States old-age benefit: every rounding in its place, and what the regulation says beyond the program."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from portability.agreements import packaged
from portability.agreements.errors import (
    AgreementFileError,
    DeterminationError,
    InputError,
    NoRuleInForceError,
    UnmodelledProvisionError,
)
from portability.agreements.model import DeterminationFacts
from portability.agreements.national.base import age_reached_on
from portability.agreements.national.legislation import load_legislation
from portability.agreements.national.schemes import amount_for, has_minimum
from portability.agreements.national.us_age import adjusted_benefit, age_adjustment
from portability.agreements.national.us_old_age import insured_quarters, regular_benefit, totalized_benefit
from portability.agreements.national.us_pia import down_to_dime, formula_amount, increases_until
from portability.agreements.national.us_record import UsRecord, quarters_of
from portability.agreements.national.us_scheme import UsOldAge, record_of
from portability.agreements.values import Branch

US = packaged.legislation("US")
(SCHEME,) = US.schemes_of(Branch.OLD_AGE)
assert isinstance(SCHEME, UsOldAge)
LAW = SCHEME.parameters


def record(
    earnings: Mapping[int, str] | None = None,
    *,
    born: date = date(1957, 3, 10),
    entitled: date = date(2019, 4, 1),
    month: date | None = None,
    posted: Mapping[int, int] | None = None,
) -> UsRecord:
    earned = {year: Fraction(amount) for year, amount in (earnings or {}).items()}
    return UsRecord(born, entitled, month or entitled, earned, posted or {})


def facts(**changed: object) -> DeterminationFacts:
    on = date(2019, 4, 1)
    base = DeterminationFacts("US", Branch.OLD_AGE, date(1957, 3, 10), "US", on, on, ())
    return replace(base, **changed)  # type: ignore[arg-type]


# Dates


@pytest.mark.parametrize(
    ("born", "eligible", "first"),
    [
        (date(1940, 1, 1), 2001, date(2002, 1, 1)),  # 61 until 31 December 2001: 62 throughout January 2002
        (date(1940, 1, 2), 2002, date(2002, 1, 1)),  # 62 on the first of January itself
        (date(1940, 1, 3), 2002, date(2002, 2, 1)),
        (date(1944, 8, 15), 2006, date(2006, 9, 1)),
        (date(1944, 9, 1), 2006, date(2006, 9, 1)),  # reckoned from 31 August
    ],
)
def test_ages_run_from_the_day_before_birth(born: date, eligible: int, first: date) -> None:
    assert record(born=born).eligibility_year == eligible
    assert age_reached_on(SCHEME, born) == first


@pytest.mark.parametrize(("born", "needed", "years"), [(1957, 40, 35), (1929, 40, 35), (1928, 39, 34), (1920, 31, 26)])
def test_people_born_before_1929_need_fewer_quarters_and_have_fewer_computation_years(
    born: int, needed: int, years: int
) -> None:
    one = record(born=date(born, 6, 15))
    assert (one.required_quarters, one.computation_years) == (needed, years)
    met, step = has_minimum(SCHEME, Fraction(needed), US, born_on=one.born_on)
    short, _ = has_minimum(SCHEME, Fraction(needed - 1), US, born_on=one.born_on)
    assert (met, short) == (True, False)
    assert str(step.citation) == ("42USC 414(a)(2)" if needed == 40 else "42USC 414(a)(1)")


# Quarters of coverage


@pytest.mark.parametrize(
    ("earned", "quarters"), [("0", 0), ("1359.99", 0), ("1360", 1), ("5439.99", 3), ("5440", 4), ("90000", 4)]
)
def test_a_quarter_is_each_whole_amount_of_the_year_at_most_four(earned: str, quarters: int) -> None:
    assert quarters_of(record({2019: earned}), 2019, LAW) == quarters


def test_before_1978_quarters_are_given_and_never_made_up() -> None:
    with pytest.raises(InputError, match="1974 has earnings and no quarters of coverage"):
        quarters_of(record({1974: "2045.08"}), 1974, LAW)
    assert quarters_of(record({1974: "2045.08"}, posted={1974: 2}), 1974, LAW) == 2


def test_no_quarter_counts_before_it_begins() -> None:
    # 2018 gives four, 2019 four by its amount, of which the first and (from April) the second have begun.
    earned = {2018: "6000", 2019: "6000"}
    assert insured_quarters(record(earned, entitled=date(2019, 3, 1)), LAW) == 5
    assert insured_quarters(record(earned, entitled=date(2019, 4, 1)), LAW) == 6


def test_a_count_that_contradicts_the_years_earnings_is_refused() -> None:
    yearly = {"us-old-age": {"earnings": {2018: Fraction(6000)}, "quarters_of_coverage": {2018: Fraction(3)}}}
    with pytest.raises(InputError, match="3 quarters of coverage in 2018"):
        record_of(SCHEME, facts(yearly_facts=yearly))


# The amount


def test_the_published_tables_follow_from_the_wages_and_a_wrong_figure_is_refused() -> None:
    text = packaged.packaged_texts("legislation")["us.yaml"]
    assert LAW.bend_points_of(2023) == (1115, 6721)
    wrong = text.replace("1984: [267, 1612]", "1984: [268, 1612]").replace("2019: 1360", "2019: 1370")
    with pytest.raises(AgreementFileError, match="bend points of 1984, quarter of coverage amount of 2019"):
        load_legislation(wrong, "us.yaml", sha256="0" * 64)


def test_the_formula_rounds_down_to_the_dime_and_up_before_1983() -> None:
    # 1982: 0.9 x 230 + 0.32 x (999 - 230) = 207 + 246.08 = 453.08
    points = LAW.bend_points_of(1982)
    assert formula_amount(999, points, 1982, LAW) == Fraction("453.1")
    assert formula_amount(999, points, 1983, LAW) == Fraction("453.0")


def test_the_increase_of_1999_is_paid_at_two_percentages() -> None:
    def of_1999(month: date) -> Fraction:
        return dict(increases_until(month, since=1995, law=LAW))[1999]

    assert (of_1999(date(2001, 6, 1)), of_1999(date(2001, 7, 1))) == (Fraction("2.4"), Fraction("2.5"))


@pytest.mark.parametrize(
    ("month", "years"),
    [
        (date(1982, 5, 1), []),
        (date(1982, 6, 1), [1982]),
        (date(1983, 11, 1), [1982]),
        (date(1983, 12, 1), [1982, 1983]),
    ],
)
def test_increases_are_of_june_and_from_1983_of_december(month: date, years: list[int]) -> None:
    assert [year for year, _ in increases_until(month, since=1982, law=LAW)] == years


def test_a_month_after_the_last_known_increase_has_no_amount() -> None:
    earned = dict.fromkeys(range(2010, 2018), "60000")
    with pytest.raises(NoRuleInForceError, match="No value for 2025"):
        totalized_benefit(record(earned, month=date(2025, 12, 1)), LAW)


def test_the_share_is_taken_after_the_increases_and_down_to_the_dime() -> None:
    # Eight years of 60000: theoretical 2488.90 with its increases x 32/140 = 568.89...
    earned = dict.fromkeys(range(2010, 2018), "60000")
    benefit = totalized_benefit(record(earned, born=date(1956, 1, 2), entitled=date(2022, 4, 1)), LAW)
    assert benefit.theoretical.at_benefit == Fraction("2488.9")
    assert benefit.fraction == Fraction(32, 140)
    assert benefit.pro_rata == down_to_dime(Fraction("2488.9") * Fraction(32, 140)) == Fraction("568.8")


# Age


@pytest.mark.parametrize(
    ("entitled", "kind", "months", "factor"),
    [
        # Born 1957: full retirement age is 66 years 6 months, September 2023.
        (date(2019, 4, 1), "early", 53, 1 - 36 * Fraction(5, 900) - 17 * Fraction(5, 1200)),
        (date(2023, 8, 1), "early", 1, 1 - Fraction(5, 900)),
        (date(2023, 9, 1), "none", 0, Fraction(1)),
        (date(2023, 11, 1), "none", 0, Fraction(1)),  # credits of the year count from its next January
        (date(2024, 1, 1), "delayed", 4, 1 + 4 * Fraction(2, 300)),
    ],
)
def test_each_month_before_and_after_full_retirement_age_counts(
    entitled: date, kind: str, months: int, factor: Fraction
) -> None:
    found = age_adjustment(record(entitled=entitled), LAW)
    assert (found.full_retirement_age, found.kind, found.months, found.factor) == (798, kind, months, factor)


def test_credits_of_the_year_of_entitlement_count_in_the_next_year_and_stop_at_seventy() -> None:
    november = record(entitled=date(2023, 11, 1), month=date(2024, 2, 1))
    assert age_adjustment(november, LAW).months == 2
    late = record(born=date(1944, 8, 15), entitled=date(2015, 7, 1))
    assert age_adjustment(late, LAW).months == 48  # 66 to 70


def test_the_dime_comes_before_the_dollar() -> None:
    assert adjusted_benefit(Fraction("65.7"), Fraction("1.32")) == (Fraction("86.7"), Fraction(86))  # 86.724


# Beyond the program


def test_a_share_above_the_regular_amount_is_reduced_to_it_and_both_numbers_stand() -> None:
    # 21.70 by periods, 21.20 on own earnings alone; x 1.08 they are 23.40 and 22.80 (404.1918(a)(4))
    one = record({2015: "2769", 2016: "5039.99"}, born=date(1957, 9, 22), entitled=date(2025, 11, 1))
    benefit = totalized_benefit(one, LAW)
    assert (benefit.pro_rata, benefit.regular.at_benefit) == (Fraction("21.7"), Fraction("21.2"))
    assert (benefit.program.monthly, benefit.regulation.monthly) == (23, 22)


def test_less_than_a_dollar_may_be_accumulated() -> None:
    def due(earned: str) -> tuple[Fraction, Fraction, bool]:
        one = totalized_benefit(
            record({1983: earned}, born=date(1921, 4, 20), entitled=date(1984, 6, 1)), LAW
        ).regulation
        return one.dime, one.monthly, one.accumulates

    # 108.90 x 1/108 = 1.00, reduced to the regular 0.90, x 0.8777... = 0.79
    assert due("370") == (Fraction("0.7"), 0, True)
    assert due("1480") == (Fraction("3.2"), 3, False)


# Alone, and what is missing


def test_forty_quarters_give_the_regular_benefit_with_its_steps() -> None:
    earned = {year: Fraction(30000) for year in range(2000, 2012)}
    given = facts(yearly_facts={"us-old-age": {"earnings": earned}})
    outcome = amount_for(SCHEME, given, own=Fraction(48), counted=Fraction(48), legislation=US)
    expected = regular_benefit(record_of(SCHEME, given), LAW).payable.monthly
    assert outcome.amount is not None
    assert outcome.amount.amount == expected
    assert [step.rule for step in outcome.steps][-2:] == ["us_early", "us_whole_dollar"]


def test_earnings_are_asked_for() -> None:
    with pytest.raises(DeterminationError, match="needs the yearly figures 'earnings'"):
        record_of(SCHEME, facts())


def test_the_benefit_month_is_not_before_entitlement() -> None:
    given = facts(
        yearly_facts={"us-old-age": {"earnings": {}}}, scheme_dates={"us-old-age": {"benefit_month": date(2019, 3, 1)}}
    )
    with pytest.raises(InputError, match="before entitlement"):
        record_of(SCHEME, given)


def test_a_theoretical_amount_needs_the_rule_of_the_coverage_lifetime() -> None:
    given = facts(yearly_facts={"us-old-age": {"earnings": {2018: Fraction(6000)}}})
    with pytest.raises(UnmodelledProvisionError, match="share by coverage lifetime"):
        amount_for(SCHEME, given, own=Fraction(4), counted=Fraction(40), legislation=US)
