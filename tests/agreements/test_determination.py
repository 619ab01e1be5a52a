"""One determination after another, by article; arithmetic beside each number."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from portability.agreements.determination import determine
from portability.agreements.errors import DeterminationError, InputError, NoRuleInForceError, UnmodelledProvisionError
from portability.agreements.explanation import render, trace_bytes
from portability.agreements.model import BenefitResult, Determination, DeterminationFacts, NationalAnswer, Step
from portability.agreements.national.base import age_reached_on
from portability.agreements.packaged import agreements, legislations
from portability.agreements.periods import DayRegime, Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.rules import Units
from portability.agreements.values import Branch, Citation, Money

EU = "eu-883-2004"
MONTHS, WEEKS, YEARS = PeriodUnit.MONTHS, PeriodUnit.WEEKS, PeriodUnit.YEARS


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def period(name: str, days: str, amount: int = 0, unit: PeriodUnit = MONTHS, **other: PeriodKind) -> InsurancePeriod:
    """`name` is the scheme, or `scheme/number`; `days` is `first to day-after-last`."""
    scheme = name.split("/", maxsplit=1)[0]
    start, end = (date.fromisoformat(day) for day in days.split(" to "))
    kind = other.get("kind", PeriodKind.RESIDENCE if scheme == "ca-oas" else PeriodKind.COMPULSORY)
    duration = Duration(Fraction(amount), unit) if amount else None
    return InsurancePeriod(name, scheme[:2].upper(), kind, scheme, start, end, duration)


GERMANY = period("de-rente", "1985-01-01 to 2000-01-01", 180)
ITALY = period("it-pensione", "2000-01-01 to 2010-01-01", 520, WEEKS)
CANADA = (
    period("ca-oas", "2010-01-01 to 2022-07-01", 150),
    period("ca-cpp", "2010-01-01 to 2022-01-01", 12, YEARS),
)


def facts(state: str, *periods: InsurancePeriod, answer: str = "1200") -> DeterminationFacts:
    """A claim of 1 July 2026 by somebody born on 10 March 1959 who lives in Italy and has 15 German points."""
    return DeterminationFacts(
        state=state,
        branch=Branch.OLD_AGE,
        birth_date=date(1959, 3, 10),
        residence_state="IT",
        risk_materialised_on=date(2026, 7, 1),
        award_on=date(2026, 7, 1),
        periods=periods,
        scheme_facts={
            "de-rente": {"earnings_points": Fraction(15)},
            "ca-oas": {"full_monthly_amount": Fraction("740.00")},
        },
        national_answers={
            "it-pensione": NationalAnswer("it-pensione", "it-inps", None, eur(answer)),
            "ca-cpp": NationalAnswer("ca-cpp", "ca-sc", Money.of("410.22", "CAD")),
        },
    )


def decide(given: DeterminationFacts, agreement: str = EU) -> Determination:
    return determine(given, agreement=agreements()[agreement], legislation=legislations()[given.state])


def benefit(given: DeterminationFacts, agreement: str = EU, scheme: str = "") -> BenefitResult:
    found = decide(given, agreement).benefits
    return next(one for one in found if not scheme or one.scheme == scheme)


def step(result: BenefitResult, rule: str) -> Step:
    return next(one for one in result.steps if one.rule == rule)


def rules_applied(result: BenefitResult) -> list[str]:
    return [one.rule for one in result.steps]


def test_the_italian_share_is_by_weeks() -> None:
    result = benefit(facts("IT", GERMANY, ITALY))

    # 180 months x 26 / 6 = 780 weeks; 520 alone are under 1040; 1200 x 520/1300 = 480
    assert result.independent is None
    assert result.ratio == Fraction(520, 1300)
    assert result.award == eur("480.00")
    assert step(result, "pro_rata_benefit").citation == Citation("883/2004", "Art. 52(1)(b)(ii)")


def test_the_higher_of_both_is_due() -> None:
    # A theoretical amount of 3000 for Italy: 3000 x 1040/1820 = 1714.29, above 900 alone (Art. 52(3)).
    twenty_years = period("it-pensione", "2000-01-01 to 2020-01-01", 1040, WEEKS)
    given = facts("IT", GERMANY, twenty_years)
    answer = NationalAnswer("it-pensione", "it-inps", eur("900"), eur("3000"))
    result = benefit(replace(given, national_answers={"it-pensione": answer}))

    assert result.independent == eur("900")
    assert result.award == eur("3000") * Fraction(1040, 1820)
    assert step(result, "higher_of").value("higher") == "pro_rata"


def test_a_short_period_is_not_paid_and_raises_only_the_theoretical_amount() -> None:
    ten_months = period("de-rente", "1999-03-01 to 2000-01-01", 10)
    twenty_years = period("it-pensione", "2000-01-01 to 2019-01-01", 988, WEEKS)

    german = benefit(facts("DE", ten_months, twenty_years))
    assert german.award is None
    assert step(german, "short_periods").output == "own_relieved"

    # 10 months are 43.3, so 44 weeks: 988 + 44 = 1032 < 1040; with 1040 the right opens.
    italian = benefit(facts("IT", ten_months, replace(twenty_years, duration=Duration(Fraction(1000), WEEKS))))
    assert step(italian, "aggregation").output == 1044
    assert italian.ratio == 1  # 1000/1000: Art. 57(2) names the theoretical amount alone
    assert italian.award == eur("1200")


def test_where_all_periods_are_short_the_last_state_pays_for_all_of_them() -> None:
    german = period("de-rente", "1999-03-01 to 2000-01-01", 10)
    italian = period("it-pensione", "2000-01-01 to 2000-11-01", 43, WEEKS)
    law = legislations()["IT"]
    no_minimum = law.content.schemes[0].model_copy(update={"minimum": None})
    alone = replace(law, content=law.content.model_copy(update={"schemes": (no_minimum,)}))

    # Without a minimum a right exists alone, so Art. 57(1) relieves nobody there.
    answered = {"it-pensione": NationalAnswer("it-pensione", "it-inps", eur("40"), eur("1200"))}
    given = replace(facts("IT", german, italian), national_answers=answered)
    result = determine(given, agreement=agreements()[EU], legislation=alone)
    assert "last_state" not in rules_applied(result.benefits[0])

    # With 60 weeks as the minimum neither state's time is enough, both together are: 44 + 43 = 87.
    sixty = no_minimum.model_copy(
        update={"minimum": law.content.schemes[0].minimum.model_copy(update={"time": weeks(60)})}  # type: ignore[union-attr]
    )
    short = replace(law, content=law.content.model_copy(update={"schemes": (sixty,)}))
    last = determine(facts("IT", german, italian), agreement=agreements()[EU], legislation=short).benefits[0]
    assert step(last, "last_state").output == "this_state"
    assert last.award == eur("1200")  # all periods as if its own (Art. 57(3))
    assert last.ratio == 1

    first = benefit(facts("DE", german, italian))
    assert first.award is None
    assert step(first, "last_state").value("last") == "IT"


def weeks(amount: int) -> Units:
    return Units(amount=Fraction(amount), unit=WEEKS)


def test_where_the_last_state_is_not_satisfied_the_one_before_pays() -> None:
    german = period("de-rente", "1996-01-01 to 1996-11-01", 10)
    italian = period("it-pensione", "2000-01-01 to 2000-11-01", 43, WEEKS)
    given = replace(facts("DE", german, italian), unsatisfied_states=frozenset({"IT"}))

    # 10 + 10 months open no German right either (60 are needed): the step names Germany, and nothing is due.
    result = benefit(given)
    assert step(result, "last_state").output == "this_state"
    assert result.award is None


def test_periods_of_an_unsatisfied_legislation_are_left_out_where_they_lower_the_amount() -> None:
    # Germany: 15 points in 180 months. With 180 more months elsewhere the share is the same as the independent amount,
    # but rounding of the points can cost a cent; left out, it is the independent amount and never less (Art. 50(2)).
    given = facts("DE", GERMANY, ITALY)
    unsatisfied = replace(given, unsatisfied_states=frozenset({"IT"}))
    kept, left_out = benefit(given), benefit(unsatisfied)

    assert kept.award is not None
    assert left_out.award is not None
    assert kept.award <= left_out.award


def test_leaving_out_periods_can_raise_the_amount() -> None:
    """A flat theoretical amount is diluted by time elsewhere (883/2004 Art. 50(2), 52(1)(b)(i))."""
    # Alone 640; together 640 x 1040/1820 = 365.71, higher of both 640. Not alone: nothing without the others.
    twenty_years = period("it-pensione", "2000-01-01 to 2020-01-01", 1040, WEEKS)
    answer = NationalAnswer("it-pensione", "it-inps", eur("640"), eur("640"))
    given = replace(facts("IT", GERMANY, twenty_years), national_answers={"it-pensione": answer})
    unsatisfied = replace(given, unsatisfied_states=frozenset({"DE"}))

    assert benefit(given).award == eur("640")
    assert benefit(unsatisfied).award == eur("640")
    assert "legislations_not_satisfied" not in rules_applied(benefit(unsatisfied))


def test_an_answered_amount_for_all_periods_is_never_used_for_fewer() -> None:
    spain = replace(GERMANY, period_id="es", state="ES", scheme="es-rg", start=date(1980, 1, 1), end=date(1985, 1, 1))
    given = replace(facts("IT", GERMANY, ITALY, spain), unsatisfied_states=frozenset({"ES"}))

    with pytest.raises(DeterminationError, match="without those periods") as caught:
        decide(given)
    assert caught.value.citation == "883/2004 Art. 50(2)"


def test_displaced_voluntary_insurance_is_added_to_the_share() -> None:
    voluntary = period("it-pensione/2", "1998-01-01 to 2000-01-01", 104, WEEKS, kind=PeriodKind.VOLUNTARY)
    given = facts("IT", GERMANY, ITALY, voluntary)

    with pytest.raises(UnmodelledProvisionError, match="displaced_voluntary_amount") as caught:
        decide(given)
    assert caught.value.citation == "987/2009 Art. 43(2)"

    known = {**given.scheme_facts, "it-pensione": {"displaced_voluntary_amount": Fraction("31.50")}}
    result = benefit(replace(given, scheme_facts=known))
    assert result.pro_rata == eur("480.00")
    assert result.award == eur("511.50")  # 480.00 + 31.50


def test_more_time_than_a_full_benefit_needs_is_capped() -> None:
    germany = period("de-rente", "1975-01-01 to 2000-01-01", 300)
    italy = period("it-pensione", "2000-01-01 to 2020-01-01", 1040, WEEKS)
    given = replace(
        facts("IT", germany, italy),
        national_answers={"it-pensione": NationalAnswer("it-pensione", "it-inps", eur("800"), eur("1600"))},
    )
    result = benefit(given)

    # 300 months are 1300 weeks; 1300 + 1040 = 2340, a full benefit needs 2080: 1600 x 1040/2080 = 800
    assert result.ratio == Fraction(1040, 2080)
    assert result.pro_rata == eur("800")
    assert step(result, "maximum_period").output == 2080


def test_time_after_the_risk_does_not_count() -> None:
    later = period("it-pensione/2", "2026-07-01 to 2027-01-01", 26, WEEKS)

    assert benefit(facts("IT", GERMANY, ITALY, later)).award == benefit(facts("IT", GERMANY, ITALY)).award


def test_germany_pays_its_own_points_only_under_the_agreement_with_canada() -> None:
    four_years = period("de-rente", "1996-01-01 to 2000-01-01", 48)
    given = facts("DE", four_years, *CANADA)
    result = benefit(given, "ca-de")

    # 48 < 60 months alone; 12 contribution years are 144 months. Points from German time alone: 15 x 1.065 x 42.52.
    assert step(result, "period_credit").output == 150  # 144 + 6 months of residence without contributions
    assert result.independent is None
    assert result.award == eur("679.26")  # 15.975 x 42.52 = 679.257


def test_old_age_security_is_paid_abroad_when_all_time_together_reaches_twenty_years() -> None:
    given = facts("CA", GERMANY, *CANADA)
    result = benefit(given, "ca-de", "ca-oas")

    # 150 months are 12 whole years: 12/40 x 740.00 = 222.00; 150 + 180 months are more than 240.
    assert result.award == Money.of("222.00", "CAD")
    assert "new Art. 14(d)(i)" in str(step(result, "payable_abroad").citation)
    alone = benefit(facts("CA", *CANADA), "ca-de", "ca-oas")
    assert alone.award is None
    assert step(alone, "payable_abroad").output == "not_paid_abroad"


def test_a_flat_rate_part_is_paid_by_the_fraction() -> None:
    law = legislations()["CA"]
    plan = next(one for one in law.content.schemes if one.id == "ca-cpp")
    oas = next(one for one in law.content.schemes if one.id == "ca-oas")
    ten = oas.minimum.model_copy(update={"time": oas.minimum.time.model_copy(update={"amount": 10, "unit": YEARS})})  # type: ignore[union-attr]
    changed = plan.model_copy(update={"minimum": ten})
    needs_ten = replace(law, content=law.content.model_copy(update={"schemes": (changed,)}))
    contributions = period("ca-cpp", "2010-01-01 to 2013-01-01", 3, YEARS)
    given = facts("CA", ITALY, contributions)

    with pytest.raises(UnmodelledProvisionError) as caught:
        determine(given, agreement=agreements()["ca-it"], legislation=needs_ten)
    assert caught.value.citation == "CA-IT Art. 18(b)"

    cad = {name: Money.of(amount, "CAD") for name, amount in (("earnings", "90.00"), ("flat", "200.00"))}
    answer = NationalAnswer("ca-cpp", "ca-sc", flat_rate_amount=cad["flat"], earnings_amount=cad["earnings"])
    answered = replace(given, national_answers={"ca-cpp": answer})
    result = determine(answered, agreement=agreements()["ca-it"], legislation=needs_ten).benefits[0]
    # 90.00 + 200.00 x 3/10 = 150.00
    assert result.award == Money.of("150.00", "CAD")


def test_periods_in_a_third_state_stop_a_determination_that_turns_on_them() -> None:
    canada = (period("ca-oas", "2010-01-01 to 2014-01-01", 48),)
    italy = period("it-pensione", "2000-01-01 to 2004-01-01", 208, WEEKS)

    # 48 + 48 months are under 120; the German time could open the right (CA-IT Art. 14).
    with pytest.raises(UnmodelledProvisionError) as caught:
        decide(facts("CA", GERMANY, italy, *canada), "ca-it")
    assert caught.value.citation == "CA-IT Art. 14"
    assert benefit(facts("CA", italy, *canada), "ca-it", "ca-oas").award is None


@pytest.mark.parametrize("state", ["AT", "PL"])
def test_a_state_whose_listed_pensions_are_not_told_apart_stops_with_its_citation(state: str) -> None:
    law = legislations()["IT"]
    foreign = replace(law, content=law.content.model_copy(update={"state": state}))

    with pytest.raises(UnmodelledProvisionError) as caught:
        determine(facts(state, GERMANY, ITALY), agreement=agreements()[EU], legislation=foreign)
    assert caught.value.citation == "883/2004 Annex VIII"


def test_who_is_too_young_gets_the_day_on_which_the_age_is_reached() -> None:
    result = benefit(replace(facts("IT", GERMANY, ITALY), birth_date=date(1970, 3, 10)))

    assert result.award is None
    reached = age_reached_on(legislations()["IT"].content.schemes[0], date(1970, 3, 10))
    assert step(result, "pension_age").value("reached_on") == reached


def test_without_periods_of_its_own_a_state_owes_nothing() -> None:
    result = benefit(facts("DE", ITALY))

    assert result.award is None
    assert rules_applied(result) == ["no_own_periods"]


@pytest.mark.parametrize(
    ("faulty", "field"),
    [
        (InsurancePeriod("x", "DE", PeriodKind.COMPULSORY, "de-rente", date(2000, 1, 2), date(2000, 1, 1)), "last_day"),
        (InsurancePeriod("x", "DE", PeriodKind.COMPULSORY, "de-rente", date(2000, 1, 2), None), "last_day"),
        (InsurancePeriod("x", "de", PeriodKind.COMPULSORY, "de-rente", None, None), "state"),
        (
            InsurancePeriod(
                "x", "DE", PeriodKind.COMPULSORY, "de-rente", None, None, Duration(Fraction(9), PeriodUnit.DAYS)
            ),
            "day_regime",
        ),
    ],
)
def test_a_period_that_contradicts_itself_is_refused_with_its_place(faulty: InsurancePeriod, field: str) -> None:
    with pytest.raises(InputError) as caught:
        decide(facts("DE", GERMANY, faulty))

    assert caught.value.field == f"periods[1].{field}"


def test_a_state_that_is_no_party_is_refused() -> None:
    with pytest.raises(InputError, match="CA is not a party to 'eu-883-2004'"):
        decide(facts("CA", GERMANY, *CANADA))


def test_a_branch_that_is_not_encoded_names_no_rule() -> None:
    with pytest.raises(NoRuleInForceError):
        decide(replace(facts("DE", GERMANY), branch=Branch.SURVIVORS))


def test_a_figure_that_only_the_institution_knows_is_asked_for_by_name() -> None:
    with pytest.raises(DeterminationError, match="earnings_points"):
        decide(replace(facts("DE", GERMANY), scheme_facts={}))


def test_days_of_two_schemes_of_one_state_count_once() -> None:
    twice = replace(GERMANY, period_id="again")

    assert benefit(facts("DE", GERMANY, twice)).award == benefit(facts("DE", GERMANY)).award


def test_periods_of_two_institutions_may_have_the_same_id() -> None:
    result = benefit(facts("IT", replace(GERMANY, period_id="1"), replace(ITALY, period_id="1")))

    assert result.ratio == Fraction(520, 1300)


def test_years_that_came_one_by_one_are_converted_one_by_one() -> None:
    days = [
        InsurancePeriod(
            f"es-{year}",
            "ES",
            PeriodKind.COMPULSORY,
            "es-rg",
            date(year, 1, 1),
            date(year, 6, 1),
            Duration(Fraction(105), PeriodUnit.DAYS, DayRegime.SIX),
        )
        for year in (1990, 1991, 1992)
    ]
    own = period("de-rente", "1995-01-01 to 2000-01-01", 60)
    result = benefit(facts("DE", own, *days))

    # 105 / 26 = 4.04, so 5 months a year: 60 + 15; all at once it would be 315 / 26 = 12.1, so 13.
    assert step(result, "aggregation").output == 75


def test_a_year_told_in_two_units_is_no_longer_than_a_year() -> None:
    weeks_of_1998 = period("it-pensione/1", "1998-01-01 to 1998-07-09", 27, WEEKS)
    months_of_1998 = period("it-pensione/2", "1998-07-09 to 1999-01-01", 6)
    own = period("de-rente", "1999-01-01 to 2005-01-01", 72)
    result = benefit(facts("DE", own, weeks_of_1998, months_of_1998))

    # 27 x 6 / 26 = 6.2, so 7 months, and 6 more are 13: the calendar year holds 12 (987/2009 Art. 13(2)).
    assert result.ratio == Fraction(72, 84)


def test_every_result_carries_the_banner_the_files_and_a_citation_for_each_step_of_law() -> None:
    result = decide(facts("IT", GERMANY, ITALY))

    assert "no authority has reviewed" in result.banner
    assert [name for name, _ in result.files] == ["eu-883-2004.yaml", "it.yaml"]
    assert all(len(digest) == 64 for _, digest in result.files)
    for audience in ("jurist", "caseworker", "worker"):
        assert render(result, audience).startswith(result.banner)
    uncited = {one.rule for one in result.benefits[0].steps if one.citation is None}
    assert uncited == set()


def test_a_trace_is_the_same_whenever_it_is_made_and_says_no_float() -> None:
    given = facts("IT", GERMANY, ITALY)

    assert trace_bytes(decide(given)) == trace_bytes(decide(given))
    assert b'"award":"480 EUR"' in trace_bytes(decide(given))


def test_the_worker_reads_short_sentences() -> None:
    text = render(decide(facts("IT", GERMANY, ITALY)), "worker")

    assert "You would get €480.00 a month." in text
    assert max(len(sentence.split()) for line in text.splitlines() for sentence in line.split(". ")) <= 30
