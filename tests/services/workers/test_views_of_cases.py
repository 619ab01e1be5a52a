"""What a node's cases and careers look like to the worker whose they are."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest

from portability.adapters.memory.declarations import MemoryDeclarations
from portability.adapters.memory.looks import MemoryLooks, MemoryProtected
from portability.adapters.memory.workers import MemoryWorkerCases
from portability.agreements.careers import (
    AnswerStatus,
    CareerRecord,
    Evidence,
    EvidenceLevel,
    PersonIdentifier,
    RecordedPeriod,
)
from portability.agreements.periods import Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.values import Branch, Citation, Money
from portability.app.worker_views import Names, WorkerViews
from portability.services.access import Role
from portability.services.cases.claims import ClaimCase
from portability.services.cases.flow import steps
from portability.services.cases.model import (
    AgreementUsed,
    AwardBasis,
    Case,
    CaseSummary,
    Claim,
    DecidedAmount,
    Decision,
    DecisionResult,
    DeclaredPeriod,
    Explanation,
    Frequency,
    Participant,
    Person,
    RefusalReason,
    Remedy,
)
from portability.services.cases.procedure import ServiceStandards
from portability.services.looking import Look
from portability.services.workers.story import decision_phrases, where_phrase, why_lines
from portability.services.workers.views import Outcome
from portability.services.workers.words import words_for

ROSA, ADA = UUID(int=1), UUID(int=2)
CASE, LATER_CASE, ADAS_CASE = UUID(int=10), UUID(int=11), UUID(int=12)
OPENED = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
ANSWERED = OPENED + timedelta(days=20)
ART_48 = Citation("Regulation (EC) No 987/2009", "Art. 48(1)")
NAMES = {"it-inps": "INPS", "de-drv": "Deutsche Rentenversicherung"}


def case(case_id: UUID = CASE) -> Case:
    person = Person(
        "Esposito", "Rosa", date(1959, 3, 2), "IT", (PersonIdentifier("IT", "social_security", "XX0000000001"),)
    )
    declared = (
        DeclaredPeriod("IT", date(1995, 6, 1), date(2011, 1, 1)),
        DeclaredPeriod("DE", date(1985, 4, 1), date(1995, 2, 1), "work in a hotel"),
        DeclaredPeriod("TN", date(1980, 1, 1), date(1981, 1, 1), "school"),
    )
    return Case(
        case_id=case_id,
        branch=Branch.OLD_AGE,
        contact="it-inps",
        claim=Claim(person, date(2026, 9, 1), date(2026, 10, 1), declared),
        opened_at=OPENED,
        known_since=OPENED,
        participants=(
            Participant("it-inps", "IT", "eu-883-2004", OPENED, AnswerStatus.KNOWN, answered_at=OPENED),
            Participant("de-drv", "DE", "eu-883-2004", OPENED),
        ),
    )


def decision() -> Decision:
    return Decision(
        decision_id=UUID(int=20),
        institution="de-drv",
        state="DE",
        branch=Branch.OLD_AGE,
        basis=AwardBasis.WORK,
        result=DecisionResult.GRANTED,
        effective_on=date(2026, 10, 1),
        amounts=(DecidedAmount("de-rente", Money.of("476.72", "EUR"), Frequency.MONTH, date(2026, 10, 1)),),
        refusal_reasons=(),
        citations=(),
        remedy=Remedy("Widerspruch", "10704 Berlin", "one month from receipt", None, ART_48),
        decided_by="J. Albrecht",
        # 23:30 UTC is already the next day in Rome.
        decided_at=datetime(2026, 11, 4, 23, 30, tzinfo=UTC),
        explanation=(
            Explanation(
                "pro_rata_benefit",
                Citation("Regulation (EC) No 883/2004", "Art. 52(1)(b)(ii)"),
                "1212.00 EUR x 118/300 = 476.72 EUR.",
                "You completed 118 of 300 months there, so your share is 476.72 EUR a month.",
                "476.72 EUR",
                values=(
                    ("own", '{"number":"118"}'),
                    ("total", '{"number":"300"}'),
                    ("unit", '"months"'),
                    ("output", '{"money":"11918/25","currency":"EUR"}'),
                ),
            ),
            Explanation("rounding", None, "476.7200 is 476.72 EUR."),
        ),
        agreements=(AgreementUsed("eu-883-2004", "0" * 64),),
        review_status="unverified",
    )


def record(state: str, institution: str, status: AnswerStatus, answered_on: date | None) -> CareerRecord:
    period = InsurancePeriod(
        f"{state}-1",
        state,
        PeriodKind.COMPULSORY,
        "de-rente",
        date(1985, 4, 1),
        date(1995, 2, 1),
        Duration(Fraction(118), PeriodUnit.MONTHS),
    )
    evidence = Evidence(EvidenceLevel.FINAL_ACCOUNT, "account", institution, answered_on)
    periods = (RecordedPeriod(period, evidence),) if status is AnswerStatus.KNOWN else ()
    return CareerRecord(state, institution, status, date(2026, 9, 1), answered_on, answered_on, periods)


def claim_of(case: Case) -> ClaimCase:
    """A claim with its steps, as the institution in Italy shows it."""
    shown = steps(case, me="it-inps", standards=ServiceStandards())
    return ClaimCase(case, shown, case.summary.sent_at if case.summary else None)


class Cases:
    def __init__(self, *cases: Case) -> None:
        self.kept = {each.case_id: each for each in cases}

    async def get(self, case_id: UUID) -> ClaimCase | None:
        found = self.kept.get(case_id)
        return claim_of(found) if found else None


class Careers:
    def __init__(self, **records: list[CareerRecord]) -> None:
        self.kept = records

    async def of_case(self, case_id: UUID) -> list[CareerRecord]:
        return self.kept.get(f"c{case_id.int}", [])


async def views(*cases: Case, **careers: list[CareerRecord]) -> WorkerViews:
    links = MemoryWorkerCases()
    for each in cases:
        await links.link(ADA if each.case_id == ADAS_CASE else ROSA, each.case_id)
    parts: dict[str, Any] = {"claims": Cases(*cases), "careers": Careers(**careers)}
    return WorkerViews(
        links=links,
        looks=MemoryLooks(),
        protected=MemoryProtected(),
        declarations=MemoryDeclarations(),
        me="it-inps",
        names=Names(lambda one: NAMES.get(one, one), lambda one: f"Agreement {one}"),
        zone=timezone(timedelta(hours=1)),
        **parts,
    )


async def test_she_sees_who_holds_her_case_and_until_when_it_is_expected() -> None:
    (view,) = await (await views(case())).cases_of(ROSA)
    assert view.reference == case().reference
    assert words_for(["en"]).say(where_phrase(view)) == (
        "We wait for your insurance record from Deutsche Rentenversicherung."
    )
    open_steps = [step for step in view.steps if step.done_at is None]
    assert [(step.kind.value, step.holder.state, step.since) for step in open_steps] == [("records", "DE", OPENED)]
    due = open_steps[0].due
    assert due
    # Asked on 1 September, asked again after 30 days: a standard, beside the law that names no day.
    assert due.expected_on == date(2026, 10, 1)
    assert due.by_law_on is None
    assert due.citation
    assert view.closed_on is None


async def test_only_cases_linked_to_her_are_hers() -> None:
    found = await views(case(), case(ADAS_CASE))
    assert [view.case_id for view in await found.cases_of(ROSA)] == [CASE]
    assert await found.case_of(ROSA, ADAS_CASE) is None
    assert await found.case_of(ROSA, UUID(int=99)) is None
    hers = await found.case_of(ADA, ADAS_CASE)
    assert hers
    assert hers.worker_id == ADA


def looks_at(case_id: UUID) -> list[Look]:
    return [
        Look(UUID(int=case_id.int * 100), case_id, OPENED, "M. Rossi", Role.CASEWORKER, "pension-claim"),
        Look(UUID(int=case_id.int * 100 + 1), case_id, ANSWERED, "payroll", Role.SYSTEM, "pension-claim"),
    ]


async def test_she_sees_who_looked_the_newest_first_by_institution_and_role_and_not_by_name() -> None:
    found = await views(case(), case(ADAS_CASE))
    await found.looks.add([*looks_at(CASE), *looks_at(ADAS_CASE)[:1]])
    hers = await found.case_of(ROSA, CASE)
    assert hers
    assert [(seen.at, seen.institution.name, seen.role, seen.purpose) for seen in hers.seen_by] == [
        (ANSWERED, "INPS", Role.SYSTEM, "pension-claim"),
        (OPENED, "INPS", Role.CASEWORKER, "pension-claim"),
    ]
    assert "Rossi" not in repr(hers)
    assert await found.case_of(ROSA, ADAS_CASE) is None


async def test_her_career_puts_answers_beside_what_she_declared() -> None:
    records = [
        record("DE", "de-drv", AnswerStatus.ASKED_NO_ANSWER, None),
        record("IT", "it-inps", AnswerStatus.KNOWN, date(2026, 9, 1)),
        CareerRecord("TN", "", AnswerStatus.NOT_ASKED),
    ]
    career = await (await views(case(), c10=records)).career_of(ROSA)
    by_state = {country.state: country for country in career.countries}
    assert by_state["IT"].periods[0].verified_by
    assert by_state["IT"].periods[0].verified_by.name == "INPS"
    assert by_state["DE"].status is AnswerStatus.ASKED_NO_ANSWER
    assert [time.activity for time in by_state["DE"].declared] == ["work in a hotel"]
    assert by_state["TN"].institution is None


async def test_a_declared_country_without_any_record_is_not_asked() -> None:
    career = await (await views(case())).career_of(ROSA)
    assert {country.status for country in career.countries} == {AnswerStatus.NOT_ASKED}
    assert {country.state for country in career.countries} == {"IT", "DE", "TN"}


@pytest.mark.parametrize("later_first", [True, False])
async def test_of_two_cases_the_later_answer_of_a_country_counts(*, later_first: bool) -> None:
    earlier = [record("DE", "de-drv", AnswerStatus.NOT_FOUND, date(2024, 1, 1))]
    later = [record("DE", "de-drv", AnswerStatus.KNOWN, date(2026, 9, 20))]
    none_yet = [record("DE", "de-drv", AnswerStatus.ASKED_NO_ANSWER, None)]
    first, second = (later, earlier) if later_first else (earlier, later)
    found = await views(case(), case(LATER_CASE), c10=first, c11=[*second, *none_yet])
    career = await found.career_of(ROSA)
    assert [country.status for country in career.countries if country.state == "DE"] == [AnswerStatus.KNOWN]


async def test_a_decision_is_told_with_amount_person_reasons_and_way_out() -> None:
    (view,) = await (await views(replace(case(), decisions=(decision(),)))).decisions_of(ROSA)
    assert view.outcome is Outcome.GRANTED
    assert view.decided_on == date(2026, 11, 5)
    said = [words_for(["it"]).say(phrase) for phrase in decision_phrases(view)]
    assert said[1] == "Lei riceve 476,72\xa0€ ogni mese dal 1 ottobre 2026."
    assert "one month from receipt" in said[-1]
    assert not view.agreement_reviewed
    assert view.agreement_name == "Agreement eu-883-2004"


async def test_its_reasons_are_told_in_her_language_and_technical_steps_left_out() -> None:
    (view,) = await (await views(replace(case(), decisions=(decision(),)))).decisions_of(ROSA)
    (line,) = why_lines(view)
    assert words_for(["en"]).say_why(line)[0].startswith("You completed 118 of 300 months in Germany")
    assert words_for(["it"]).say_why(line) == (
        "In questo paese (Germania) Lei ha compiuto 118 su 300 mesi. La Sua quota è 476,72\xa0€ al mese.",
        "it",
    )


@pytest.mark.parametrize("reason", list(RefusalReason))
async def test_every_reason_of_a_refusal_can_be_told(reason: RefusalReason) -> None:
    refused = replace(decision(), result=DecisionResult.REFUSED, amounts=(), refusal_reasons=(reason,))
    (view,) = await (await views(replace(case(), decisions=(refused,)))).decisions_of(ROSA)
    assert view.outcome is Outcome.REFUSED
    assert len([words_for(["en"]).say(phrase) for phrase in decision_phrases(view)]) == 3


async def test_a_case_is_closed_on_the_day_of_its_summary() -> None:
    summary = CaseSummary(UUID(int=30), "A. Ferri", datetime(2026, 11, 20, 9, 0, tzinfo=UTC), ())
    (view,) = await (await views(replace(case(), summary=summary))).cases_of(ROSA)
    assert view.closed_on == date(2026, 11, 20)


async def test_of_a_protected_person_places_and_employers_are_left_out_but_never_a_day_or_an_amount() -> None:
    shown = await views(
        replace(case(), decisions=(decision(),)), c10=[record("IT", "it-inps", AnswerStatus.KNOWN, None)]
    )
    (open_one,), open_career = await shown.decisions_of(ROSA), await shown.career_of(ROSA)
    await shown.protected.protect([CASE])
    (hidden,), career = await shown.decisions_of(ROSA), await shown.career_of(ROSA)
    assert (hidden.is_protected, career.is_protected) == (True, True)
    assert open_one.redress is not None
    assert hidden.redress is not None
    assert hidden.redress.where == hidden.institution.name != open_one.redress.where
    assert (hidden.redress.until, hidden.redress.period) == (open_one.redress.until, open_one.redress.period)
    assert [one.amount for one in hidden.amounts] == [one.amount for one in open_one.amounts]
    told = [time.activity for country in open_career.countries for time in country.declared]
    assert "work in a hotel" in told
    assert {time.activity for country in career.countries for time in country.declared} == {""}
    assert {period.method for country in career.countries for period in country.periods} <= {""}


async def test_one_protected_case_protects_her_in_all_and_nobody_else() -> None:
    shown = await views(case(), case(LATER_CASE), case(ADAS_CASE))
    await shown.protected.protect([LATER_CASE])
    assert (await shown.career_of(ROSA)).is_protected
    assert not (await shown.career_of(ADA)).is_protected
