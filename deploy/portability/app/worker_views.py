"""What a worker reads, taken from the cases and careers of this node; whose case it is was said when it was lodged."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from uuid import UUID

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.correspondence_store import PostgresMyNotices
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.mandates_store import PostgresCompanyLog, PostgresMandates
from portability.adapters.postgres.preferences_store import PostgresPreferences
from portability.adapters.postgres.texting_store import PostgresConversations, PostgresPins
from portability.adapters.postgres.workers_store import (
    PostgresAttempts,
    PostgresCodes,
    PostgresSessions,
    PostgresWorkers,
)
from portability.agreements.careers import AnswerStatus, CareerRecord, RecordedPeriod
from portability.services.access import Role
from portability.services.cases.claims import ClaimCase
from portability.services.cases.flow import CaseStep as ClaimStep
from portability.services.cases.model import Case, DecidedAmount, Decision, DecisionResult, Explanation
from portability.services.cases.ports import CareerBook, ClaimCases
from portability.services.looking import Look, LookBook, ProtectedScopes
from portability.services.workers.declarations.ports import DeclarationBook
from portability.services.workers.ports import WorkerCases
from portability.services.workers.protection import hidden_career, hidden_decision
from portability.services.workers.remembered import RememberedDay
from portability.services.workers.texting.ports import MyQuestions
from portability.services.workers.views import (
    AwardAmount,
    CareerInCountry,
    CareerPeriod,
    CareerView,
    CaseStep,
    CaseView,
    DecisionView,
    DeclaredTime,
    Due,
    Frequency,
    Institution,
    Outcome,
    Redress,
    RefusalReason,
    SeenBy,
    StepKind,
    WhyStep,
)

__all__ = ["Names", "NodeWorkerWork", "WorkerViews", "named_institution", "seen", "why_step", "worker_work"]


@dataclass(frozen=True, slots=True)
class Names:
    """Names for people: of an institution by its id, of an agreement by its id; the id where none is known."""

    institution: Callable[[str], str]
    agreement: Callable[[str], str]


def named_institution(institution_id: str, names: Names) -> Institution:
    """An institution as people call it, and its state."""
    return Institution(institution_id, names.institution(institution_id), institution_id[:2].upper())


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerViews:
    """MyCases, MyCareer and MyDecisions over the stores of one transaction. `me` is the node's own institution."""

    links: WorkerCases
    claims: ClaimCases
    careers: CareerBook
    looks: LookBook
    protected: ProtectedScopes
    declarations: DeclarationBook
    me: str
    names: Names
    zone: tzinfo = UTC
    narrow: Callable[[UUID], Awaitable[None]] | None = None  # lets the database show what is hers and nothing else

    async def cases_of(self, worker_id: UUID) -> Sequence[CaseView]:
        """Every case that is linked to her."""
        return [self._case(one, worker_id) for one in await self._hers(worker_id)]

    async def case_of(self, worker_id: UUID, case_id: UUID) -> CaseView | None:
        """The case if it is linked to her, with who looked at it here."""
        found = [one for one in await self._hers(worker_id) if one.case.case_id == case_id]
        if not found:
            return None
        seen_by = tuple(self._seen(look) for look in await self.looks.of([case_id]))
        return replace(self._case(found[0], worker_id), seen_by=seen_by)

    async def career_of(self, worker_id: UUID) -> CareerView:
        """What each country has told in her cases, the last answer of each, beside what she declared."""
        records: dict[str, CareerRecord] = {}
        declared: dict[str, tuple[DeclaredTime, ...]] = {}
        for case in [one.case for one in await self._hers(worker_id)]:
            for record in await self.careers.of_case(case.case_id):
                known = records.get(record.state)
                if known is None or _says_more(record, known):
                    records[record.state] = record
            for state, times in _declared(case).items():
                declared[state] = times
        for told in reversed(await self.declarations.of_worker(worker_id)):
            time = DeclaredTime(told.first_day, told.last_day, told.activity, told.employer)
            declared[told.state] = (*declared.get(told.state, ()), time)
        states = sorted(records.keys() | declared.keys())
        countries = (self._country(state, records.get(state), declared.get(state, ())) for state in states)
        career = CareerView(worker_id, tuple(countries))
        return hidden_career(career) if await self._is_protected(worker_id) else career

    async def decisions_of(self, worker_id: UUID) -> Sequence[DecisionView]:
        """Every decision in her cases."""
        found = [
            self._decision(decision, one.case, worker_id)
            for one in await self._hers(worker_id)
            for decision in one.case.decisions
        ]
        return [hidden_decision(one) for one in found] if await self._is_protected(worker_id) else found

    async def _is_protected(self, worker_id: UUID) -> bool:
        """One protected case protects her in all."""
        return bool(await self.protected.among(await self.links.case_ids_of(worker_id)))

    async def _hers(self, worker_id: UUID) -> list[ClaimCase]:
        if self.narrow is not None:
            await self.narrow(worker_id)
        found = [await self.claims.get(one) for one in await self.links.case_ids_of(worker_id)]
        return [one for one in found if one is not None]

    def _case(self, claim: ClaimCase, worker_id: UUID) -> CaseView:
        case = claim.case
        return CaseView(
            case_id=case.case_id,
            worker_id=worker_id,
            reference=case.reference,
            branch=case.branch,
            lodged_on=case.claim.lodged_on,
            contact_institution=self._institution(case.contact),
            steps=tuple(self._step(step) for step in claim.steps),
            closed_on=self._day(claim.ended_at) if claim.ended_at else None,
        )

    def _seen(self, look: Look) -> SeenBy:
        return seen(look, self._institution(self.me))

    def _step(self, step: ClaimStep) -> CaseStep:
        return CaseStep(
            step_id=step.step_id,
            kind=StepKind(step.kind.value),
            holder=self._institution(step.holder),
            since=step.since,
            due=Due(step.due.citation, by_law_on=step.due.by_law_on, expected_on=step.due.ask_again_on),
            done_at=step.done_at,
        )

    def _country(self, state: str, record: CareerRecord | None, declared: tuple[DeclaredTime, ...]) -> CareerInCountry:
        if record is None:
            return CareerInCountry(state, AnswerStatus.NOT_ASKED, declared=declared)
        return CareerInCountry(
            state=state,
            status=record.status,
            institution=self._institution(record.institution) if record.institution else None,
            asked_on=record.asked_on,
            answered_on=record.answered_on,
            periods=tuple(self._period(period) for period in record.periods),
            declared=declared,
        )

    def _period(self, recorded: RecordedPeriod) -> CareerPeriod:
        evidence = recorded.evidence
        return CareerPeriod(
            period=recorded.period,
            level=evidence.level,
            verified_by=self._institution(evidence.verified_by) if evidence.verified_by else None,
            verified_on=evidence.verified_on,
            method=evidence.method,
        )

    def _decision(self, decision: Decision, case: Case, worker_id: UUID) -> DecisionView:
        used = decision.agreements[0].agreement_id if decision.agreements else ""
        return DecisionView(
            decision_id=str(decision.decision_id),
            case_id=case.case_id,
            worker_id=worker_id,
            institution=replace(self._institution(decision.institution), state=decision.state),
            outcome=Outcome.GRANTED if decision.result is DecisionResult.GRANTED else Outcome.REFUSED,
            decided_on=self._day(decision.decided_at),
            decided_by=decision.decided_by,
            amounts=tuple(_award(amount) for amount in decision.amounts),
            why=tuple(why_step(step) for step in decision.explanation),
            refusal_reasons=tuple(RefusalReason(reason.value) for reason in decision.refusal_reasons),
            redress=Redress(
                where=decision.remedy.where,
                until=decision.remedy.until,
                period=decision.remedy.period,
                way=decision.remedy.text,
                citation=decision.remedy.citation,
            ),
            agreement_name=self.names.agreement(used) if used else "",
            agreement_reviewed=decision.review_status == "reviewed",
        )

    def _institution(self, institution_id: str) -> Institution:
        return named_institution(institution_id, self.names)

    def _day(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class NodeWorkerWork:
    """The ports of the workers' use cases within one transaction."""

    directory: PostgresWorkers
    codes: PostgresCodes
    sessions: PostgresSessions
    limits: PostgresAttempts
    representatives: PostgresMandates
    company: PostgresCompanyLog
    cases: WorkerViews
    career: WorkerViews
    decisions: WorkerViews
    conversations: PostgresConversations
    pins: PostgresPins
    preferences: PostgresPreferences
    notices: PostgresMyNotices
    questions: MyQuestions


def seen(look: Look, institution: Institution) -> SeenBy:
    """A look as the worker reads it: staff stays unnamed, whoever she named herself does not."""
    return SeenBy(look.at, institution, look.role, look.purpose, look.by if look.role is Role.WORKER else "")


def worker_work(connection: Connection, at_rest: AtRest, views: WorkerViews, questions: MyQuestions) -> NodeWorkerWork:
    """The ports on one connection; `views` must stand on the same one."""
    return NodeWorkerWork(
        directory=PostgresWorkers(connection, at_rest),
        codes=PostgresCodes(connection),
        sessions=PostgresSessions(connection),
        limits=PostgresAttempts(connection),
        representatives=PostgresMandates(connection, at_rest),
        company=PostgresCompanyLog(connection, at_rest, new_id=time_ordered_id),
        cases=views,
        career=views,
        decisions=views,
        conversations=PostgresConversations(connection),
        pins=PostgresPins(connection),
        preferences=PostgresPreferences(connection, at_rest),
        notices=PostgresMyNotices(connection),
        questions=questions,
    )


def _says_more(new: CareerRecord, known: CareerRecord) -> bool:
    """An answer says more than none, and a later answer more than an earlier one."""
    if new.answered_on is None or known.answered_on is None:
        return known.answered_on is None
    return new.answered_on >= known.answered_on


def _declared(case: Case) -> dict[str, tuple[DeclaredTime, ...]]:
    found: dict[str, list[DeclaredTime]] = {}
    for told in sorted(case.claim.declared, key=lambda each: each.start):
        found.setdefault(told.state, []).append(
            DeclaredTime(RememberedDay.of(told.start), RememberedDay.of(told.end - timedelta(days=1)), told.activity)
        )
    return {state: tuple(times) for state, times in found.items()}


def _award(amount: DecidedAmount) -> AwardAmount:
    return AwardAmount(
        amount=amount.amount,
        frequency=Frequency(amount.frequency.value),
        start=amount.start,
        until=amount.end,
        scheme=amount.scheme,
        changed_because=amount.changed_because,
    )


def why_step(step: Explanation) -> WhyStep:
    """A step of an explanation as a worker reads it."""
    children = tuple(why_step(child) for child in step.children)
    return WhyStep(step.rule, step.citation, step.plain, step.values, children)
