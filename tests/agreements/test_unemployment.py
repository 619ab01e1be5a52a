"""Unemployment benefits across states: periods, the paying state, months abroad, repayment."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from portability.agreements.applicable_rules import LawOn
from portability.agreements.errors import InputError
from portability.agreements.packaged import agreement
from portability.agreements.rules import (
    UnemploymentAggregation,
    UnemploymentCompetence,
    UnemploymentExport,
    UnemploymentReimbursement,
)
from portability.agreements.unemployment import UnemployedPerson, WorkPeriod, aggregate_work, paying_state
from portability.agreements.unemployment_abroad import Export, JobSearch, export_result, keeps_the_rest, reimbursement
from portability.agreements.values import Money

LAW = LawOn(agreement("eu-883-2004"), date(2024, 1, 1))
EXPORT = LAW.rule(UnemploymentExport)
SEARCH = JobSearch(date(2024, 1, 1), date(2024, 1, 29), date(2024, 2, 5), date(2024, 12, 31))
PERSON = UnemployedPerson("LU", "FR", wholly=True, frontier_worker=True, back_in_residence_state=True)


def aggregate(*periods: WorkPeriod, required: int = 12) -> tuple[Fraction, Fraction, bool]:
    result = aggregate_work(
        periods,
        state="FR",
        needs="insurance",
        required=Fraction(required),
        last_completed_in="FR",
        claims_as_resident=False,
        rule=LAW.rule(UnemploymentAggregation),
    )
    return result.own, result.others, result.qualifies


def test_periods_elsewhere_count_only_as_far_as_they_are_needed() -> None:
    own = WorkPeriod("FR", "insurance", Fraction(12))

    assert aggregate(own, WorkPeriod("DE", "insurance", Fraction(5))) == (12, 0, True)
    assert aggregate(own, WorkPeriod("DE", "insurance", Fraction(5)), required=13) == (12, 5, True)


@pytest.mark.parametrize(("insured", "others"), [(True, 9), (False, 0)])
def test_work_elsewhere_counts_if_it_would_have_been_insured_here(insured: object, others: int) -> None:
    work = WorkPeriod("DE", "employment", Fraction(9), insured_here=bool(insured))

    assert aggregate(WorkPeriod("FR", "insurance", Fraction(4)), work) == (4, others, bool(insured))


def test_whether_work_would_have_been_insured_here_is_asked() -> None:
    with pytest.raises(InputError, match="Would the employment in DE have been insured here"):
        aggregate(WorkPeriod("DE", "employment", Fraction(9)))


@pytest.mark.parametrize(
    ("changed", "state", "cite"),
    [
        ({}, "FR", "883/2004 Art. 65(5)(a)"),
        ({"wholly": False}, "LU", "883/2004 Art. 65(1)"),
        ({"residence_state": "LU"}, "LU", "883/2004 Art. 11(3)(a)"),
        ({"self_employed_without_scheme_at_home": True}, "LU", "883/2004 Art. 65a(2)"),
        ({"special_scheme_for_civil_servants": True}, "LU", "987/2009 Art. 57(2)"),
        (
            {"frontier_worker": False, "back_in_residence_state": False},
            "LU",
            "883/2004 Art. 65(2), second subparagraph",
        ),
    ],
    ids=["frontier", "short time", "lives there", "no scheme at home", "officials", "stays"],
)
def test_one_state_pays_by_one_provision(changed: dict[str, object], state: str, cite: str) -> None:
    result = paying_state(replace(PERSON, **changed), rule=LAW.rule(UnemploymentCompetence))  # type: ignore[arg-type]

    assert (result.state, str(result.citation)) == (state, cite)


def test_who_went_back_after_benefits_of_the_state_of_work_has_those_first() -> None:
    back = replace(PERSON, frontier_worker=False, paid_by_state_of_work_first=True)

    result = paying_state(back, rule=LAW.rule(UnemploymentCompetence))
    assert (result.state, str(result.first_as_if_looking_for_work)) == ("FR", "883/2004 Art. 65(5)(b)")


def test_a_frontier_worker_who_moved_elsewhere_is_no_case_of_the_rule() -> None:
    with pytest.raises(InputError, match="moved elsewhere"):
        paying_state(replace(PERSON, back_in_residence_state=False), rule=LAW.rule(UnemploymentCompetence))


@pytest.mark.parametrize(("left", "paid"), [(date(2024, 1, 28), False), (date(2024, 1, 29), True)])
def test_four_weeks_at_home_come_first(left: date, *, paid: bool) -> None:
    assert (export_result(replace(SEARCH, left_on=left), rule=EXPORT).first_day is not None) is paid


def test_who_may_leave_early_is_paid_from_leaving() -> None:
    early = replace(SEARCH, left_on=date(2024, 1, 10), registered_on=date(2024, 1, 11), may_leave_early=True)

    assert export_result(early, rule=EXPORT).first_day == date(2024, 1, 10)


@pytest.mark.parametrize(
    ("registered", "first"),
    [(date(2024, 2, 5), date(2024, 1, 29)), (date(2024, 2, 6), date(2024, 2, 6)), (None, None)],
    ids=["on the seventh day", "a day late", "never"],
)
def test_seven_days_to_register(registered: date | None, first: date | None) -> None:
    assert export_result(replace(SEARCH, registered_on=registered), rule=EXPORT).first_day == first


@pytest.mark.parametrize(
    ("granted", "used", "last"),
    [(None, 0, date(2024, 4, 28)), (6, 0, date(2024, 7, 28)), (9, 0, date(2024, 7, 28)), (None, 2, date(2024, 2, 28)),
     (None, 3, None)],
)  # fmt: skip
def test_three_months_or_up_to_six_between_two_jobs(granted: int | None, used: int, last: date | None) -> None:
    search = replace(SEARCH, extended_to_months=granted, months_used=used)

    assert export_result(search, rule=EXPORT).last_day == last


@pytest.mark.parametrize(("returned", "keeps"), [(date(2024, 4, 28), True), (date(2024, 4, 29), False), (None, False)])
def test_who_is_back_on_the_last_day_keeps_the_rest(returned: date | None, *, keeps: bool) -> None:
    export = export_result(SEARCH, rule=EXPORT)

    assert keeps_the_rest(export, returned_on=returned, may_return_late=False, law_is_kinder=False) is keeps
    assert keeps_the_rest(export, returned_on=returned, may_return_late=True, law_is_kinder=False) is bool(returned)
    assert keeps_the_rest(Export(None, None, export.citation), returned_on=None, may_return_late=False,
                          law_is_kinder=True)  # fmt: skip


@pytest.mark.parametrize(
    ("work", "exported", "months", "amount"), [(11, 0, 3, 3000), (12, 0, 5, 5000), (12, 3, 2, 2000), (0, 3, 0, 0)]
)
def test_months_looking_for_work_are_deducted_from_those_repaid(
    work: int, exported: int, months: int, amount: int
) -> None:
    result = reimbursement(
        Money.of(1000, "EUR"),
        state_of_work_would_pay=Money.of(1200, "EUR"),
        months_paid=12,
        months_of_work_before=Fraction(work),
        exported_months=exported,
        rule=LAW.rule(UnemploymentReimbursement),
    )

    assert (result.months, result.amount.amount) == (months, amount)
