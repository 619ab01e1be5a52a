"""What holds for every career: order, overlaps, aggregation, shares, replay."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from portability.agreements.conversion import convert, units_per_year
from portability.agreements.determination import determine
from portability.agreements.explanation import trace_bytes
from portability.agreements.lookup import rule_in_force
from portability.agreements.model import DeterminationFacts, NationalAnswer
from portability.agreements.overlap import resolve_overlaps
from portability.agreements.packaged import agreements, legislations
from portability.agreements.periods import DayRegime, Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.rules import Overlap, PeriodConversion
from portability.agreements.spans import days_of, union
from portability.agreements.values import Branch, Money

EU = agreements()["eu-883-2004"]
ON = date(2026, 7, 1)
OVERLAP = rule_in_force(EU, Overlap, branch=Branch.OLD_AGE, on=ON)
CONVERSION = rule_in_force(EU, PeriodConversion, branch=Branch.OLD_AGE, on=ON)
SCHEMES = {"DE": "de-rente", "IT": "it-pensione"}

days = st.dates(date(1975, 1, 1), date(2025, 1, 1))
units = st.sampled_from([PeriodUnit.WEEKS, PeriodUnit.MONTHS, PeriodUnit.QUARTERS, PeriodUnit.YEARS])
regimes = st.sampled_from(DayRegime)


@st.composite
def periods(draw: st.DrawFn, kinds: tuple[PeriodKind, ...] = tuple(PeriodKind)) -> list[InsurancePeriod]:
    """A career in Germany and Italy: dated periods with dates alone, in any order, overlapping as they like."""
    career = []
    for number in range(draw(st.integers(1, 6))):
        state = draw(st.sampled_from(sorted(SCHEMES)))
        start = draw(days)
        end = start + timedelta(days=draw(st.integers(1, 4000)))
        career.append(InsurancePeriod(f"p{number}", state, draw(st.sampled_from(kinds)), SCHEMES[state], start, end))
    return career


def facts(state: str, career: list[InsurancePeriod]) -> DeterminationFacts:
    return DeterminationFacts(
        state=state,
        branch=Branch.OLD_AGE,
        birth_date=date(1955, 1, 1),
        residence_state="IT",
        risk_materialised_on=ON,
        award_on=ON,
        periods=tuple(career),
        scheme_facts={
            "de-rente": {"earnings_points": Fraction(20), "displaced_voluntary_amount": Fraction(0)},
            "it-pensione": {"displaced_voluntary_amount": Fraction(0)},
        },
        national_answers={
            "it-pensione": NationalAnswer("it-pensione", "it-inps", Money.of(700, "EUR"), Money.of(1200, "EUR"))
        },
    )


def result(state: str, career: list[InsurancePeriod]) -> bytes:
    return trace_bytes(determine(facts(state, career), agreement=EU, legislation=legislations()[state]))


@given(periods(), st.sampled_from(sorted(SCHEMES)), st.randoms(use_true_random=False))
def test_the_order_in_which_periods_arrive_changes_nothing(career, state, chance) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(career)
    chance.shuffle(shuffled)

    assert result(state, career) == result(state, shuffled)


@given(periods(), st.sampled_from(sorted(SCHEMES)))
def test_a_replay_gives_the_same_bytes(career: list[InsurancePeriod], state: str) -> None:
    assert result(state, career) == result(state, list(career))


@given(periods(), st.sampled_from(sorted(SCHEMES)))
def test_no_day_counts_in_two_states_and_none_is_lost(career: list[InsurancePeriod], state: str) -> None:
    counted, _ = resolve_overlaps(career, rule=OVERLAP, applying_state=state)

    by_state = [union(span for one in counted if one.period.state == each for span in one.spans) for each in SCHEMES]
    everything = union((one.start, one.end) for one in career if one.start and one.end)
    assert sum(days_of(spans) for spans in by_state) == days_of(everything)


@given(periods(), st.sampled_from(sorted(SCHEMES)))
def test_a_share_is_never_more_than_the_whole(career: list[InsurancePeriod], state: str) -> None:
    outcome = determine(facts(state, career), agreement=EU, legislation=legislations()[state]).benefits[0]

    assert outcome.ratio is None or 0 <= outcome.ratio <= 1


@given(periods(), st.sampled_from(sorted(SCHEMES)))
def test_aggregation_never_lowers_a_right(career: list[InsurancePeriod], state: str) -> None:
    """Whoever is entitled on own periods alone stays so with the others', and gets no less (883/2004 Art. 52(3))."""
    law = legislations()[state]
    own = [period for period in career if period.state == state]
    assume(own)
    alone = determine(facts(state, own), agreement=EU, legislation=law).benefits[0]
    together = determine(facts(state, career), agreement=EU, legislation=law).benefits[0]

    if alone.independent is not None:
        assert together.independent == alone.independent
        assert together.award is not None
        assert alone.independent <= together.award


