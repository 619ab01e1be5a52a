"""Sign-in, sessions and the worker's reading views in memory; they pass the contract suite of the real stores."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from portability.adapters.clock.fake import counting_ids
from portability.adapters.memory.looks import MemoryLooks
from portability.agreements.errors import IdempotencyConflictError, NotFoundError
from portability.agreements.values import StateCode
from portability.services.workers.mandates.model import Mandate, company_look
from portability.services.workers.matters.model import MatterView
from portability.services.workers.model import (
    PROTECTED_PART,
    CodeDelivery,
    Contact,
    Limit,
    Session,
    SignInCode,
    WorkerOnFile,
)
from portability.services.workers.projections.model import Projection, Scenario
from portability.services.workers.views import CareerView, CaseView, DecisionView

__all__ = [
    "MemoryCodeSender",
    "MemoryCodes",
    "MemoryCompanyLog",
    "MemoryDirectory",
    "MemoryHousekeeping",
    "MemoryLimits",
    "MemoryMandates",
    "MemoryMatters",
    "MemoryProjector",
    "MemorySessions",
    "MemoryViews",
    "MemoryWorkerCases",
    "MemoryWorkerWork",
]


class MemoryDirectory:
    """Workers on file."""

    def __init__(self) -> None:
        self._workers: dict[UUID, WorkerOnFile] = {}

    async def keep(self, worker: WorkerOnFile) -> None:
        self._workers[worker.worker_id] = worker

    async def with_numbers(self, numbers: Sequence[str]) -> Sequence[WorkerOnFile]:
        found = [one for one in self._workers.values() if set(numbers) & set(one.insurance_numbers)]
        return sorted(found, key=lambda one: one.worker_id)

    async def find(self, contact: Contact, *, insurance_number: str = "") -> WorkerOnFile | None:
        found = [
            worker
            for worker in self._workers.values()
            if worker.contact == contact and (not insurance_number or insurance_number in worker.insurance_numbers)
        ]
        return found[0] if len(found) == 1 else None

    async def by_id(self, worker_id: UUID) -> WorkerOnFile | None:
        return self._workers.get(worker_id)

    def on_file(self, worker_id: UUID) -> WorkerOnFile:
        """NotFoundError where she is not."""
        if worker_id not in self._workers:
            raise NotFoundError("You are not on file here any more: ask the institution.")
        return self._workers[worker_id]

    def numbers_of(self, worker_id: UUID) -> tuple[str, ...]:
        """Insurance numbers of a worker on file."""
        return self._workers[worker_id].insurance_numbers


class MemoryWorkerCases:
    """Which cases are whose."""

    def __init__(self) -> None:
        self._owners: dict[UUID, UUID] = {}

    async def link(self, worker_id: UUID, case_id: UUID) -> None:
        if self._owners.setdefault(case_id, worker_id) != worker_id:
            raise IdempotencyConflictError(f"Case {case_id} is another worker's already.")

    async def case_ids_of(self, worker_id: UUID) -> Sequence[UUID]:
        return sorted(case_id for case_id, owner in self._owners.items() if owner == worker_id)

    async def owner_of(self, case_id: UUID) -> UUID | None:
        return self._owners.get(case_id)


class MemoryCodes:
    """One-time codes."""

    def __init__(self) -> None:
        self.kept: dict[bytes, SignInCode] = {}
        self.used: set[bytes] = set()

    async def put(self, code: SignInCode) -> SignInCode:
        return self.kept.setdefault(code.challenge_hash, code)

    async def take_try(self, challenge_hash: bytes, *, at: datetime, most: int) -> SignInCode | None:
        code = self.kept.get(challenge_hash)
        if code is None or challenge_hash in self.used or at >= code.expires_at or code.tries >= most:
            return None
        self.kept[challenge_hash] = replace(code, tries=code.tries + 1)
        return self.kept[challenge_hash]

    async def use(self, challenge_hash: bytes, *, at: datetime) -> None:
        self.used.add(challenge_hash)


class MemorySessions:
    """Sessions."""

    def __init__(self) -> None:
        self.kept: dict[bytes, Session] = {}
        self.mandates: dict[UUID, Mandate] = {}
        self.protected: set[UUID] = set()  # workers

    async def put(self, session: Session) -> None:
        self.kept[session.token_hash] = session

    async def touch(self, token_hash: bytes, *, at: datetime, idle: timedelta, life: timedelta) -> Session | None:
        session = self.kept.get(token_hash)
        if session is None:
            return None
        session = replace(session, is_protected=session.worker_id in self.protected)
        part = PROTECTED_PART if session.is_protected else 1
        if at - session.last_seen_at > idle / part or at - session.created_at > life / part:
            return None
        if session.mandate_id is not None and not self.mandates[session.mandate_id].is_in_force(at):
            return None
        self.kept[token_hash] = replace(session, last_seen_at=max(at, session.last_seen_at))
        return self.kept[token_hash]

    async def end(self, token_hash: bytes) -> None:
        self.kept.pop(token_hash, None)


class MemoryLimits:
    """Attempts counted in fixed windows."""

    def __init__(self) -> None:
        self.counts: dict[bytes, tuple[datetime, int]] = {}

    async def spend(self, key: bytes, *, limit: Limit, at: datetime) -> bool:
        ends_at, spent = self.counts.get(key, (at, 0))
        if at >= ends_at:
            ends_at, spent = at + limit.window, 0
        if spent >= limit.most:
            return False
        self.counts[key] = (ends_at, spent + 1)
        return True


@dataclass(frozen=True, slots=True)
class MemoryHousekeeping:
    """Forgets what is over in the three stores it is given."""

    codes: MemoryCodes
    sessions: MemorySessions
    limits: MemoryLimits

    async def forget_expired(self, *, at: datetime, idle: timedelta, life: timedelta) -> int:
        old_codes = [key for key, code in self.codes.kept.items() if at >= code.expires_at]
        old_sessions = [
            key
            for key, session in self.sessions.kept.items()
            if at - session.last_seen_at > idle or at - session.created_at > life
        ]
        old_counts = [key for key, (ends_at, _) in self.limits.counts.items() if at >= ends_at]
        for key in old_codes:
            del self.codes.kept[key]
            self.codes.used.discard(key)
        for key in old_sessions:
            del self.sessions.kept[key]
        for key in old_counts:
            del self.limits.counts[key]
        return len(old_codes) + len(old_sessions) + len(old_counts)


class MemoryViews:
    """Cases, careers and decisions to read."""

    def __init__(self) -> None:
        self.cases: list[CaseView] = []
        self.careers: dict[UUID, CareerView] = {}
        self.decisions: list[DecisionView] = []

    async def cases_of(self, worker_id: UUID) -> Sequence[CaseView]:
        return [case for case in self.cases if case.worker_id == worker_id]

    async def case_of(self, worker_id: UUID, case_id: UUID) -> CaseView | None:
        found = [case for case in await self.cases_of(worker_id) if case.case_id == case_id]
        return found[0] if found else None

    async def career_of(self, worker_id: UUID) -> CareerView:
        return self.careers.get(worker_id, CareerView(worker_id, ()))

    async def decisions_of(self, worker_id: UUID) -> Sequence[DecisionView]:
        return [decision for decision in self.decisions if decision.worker_id == worker_id]


class MemoryMatters:
    """Matters to read; `unit_of_work` opens the same memory each time."""

    def __init__(self) -> None:
        self.kept: list[MatterView] = []

    async def matters_of(self, worker_id: UUID) -> Sequence[MatterView]:
        return [matter for matter in self.kept if matter.worker_id == worker_id]

    async def matter_of(self, worker_id: UUID, case_id: UUID) -> MatterView | None:
        return next((one for one in await self.matters_of(worker_id) if one.case_id == case_id), None)

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator["MemoryMatters"]:
        yield self


class MemoryProjector:
    """Gives the same projections whatever is asked, and keeps what was asked."""

    def __init__(self) -> None:
        self.made: list[Projection] = []
        self.asked: list[Scenario] = []

    async def project(self, worker_id: UUID, scenario: Scenario) -> Sequence[Projection]:
        self.asked.append(scenario)
        return [one for one in self.made if one.worker_id == worker_id]

    async def states_of(self, worker_id: UUID) -> Sequence[StateCode]:
        return ["CA", "DE"]


class MemoryCodeSender:
    """Keeps the codes that would have gone out."""

    def __init__(self) -> None:
        self.sent: list[CodeDelivery] = []

    async def send(self, delivery: CodeDelivery) -> None:
        self.sent.append(delivery)


class MemoryMandates:
    """MandateBook and Representatives over the workers on file and their sessions."""

    def __init__(self, directory: MemoryDirectory, sessions: MemorySessions) -> None:
        self._directory = directory
        self._sessions = sessions

    async def put(self, mandate: Mandate) -> None:
        self._sessions.mandates[mandate.mandate_id] = mandate

    async def of_worker(self, worker_id: UUID) -> Sequence[Mandate]:
        given = self._sessions.mandates
        return [given[key] for key in sorted(given, reverse=True) if given[key].worker_id == worker_id]

    async def find(self, contact: Contact, *, insurance_number: str, at: datetime) -> Mandate | None:
        found = [
            one
            for one in self._sessions.mandates.values()
            if one.contact == contact
            and one.is_in_force(at)
            and (not insurance_number or insurance_number in self._directory.numbers_of(one.worker_id))
        ]
        return found[0] if len(found) == 1 else None

    async def of_session(self, token_hash: bytes) -> Mandate | None:
        session = self._sessions.kept.get(token_hash)
        return self._sessions.mandates.get(session.mandate_id) if session and session.mandate_id else None


@dataclass
class MemoryCompanyLog:
    """CompanyLog."""

    cases: MemoryWorkerCases = field(default_factory=MemoryWorkerCases)
    looks: MemoryLooks = field(default_factory=MemoryLooks)
    new_id: Callable[[], UUID] = field(default_factory=counting_ids)

    async def note(self, mandate: Mandate, *, at: datetime) -> None:
        case_ids = await self.cases.case_ids_of(mandate.worker_id)
        await self.looks.add([company_look(self.new_id(), case_id, mandate, at=at) for case_id in case_ids])


@dataclass(frozen=True, slots=True)
class MemoryWorkerWork:
    """The ports of one transaction. Nothing is undone where one fails."""

    directory: MemoryDirectory = field(default_factory=MemoryDirectory)
    codes: MemoryCodes = field(default_factory=MemoryCodes)
    sessions: MemorySessions = field(default_factory=MemorySessions)
    limits: MemoryLimits = field(default_factory=MemoryLimits)
    views: MemoryViews = field(default_factory=MemoryViews)
    company: MemoryCompanyLog = field(default_factory=MemoryCompanyLog)

    @property
    def representatives(self) -> MemoryMandates:
        return MemoryMandates(self.directory, self.sessions)

    @property
    def cases(self) -> MemoryViews:
        return self.views

    @property
    def career(self) -> MemoryViews:
        return self.views

    @property
    def decisions(self) -> MemoryViews:
        return self.views

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator["MemoryWorkerWork"]:
        """One transaction over the same memory each time."""
        yield self
