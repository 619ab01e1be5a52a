"""What the use cases of workers need from outside. Each port is named for the need."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from portability.services.workers.mandates.model import Mandate
from portability.services.workers.model import (
    CodeDelivery,
    Contact,
    Limit,
    Session,
    SignInCode,
    VouchedFor,
    WorkerOnFile,
)
from portability.services.workers.views import CareerView, CaseView, DecisionView

RandomBytes = Callable[[int], bytes]  # that many bytes nobody can foretell


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...


class WorkerDirectory(Protocol):
    async def find(self, contact: Contact, *, insurance_number: str = "") -> WorkerOnFile | None:
        """The one worker with exactly this contact (and number, where given).

        None where there is none, and also where several share the contact: which of them is asking
        is not for a program to guess.
        """
        ...

    async def by_id(self, worker_id: UUID) -> WorkerOnFile | None:
        """The worker of an id; None where she is not on file, or no longer."""
        ...


class WorkerRegister(Protocol):
    async def keep(self, worker: WorkerOnFile) -> None:
        """Put a worker on file, or replace her contact and numbers."""
        ...

    async def with_numbers(self, numbers: Sequence[str]) -> Sequence[WorkerOnFile]:
        """Who is on file with one of these numbers, by id.

        Whoever else asks for one of them waits until this transaction ends: of two who enter one person, the second
        finds the first.
        """
        ...


class WorkerCases(Protocol):
    """Which cases are whose: said once when a claim is lodged, and never guessed afterwards."""

    async def link(self, worker_id: UUID, case_id: UUID) -> None:
        """Say that a case is this worker's. IdempotencyConflictError where it is another's already."""
        ...

    async def case_ids_of(self, worker_id: UUID) -> Sequence[UUID]:
        """Her cases, in the order of their ids."""
        ...

    async def owner_of(self, case_id: UUID) -> UUID | None:
        """Whose a case is; None where nobody has said so."""
        ...


class CodeStore(Protocol):
    async def put(self, code: SignInCode) -> SignInCode:
        """Keep a code and give it back; where its challenge is already kept, give that one and change nothing."""
        ...

    async def take_try(self, challenge_hash: bytes, *, at: datetime, most: int) -> SignInCode | None:
        """Count one try and give the code with that count; None where it is used, over or tried `most` times.

        Two tries at the same instant are counted one after the other.
        """
        ...

    async def use(self, challenge_hash: bytes, *, at: datetime) -> None:
        """Mark a code as used: it opens nothing again."""
        ...


class SessionStore(Protocol):
    async def put(self, session: Session) -> None:
        """Keep a session, or under which mandate it runs from now on."""
        ...

    async def touch(self, token_hash: bytes, *, at: datetime, idle: timedelta, life: timedelta) -> Session | None:
        """The session, its last use now `at`; None where it is unknown, unused for longer than `idle`, older than
        `life`, or where the mandate under which it runs is not in force at `at`.

        Where a case of hers is protected, a sixth (PROTECTED_PART) of both counts, in every session of hers.
        """
        ...

    async def end(self, token_hash: bytes) -> None:
        """Forget a session; nothing happens where there is none."""
        ...


class AttemptLimits(Protocol):
    async def spend(self, key: bytes, *, limit: Limit, at: datetime) -> bool:
        """Count one attempt under `key`; False, uncounted, where the limit is reached in this window."""
        ...


class Housekeeping(Protocol):
    async def forget_expired(self, *, at: datetime, idle: timedelta, life: timedelta) -> int:
        """Delete codes, sessions and counts that are over at `at`; how many rows went."""
        ...


class CodeSender(Protocol):
    async def send(self, delivery: CodeDelivery) -> None:
        """Take a code over for delivery and return at once, whatever happens to it afterwards.

        The time until the answer must not tell whether there was somebody to send to.
        """
        ...


class IdentityProvider(Protocol):
    """Somebody else who knows who a reader is: a national e-ID, a partner."""

    async def begin(self, secret: str) -> str:
        """The address at the provider to which the reader goes; `secret` stays in her browser."""
        ...

    async def finish(self, secret: str, answer: str) -> VouchedFor:
        """Whom the provider vouches for, by what its reader brought back.

        Raises DeniedError where the answer is not for this attempt, GatewayError where the provider cannot be asked.
        """
        ...


class MyCases(Protocol):
    async def cases_of(self, worker_id: UUID) -> Sequence[CaseView]:
        """Every case of this worker and of nobody else."""
        ...

    async def case_of(self, worker_id: UUID, case_id: UUID) -> CaseView | None:
        """The case if it is hers."""
        ...


class MyCareer(Protocol):
    async def career_of(self, worker_id: UUID) -> CareerView:
        """What each country has answered about this worker, and what she declared."""
        ...


class MyDecisions(Protocol):
    async def decisions_of(self, worker_id: UUID) -> Sequence[DecisionView]:
        """Every decision in her cases."""
        ...


class Representatives(Protocol):
    async def find(self, contact: Contact, *, insurance_number: str, at: datetime) -> Mandate | None:
        """The one mandate in force of whoever has this contact, for whoever has this number where one is given.

        None where there is none, and where there are several.
        """
        ...

    async def of_session(self, token_hash: bytes) -> Mandate | None:
        """The mandate under which a session runs; None where she is alone."""
        ...


class CompanyLog(Protocol):
    async def note(self, mandate: Mandate, *, at: datetime) -> None:
        """Note in the log of each of her cases, by name, that somebody looks with her or for her."""
        ...


class WorkerWork(Protocol):
    """The ports of one transaction."""

    @property
    def representatives(self) -> Representatives: ...
    @property
    def company(self) -> CompanyLog: ...

    @property
    def directory(self) -> WorkerDirectory: ...
    @property
    def codes(self) -> CodeStore: ...
    @property
    def sessions(self) -> SessionStore: ...
    @property
    def limits(self) -> AttemptLimits: ...
    @property
    def cases(self) -> MyCases: ...
    @property
    def career(self) -> MyCareer: ...
    @property
    def decisions(self) -> MyDecisions: ...


UnitOfWork = Callable[[], AbstractAsyncContextManager[WorkerWork]]
