"""What has happened in a worker's cases, read from her own views of them; and in whose cases something was written."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.looks import PostgresProtected
from portability.adapters.postgres.news import touched_workers
from portability.adapters.postgres.workers_store import PostgresWorkerCases
from portability.app.matter_views import NodeMatters
from portability.app.worker_views import WorkerViews
from portability.services.access import Role
from portability.services.notices.model import Happening, Kind
from portability.services.workers.claims.model import SentClaim
from portability.services.workers.claims.ports import ClaimBook
from portability.services.workers.declarations.model import Declaration
from portability.services.workers.disputes.handlers import progress_of
from portability.services.workers.disputes.model import Dispute, Progress, Standing
from portability.services.workers.disputes.ports import DisputeWork
from portability.services.workers.matters.model import MatterView
from portability.services.workers.matters.story import said_matter_steps
from portability.services.workers.story import case_has_late_step
from portability.services.workers.views import CaseView, StepKind

__all__ = [
    "NodeHappenings",
    "happenings_of",
    "happenings_of_declaration",
    "happenings_of_dispute",
    "happenings_of_matter",
    "happenings_of_sent",
]

DISPUTE_FLOW = "dispute"  # of a dispute she is told as of a dispute, wherever it is answered


@dataclass(frozen=True, slots=True)
class NodeHappenings:
    """Happenings. Nothing is told of cases of protected persons: a phone may lie where others read it."""

    connection: Connection
    views: WorkerViews
    matters: NodeMatters
    disputes: DisputeWork
    claims: ClaimBook
    now: datetime

    async def workers_after(self, worker_id: UUID | None, *, limit: int) -> Sequence[UUID]:
        """The next workers who have cases, or sent a claim; who is on file no more is told nothing."""
        found = await self.connection.execute(
            "SELECT worker_id FROM worker_cases WHERE worker_id > %(last)s "
            "UNION SELECT worker_id FROM claims_sent JOIN workers USING (worker_id) WHERE worker_id > %(last)s "
            "ORDER BY worker_id LIMIT %(limit)s",
            {"last": worker_id or UUID(int=0), "limit": limit},
        )
        return [row[0] for row in await found.fetchall()]

    async def touched(self) -> Sequence[UUID]:
        """Those in whose cases something was written since the last calls."""
        return await touched_workers(self.connection)

    async def of(self, worker_id: UUID) -> Sequence[Happening]:
        """What stands in her cases now."""
        case_ids = await PostgresWorkerCases(self.connection).case_ids_of(worker_id)
        if await PostgresProtected(self.connection).among([worker_id, *case_ids]):
            return []
        told = [*await self._of_claims(worker_id), *await self._of_disputes(worker_id, case_ids)]
        for declaration in await self.views.declarations.of_worker(worker_id):
            told += _about(declaration.case_id, happenings_of_declaration(declaration))
        told += happenings_of_sent(await self.claims.of_worker(worker_id))
        for matter in await self.matters.matters_of(worker_id):
            told += _about(matter.case_id, happenings_of_matter(matter, now=self.now))
        return [one if one.at <= self.now else replace(one, at=self.now) for one in told]

    async def _of_claims(self, worker_id: UUID) -> list[Happening]:
        told: list[Happening] = []
        for one in await self.views.cases_of(worker_id):
            case = await self.views.case_of(worker_id, one.case_id)
            told += _about(one.case_id, happenings_of(case, now=self.now)) if case else ()
        for decision in await self.views.decisions_of(worker_id):
            decided = Happening(Kind.DECIDED, decision.decision_id, _noon(decision.decided_on), decision.case_id)
            told.append(decided)
        for country in (await self.views.career_of(worker_id)).countries:
            if country.answered_on is not None:
                key = f"{worker_id}:{country.state}:{country.answered_on}:{country.status}"
                told.append(Happening(Kind.CHANGED, key, _noon(country.answered_on)))
        return told

    async def _of_disputes(self, worker_id: UUID, case_ids: Sequence[UUID]) -> list[Happening]:
        told: list[Happening] = []
        for dispute in await self.disputes.book.of_cases(case_ids):
            if dispute.worker_id == worker_id:
                progress = await progress_of(dispute, work=self.disputes)
                told += _about(dispute.case_id, happenings_of_dispute(dispute, progress, now=self.now))
        return told


def happenings_of(case: CaseView, *, now: datetime) -> Iterator[Happening]:
    """Steps that are done, late, or wait for her; that the case is over; looks by people, one a day. Pure."""
    for step in case.steps:
        key = f"{case.case_id}:{step.step_id}"
        if step.done_at is not None:
            yield Happening(Kind.DONE, key, step.done_at)
        elif step.kind is StepKind.IDENTIFY:
            yield Happening(Kind.DUE, key, step.since)
    if case_has_late_step(case, today=now.date()):
        for step in case.steps:
            day = (step.due.by_law_on or step.due.expected_on) if step.due and step.done_at is None else None
            if day is not None and day < now.date():
                yield _late(f"{case.case_id}:{step.step_id}", day)
    if case.closed_on is not None:
        yield Happening(Kind.ASKED, str(case.case_id), _noon(case.closed_on))
    for look in case.seen_by:
        if look.role is not Role.SYSTEM:
            yield Happening(Kind.LOOKED, f"{case.case_id}:{look.at.date()}", look.at)


def happenings_of_sent(claims: Sequence[SentClaim]) -> Iterator[Happening]:
    """That a person opened the case of a claim that waited, or refused; she sees what opens at once. Pure."""
    for claim in claims:
        if claim.answer is not None:
            kind = Kind.BEGUN if claim.answer.opened else Kind.DONE
            yield Happening(kind, f"claim:{claim.claim_id}", claim.answer.at, claim.case_id)


def happenings_of_dispute(dispute: Dispute, progress: Progress, *, now: datetime) -> Iterator[Happening]:
    """That it came in, that it was answered, that its answer is late. Pure."""
    key = str(dispute.dispute_id)
    yield Happening(Kind.DISPUTED, key, dispute.raised_at)
    if progress.standing in {Standing.UPHELD, Standing.REFUSED}:
        yield Happening(Kind.ANSWERED, f"{key}:{progress.standing}", progress.since)
    if progress.is_late(now.date()) and progress.due_on is not None:
        yield _late(key, progress.due_on)


def happenings_of_declaration(declaration: Declaration) -> Iterator[Happening]:
    """That it came in, and that a person here has answered it; who was asked abroad is told of as a matter. Pure."""
    key = str(declaration.declaration_id)
    yield Happening(Kind.DECLARED, key, declaration.declared_at)
    if declaration.answer is not None:
        yield Happening(Kind.CHECKED, key, declaration.answer.at)


def happenings_of_matter(matter: MatterView, *, now: datetime) -> Iterator[Happening]:
    """What a case on a flow says: it began, it went on, it ended, an answer in it is late. Pure."""
    if matter.kind == DISPUTE_FLOW:
        return
    yield Happening(Kind.BEGUN, str(matter.case_id), matter.begun_at)
    for said in said_matter_steps(matter, today=now.date()):
        step = said.step
        key = f"{matter.case_id}:{step.task}:{step.holder.institution_id}:{step.since.isoformat()}"
        if step.since > matter.begun_at:
            yield Happening(Kind.DONE, key, step.since)
        day = (step.due.by_law_on or step.due.expected_on) if step.due else None
        if said.late and day is not None:
            yield _late(key, day)
    if not matter.is_open and matter.moved_at is not None:
        yield Happening(Kind.DONE, f"{matter.case_id}:closed:{matter.moved_at.isoformat()}", matter.moved_at)
        yield Happening(Kind.ASKED, str(matter.case_id), matter.moved_at)


def _about(case_id: UUID, happenings: Iterable[Happening]) -> list[Happening]:
    return [replace(one, case_id=case_id) for one in happenings]


def _late(key: str, day: date) -> Happening:
    return Happening(Kind.LATE, f"{key}:{day}", _noon(day + timedelta(days=1)))


def _noon(day: date) -> datetime:
    """A day of which no hour is known."""
    return datetime.combine(day, time(12), tzinfo=UTC)
