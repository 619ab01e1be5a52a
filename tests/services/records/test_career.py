"""The career record: what was true and what we knew, what can be counted, totals, quirks, and what was checked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.memory.records import MemoryRecordWork
from portability.agreements.careers import AnswerStatus, CareerRecord, Evidence, EvidenceLevel, RecordedPeriod
from portability.agreements.packaged import agreements
from portability.agreements.periods import DayRegime, Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.rules import PeriodConversion
from portability.agreements.values import Branch
from portability.services.records.career import (
    CareerPeriod,
    CareerStatement,
    CareerTotal,
    PartialDate,
    PeriodStatus,
    PeriodSum,
    TotalScope,
    as_known_at,
    counted,
    statement_of,
    superseded,
)
from portability.services.records.career_mapping.statements import write_known_career
from portability.services.records.career_totals import TotalOutcome, check_totals, totals
from portability.services.records.career_view import AroundCase, Stater, known_careers
from portability.services.records.handlers import get_career
from portability.services.records.quirks import known_quirks, quirks_of
from portability.services.records.verifying import (
    CheckCode,
    CheckOutcome,
    Known,
    VerificationLevel,
    checks_of,
    for_a_person,
    level_of,
)

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
MARCH, MAY = datetime(2026, 3, 1, 9, tzinfo=UTC), datetime(2026, 5, 1, 9, tzinfo=UTC)
TODAY = date(2026, 5, 2)


def months(number: int) -> PeriodSum:
    return PeriodSum(months=Fraction(number))


def years(number: int) -> PeriodSum:
    return PeriodSum(years=Fraction(number))


def period(identity: str, first: str = "2000-01-01", last: str = "2000-12-31", **fields: object) -> CareerPeriod:
    days = [PartialDate(*map(int, one.split("-"))) if one else None for one in (first, last)]
    given = {"period_type": "10", "scheme": "00", "sum": months(12), "relevance": "111", "calculation": "111", **fields}
    return CareerPeriod(identity, "", days[0], days[1], **given)  # type: ignore[arg-type]


def statement(
    *periods: CareerPeriod, at: datetime = MARCH, state: str = "NO", sent: Sequence[CareerTotal] = ()
) -> CareerStatement:
    return CareerStatement(state, f"{state.lower()}-nav", AnswerStatus.KNOWN, at, periods=periods, totals=tuple(sent))


def test_a_later_statement_leaves_what_was_known_before_in_sight() -> None:
    kept, changed, gone = period("a"), period("b", "2001-01-01", "2001-12-31"), period("c", "2003-01-01", "2003-12-31")
    corrected = period("d", "2001-02-01", "2001-12-31", sum=months(11))
    first, second = statement(kept, changed, gone), statement(kept, corrected, at=MAY)

    now = superseded(first, second)

    assert [(one.period_id, one.status, one.superseded_by) for one in now.periods] == [
        ("a", PeriodStatus.CURRENT, ""),
        ("d", PeriodStatus.CURRENT, ""),
        ("b", PeriodStatus.SUPERSEDED, "d"),
        ("c", PeriodStatus.WITHDRAWN, ""),
    ]
    assert as_known_at([second, first], MARCH) == (first,)
    assert as_known_at([second, first], MAY) == (now,)
    assert as_known_at([second, first], datetime(2026, 2, 1, tzinfo=UTC)) == ()
    assert [one.period.period_id for one in counted(now)[0]] == ["a", "d"]


def test_a_period_that_keeps_its_id_and_changes_stands_twice_with_two_ids() -> None:
    now = superseded(statement(period("a")), statement(period("a", sum=months(11)), at=MAY))

    old = now.periods[1]
    assert (old.period_id, old.status, old.superseded_by) == ("a@20260301T090000Z", PeriodStatus.SUPERSEDED, "a")
    third = superseded(now, statement(period("a", sum=months(10)), at=datetime(2026, 6, 1, tzinfo=UTC)))
    assert [one.period_id for one in third.periods] == ["a", "a@20260501T090000Z", "a@20260301T090000Z"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (period("x", "", "", sum=PeriodSum(days=Fraction(7))), "987/2009 Art. 13"),
        (period("x", "", "", sum=None), "neither dates nor a sum"),
        (period("x", last=""), "one date only"),
        (period("x", "2000", sum=None), "not known to the day"),
        (period("x", period_type=""), "its type is missing"),
        (period("x", sum=PeriodSum(months=Fraction(1), weeks=Fraction(2))), "mixes months with weeks"),
    ],
)
def test_what_the_law_core_cannot_count_is_said(given: CareerPeriod, reason: str) -> None:
    periods, left = counted(statement(given))

    assert periods == ()
    assert [one.period_id for one in left] == ["x"]
    assert reason in left[0].reason


def test_what_it_can_count_keeps_dates_amount_and_unit() -> None:
    given = statement(
        period("a", sum=PeriodSum(years=Fraction(1), months=Fraction(2))),
        period("b", "2001", "2002", sum=PeriodSum(days=Fraction(5), day_regime=DayRegime.SIX), period_type="45"),
        state="SE",
    )
    one, other = (each.period for each in counted(given)[0])

    assert (one.state, one.start, one.end) == ("SE", date(2000, 1, 1), date(2001, 1, 1))
    assert (one.kind, one.duration) == (PeriodKind.COMPULSORY, Duration(Fraction(14), PeriodUnit.MONTHS))
    assert (other.start, other.kind) == (None, PeriodKind.EQUIVALENT)
    assert other.duration == Duration(Fraction(5), PeriodUnit.DAYS, DayRegime.SIX)


def test_what_its_institution_calls_not_relevant_to_the_right_is_not_counted_for_it() -> None:
    given = statement(period("a", relevance="110"), period("b", relevance="001"), period("c", relevance=""))
    old_age, left = counted(given, branch=Branch.OLD_AGE)
    assert [one.period.period_id for one in old_age] == ["a", "c"]
    assert [(one.period_id, one.reason) for one in left] == [
        ("b", "Its institution says that it is not relevant to old age: ask it if you know better.")
    ]
    assert [one.period.period_id for one in counted(given, branch=Branch.INVALIDITY)[0]] == ["b", "c"]
    assert len(counted(given, branch=Branch.FAMILY)[0]) == len(counted(given)[0]) == 3


def total(scope: TotalScope, amount: PeriodSum, period_type: str = "10") -> CareerTotal:
    return CareerTotal(scope, amount, period_type)


def test_totals_are_counted_again_and_a_difference_is_noted() -> None:
    # 12 + 12 months are 2 years; 3 years are not.
    right = total(TotalScope.RELEVANCE, PeriodSum(years=Fraction(2)))
    wrong = total(TotalScope.CALCULATION, PeriodSum(years=Fraction(3)))
    given = statement(period("a"), period("b", "2001-01-01", "2001-12-31"), sent=[right, wrong])

    same, different = check_totals(given)

    assert same.outcome is TotalOutcome.SAME
    assert (different.outcome, different.computed.in_months) == (TotalOutcome.DIFFERENT, 24)
    assert given.totals == (right, wrong)  # nothing is mended
    assert [(one.period_type, one.sum.in_months) for one in totals(given, TotalScope.RELEVANCE)] == [("10", 24)]


def test_a_total_that_carries_days_into_months_needs_the_agreements_conversion() -> None:
    part = PeriodSum(days=Fraction(20), day_regime=DayRegime.SEVEN)
    # 20 + 20 days are 1 month and 10 days where 30 days make a month (987/2009 Art. 13(3)).
    sent = total(TotalScope.RELEVANCE, PeriodSum(months=Fraction(1), days=Fraction(10), day_regime=DayRegime.SEVEN))
    given = statement(period("a", sum=part), period("b", sum=part), sent=[sent])
    rule = next(one for one in agreements()["eu-883-2004"].content.rules if isinstance(one, PeriodConversion))

    assert check_totals(given)[0].outcome is TotalOutcome.NOT_COMPARABLE
    assert check_totals(given, rule=rule)[0].outcome is TotalOutcome.SAME
    no_sum = replace(given, periods=(period("a", sum=None),))
    assert check_totals(no_sum, rule=rule)[0].outcome is TotalOutcome.NOT_COMPARABLE


def test_child_raising_counts_for_the_amount_only() -> None:
    given = statement(
        period("a"),
        period("b", period_type="45"),
        sent=[
            CareerTotal(TotalScope.RELEVANCE, months(12)),
            CareerTotal(TotalScope.CALCULATION, months(24)),
        ],
    )

    assert [one.outcome for one in check_totals(given)] == [TotalOutcome.SAME, TotalOutcome.SAME]
    assert [one.outcome for one in check_totals(given, quirks=())] == [TotalOutcome.DIFFERENT, TotalOutcome.SAME]


def test_norway_caps_at_forty_years_for_the_amount() -> None:
    forty = PeriodSum(years=Fraction(40))
    long = period("a", "1970-01-01", "2011-12-31", sum=PeriodSum(years=Fraction(42)))
    sent = [total(TotalScope.CALCULATION, forty), total(TotalScope.RELEVANCE, forty)]

    capped, other = check_totals(statement(long, sent=sent))
    assert (capped.outcome, other.outcome) == (TotalOutcome.EXPLAINED, TotalOutcome.DIFFERENT)
    assert check_totals(statement(long, sent=sent, state="SE"))[0].outcome is TotalOutcome.DIFFERENT


def quirk_ids(*periods: CareerPeriod, state: str = "NO", **around: date) -> set[str]:
    return {one.quirk_id for one in quirks_of(statement(*periods, state=state), today=TODAY, **around)}


def test_each_quirk_is_met_where_it_is_and_nowhere_else() -> None:
    german = period("a", "2000-08-16", "2000-09-20", sum=months(2))
    assert quirk_ids(german, state="DE") == {"germany-whole-months"}
    assert quirk_ids(period("a", "2000-10-05", "2000-12-20", sum=months(3)), state="DE") == {"germany-whole-months"}
    assert quirk_ids(german) == set()
    assert quirk_ids(period("a", "", "")) == {"sum-without-dates"}
    assert quirk_ids(period("a", "2026-01-01", "2026-12-31", period_type="41")) == {"sickness-runs-on"}
    assert quirk_ids(period("a", "2026-01-01", "2026-12-31")) == set()
    # Three and a half months of income in a year are three and a half months (Norway).
    assert quirk_ids(period("a", sum=PeriodSum(months=Fraction(3), days=Fraction(15)))) == {"averaged-income"}
    assert quirk_ids(period("a"), period("b", "2001-01-01", "2001-12-31")) == {"many-pieces"}
    assert quirk_ids(period("a"), period("b", "2000-06-01", "2001-05-31")) == {"many-pieces"}  # overlapping
    assert quirk_ids(period("a"), period("b", "2001-01-02", "2001-12-31")) == set()
    assert quirk_ids(period("a"), period("b", "2001-01-01", "2001-12-31", scheme="01")) == set()
    after = {"contingency_on": date(1999, 12, 31)}
    assert quirk_ids(period("a"), **after) == {"after-the-contingency"}
    assert quirk_ids(period("a"), contingency_on=date(2000, 1, 1)) == set()


def test_a_quirk_says_whether_its_source_was_read() -> None:
    assert {one.id for one in known_quirks() if not one.verified} == {"sum-without-dates", "after-the-contingency"}


ALL_WELL = Known(TODAY, signed="", competent="", identified="", birth_date=date(1970, 1, 1))


def test_a_period_of_which_all_is_known_is_verified_to_the_end() -> None:
    checks = checks_of(period("a"), ALL_WELL)

    assert level_of(checks) is VerificationLevel.CONSISTENT
    assert for_a_person(checks, least=VerificationLevel.CONSISTENT) == ()


def test_what_nobody_looked_at_is_no_pass() -> None:
    checks = checks_of(period("a"), Known(TODAY, signed=""))

    assert level_of(checks) is VerificationLevel.SIGNED
    assert for_a_person(checks, least=VerificationLevel.SIGNED) == ()
    assert for_a_person(checks, least=VerificationLevel.IDENTIFIED) == (
        "competent: Nobody has looked.",
        "identified: Nobody has looked.",
    )
    assert level_of(()) is VerificationLevel.NONE
    assert for_a_person((), least=VerificationLevel.NONE) == ("Nothing was checked.",)


@pytest.mark.parametrize(
    ("given", "around", "code", "reason"),
    [
        (period("a"), {"signed": "It does not verify."}, CheckCode.SIGNED, "does not verify"),
        (period("a"), {"competent": "Not named: ask who is."}, CheckCode.COMPETENT, "ask who is"),
        (period("a"), {"identified": "No number of hers."}, CheckCode.IDENTIFIED, "No number"),
        (period("a", "1969-01-01"), {}, CheckCode.PLAUSIBLE, "before the person was born"),
        (period("a", "1960-01-01", "1961-12-31"), {}, CheckCode.PLAUSIBLE, "before the person was born"),
        (period("a", "2026-05-03", "2026-06-01"), {}, CheckCode.PLAUSIBLE, "begins in the future"),
        (period("a", "2026-05-01", "2026-05-03"), {}, CheckCode.PLAUSIBLE, "ends in the future"),
        (period("a", "2001-01-01", "2000-01-01"), {}, CheckCode.PLAUSIBLE, "ends before it begins"),
        (period("a", sum=months(13)), {}, CheckCode.PLAUSIBLE, "longer than the calendar"),
        (period("a", "2002-02-01", "2015-12-31", sum=years(15)), {}, CheckCode.PLAUSIBLE, "longer than the calendar"),
        (period("a", "", "", sum=months(1_501)), {}, CheckCode.PLAUSIBLE, "longer than 125 years"),
        (period("a", sum=PeriodSum(days=Fraction(367))), {}, CheckCode.PLAUSIBLE, "days are more"),
        (period("a"), {"others": (period("b", period_type="20"),)}, CheckCode.CONSISTENT, "as type 20"),
        (period("a"), {"others": (period("a", sum=months(11)),)}, CheckCode.CONSISTENT, "another content"),
    ],
)
def test_what_fails_goes_to_a_person_with_its_reason(
    given: CareerPeriod, around: dict[str, object], code: CheckCode, reason: str
) -> None:
    checks = checks_of(given, replace(ALL_WELL, **around))  # type: ignore[arg-type]

    assert [one.code for one in checks if one.outcome is CheckOutcome.FAILED] == [code]
    (said,) = for_a_person(checks, least=VerificationLevel.NONE)
    assert reason in said
    assert level_of(checks) == list(CheckCode).index(code)


@pytest.mark.parametrize(
    "other",
    [
        period("b", period_type="45"),  # credited time may stand beside insurance
        period("b", period_type="20", scheme="01"),
        period("b", "2001-01-01", "2001-12-31", period_type="20"),
        period("b", period_type="20", status=PeriodStatus.WITHDRAWN),
    ],
)
def test_what_only_stands_beside_contradicts_nothing(other: CareerPeriod) -> None:
    assert level_of(checks_of(period("a"), replace(ALL_WELL, others=(other,)))) is VerificationLevel.CONSISTENT


def test_what_may_only_overlap_contradicts_nothing() -> None:
    until_some_day_of_2000 = period("b", "1999-01-01", "2000", period_type="20")
    known = replace(ALL_WELL, others=(until_some_day_of_2000,))

    assert level_of(checks_of(period("a", "2000-03-01", sum=None), known)) is VerificationLevel.CONSISTENT
    assert level_of(checks_of(period("a", sum=None), known)) is VerificationLevel.PLAUSIBLE  # 1 January is in both


def test_a_scheme_that_counts_in_years_may_count_each_that_is_touched() -> None:
    """Canada Pension Plan: a year with contributions in eleven months of it is a year."""
    checks = checks_of(period("a", "2002-02-01", "2015-12-31", sum=years(14)), ALL_WELL)
    assert level_of(checks) is VerificationLevel.CONSISTENT


@pytest.mark.parametrize("last", ["2000-02-29", "2000-02", "2000"])
def test_a_date_of_which_parts_are_unknown_gets_the_benefit_of_the_doubt(last: str) -> None:
    checks = checks_of(period("a", "2000-02", last, sum=months(1)), ALL_WELL)
    assert level_of(checks) is VerificationLevel.CONSISTENT


def recorded(identity: str, first: date, end: date) -> RecordedPeriod:
    insured = InsurancePeriod(identity, "NO", PeriodKind.COMPULSORY, "no-ft", first, end, period_type="10")
    return RecordedPeriod(insured, Evidence(EvidenceLevel.FINAL_ACCOUNT, "account", "no-nav", date(2026, 1, 1)))


async def test_a_career_is_shown_as_it_was_known_at_an_instant() -> None:
    work, case_id = MemoryRecordWork(), time_ordered_id()
    asked = CareerRecord("NO", "no-nav", AnswerStatus.ASKED_NO_ANSWER, asked_on=date(2026, 2, 1))
    told = replace(asked, status=AnswerStatus.KNOWN, periods=(recorded("a", date(2000, 1, 1), date(2001, 1, 1)),))
    corrected = replace(told, periods=(recorded("b", date(2000, 2, 1), date(2001, 1, 1)),))
    await work.careers.put(case_id, asked, at=datetime(2026, 2, 1, tzinfo=UTC))
    await work.careers.put(case_id, told, at=MARCH)
    await work.careers.put(case_id, corrected, at=MAY)

    for at, status, ids in (
        (datetime(2026, 2, 2, tzinfo=UTC), AnswerStatus.ASKED_NO_ANSWER, []),
        (MARCH, AnswerStatus.KNOWN, ["a"]),
        (MAY, AnswerStatus.KNOWN, ["b", "a"]),
    ):
        countries, careers = await get_career(case_id, careers=work.careers, facts=work.facts, at=at)
        assert [one.status for one in countries] == [status]
        assert [one.period_id for one in careers[0].statement.periods] == ids
    assert await get_career(case_id, careers=work.careers, facts=work.facts, at=JANUARY) == ([], ())


def test_what_is_shown_has_each_check_with_its_reason() -> None:
    told = CareerRecord(
        "NO", "no-nav", AnswerStatus.KNOWN, periods=(recorded("a", date(2000, 1, 1), date(2027, 1, 1)),)
    )
    around = AroundCase(date(1970, 1, 1), {"no-nav": Stater("", "No number of hers.")})
    (career,) = known_careers([(MARCH, told)], at=MAY, around=around)
    shown = write_known_career(career)

    assert shown.statement.known_at == Timestamp(seconds=int(MARCH.timestamp()))
    assert [(check.code, check.outcome) for check in shown.checks] == [(1, 1), (2, 1), (3, 2), (4, 2), (5, 1)]
    assert "ends in the future" in shown.checks[3].reason
    assert statement_of(told, known_at=MARCH).periods[0].last_day == PartialDate(2026, 12, 31)