@given(st.integers(12, 480), st.integers(12, 480))
def test_the_shares_of_all_states_sum_to_one_where_units_agree(german_months: int, italian_months: int) -> None:
    """Both states count in months and nothing coincides: each share is own / all (883/2004 Art. 52(1)(b)(ii))."""
    assume(german_months + italian_months >= 240)
    one = Duration(Fraction(german_months), PeriodUnit.MONTHS)
    other = Duration(Fraction(italian_months), PeriodUnit.MONTHS)
    career = [
        InsurancePeriod("d", "DE", PeriodKind.COMPULSORY, "de-rente", None, None, one),
        InsurancePeriod("i", "IT", PeriodKind.COMPULSORY, "it-pensione", None, None, other),
    ]
    law = legislations()["IT"]
    scheme = law.content.schemes[0].model_copy(update={"unit": PeriodUnit.MONTHS, "minimum": None, "full_after": None})
    in_months = replace(law, content=law.content.model_copy(update={"schemes": (scheme,)}))
    german = determine(facts("DE", career), agreement=EU, legislation=legislations()["DE"]).benefits[0]
    italian = determine(facts("IT", career), agreement=EU, legislation=in_months).benefits[0]

    assert german.ratio is not None
    assert italian.ratio is not None
    assert german.ratio + italian.ratio == 1


@given(st.fractions(0, 2000), units, units)
def test_a_conversion_never_takes_time_away(amount: Fraction, source: PeriodUnit, target: PeriodUnit) -> None:
    """There and back is never less than before, because fractions go up (987/2009 Art. 13(1)(e))."""
    there = convert(Duration(amount, source), to=target, rule=CONVERSION)
    back = convert(there, to=source, rule=CONVERSION)

    assert back.amount >= amount


@given(st.integers(0, 400), regimes, units, st.integers(1, 3))
def test_a_calendar_year_never_gives_more_than_a_year(
    amount: int, regime: DayRegime, target: PeriodUnit, years: int
) -> None:
    duration = Duration(Fraction(amount), PeriodUnit.DAYS, regime)
    converted = convert(duration, to=target, rule=CONVERSION, calendar_years=years)

    assert converted.amount <= units_per_year(target, None, CONVERSION) * years


@given(regimes, units)
def test_a_full_year_stays_a_full_year(regime: DayRegime, target: PeriodUnit) -> None:
    """987/2009 Art. 13(2), second subparagraph, in both directions."""
    full = Duration(units_per_year(PeriodUnit.DAYS, regime, CONVERSION), PeriodUnit.DAYS, regime)

    there = convert(full, to=target, rule=CONVERSION, calendar_years=1)
    assert there.amount == units_per_year(target, None, CONVERSION)
    back = convert(there, to=PeriodUnit.DAYS, day_regime=regime, rule=CONVERSION, calendar_years=1)
    assert back.amount == full.amount
