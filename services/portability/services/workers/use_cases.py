"""The use cases of a worker bound to their parts, one transaction each; every channel (RPC, pages) calls these."""

from dataclasses import dataclass
from uuid import UUID

from portability.services.access import Company
from portability.services.workers import handlers
from portability.services.workers.model import (
    AskForCode,
    CodeAsked,
    SignedIn,
    SignInRefused,
    VouchedFor,
    token_hash,
)
from portability.services.workers.ports import Clock, CodeSender, RandomBytes, UnitOfWork
from portability.services.workers.views import CareerView, CaseView, DecisionView

__all__ = ["WorkerUseCases"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerUseCases:
    """`key` is a secret of 32 bytes or more that is kept outside the database, and the same after a restart."""

    unit_of_work: UnitOfWork
    sender: CodeSender
    clock: Clock
    random_bytes: RandomBytes
    key: bytes

    async def request_sign_in_code(self, command: AskForCode) -> CodeAsked:
        """See handlers.request_sign_in_code."""
        async with self.unit_of_work() as work:
            return await handlers.request_sign_in_code(
                command,
                directory=work.directory,
                representatives=work.representatives,
                codes=work.codes,
                limits=work.limits,
                sender=self.sender,
                clock=self.clock,
                random_bytes=self.random_bytes,
                key=self.key,
            )

    async def sign_in(self, *, challenge: str, code: str, origin: str) -> SignedIn | SignInRefused:
        """See handlers.sign_in."""
        async with self.unit_of_work() as work:
            result = await handlers.sign_in(
                challenge=challenge,
                code=code,
                origin=origin,
                codes=work.codes,
                sessions=work.sessions,
                limits=work.limits,
                clock=self.clock,
                random_bytes=self.random_bytes,
                key=self.key,
            )
            if isinstance(result, SignedIn):
                mandate = await work.representatives.of_session(token_hash(result.token))
                if mandate is not None:
                    await work.company.note(mandate, at=self.clock.now())
            return result

    async def company_of(self, token: str) -> Company | None:
        """Who acts in a session beside or instead of the worker; None where she is alone."""
        async with self.unit_of_work() as work:
            mandate = await work.representatives.of_session(token_hash(token))
        if mandate is None:
            return None
        return Company(mandate.name, herself=mandate.is_helper, may_act=mandate.may_act)

    async def sign_in_vouched(self, vouched: VouchedFor, *, origin: str) -> SignedIn | SignInRefused:
        """See handlers.sign_in_vouched."""
        async with self.unit_of_work() as work:
            return await handlers.sign_in_vouched(
                vouched,
                origin=origin,
                directory=work.directory,
                sessions=work.sessions,
                limits=work.limits,
                clock=self.clock,
                random_bytes=self.random_bytes,
                key=self.key,
            )

    async def resolve_session(self, token: str) -> UUID:
        """See handlers.resolve_session."""
        async with self.unit_of_work() as work:
            return await handlers.resolve_session(token, sessions=work.sessions, clock=self.clock)

    async def sign_out(self, token: str) -> None:
        """See handlers.sign_out."""
        async with self.unit_of_work() as work:
            await handlers.sign_out(token, sessions=work.sessions)

    async def list_my_cases(self, worker_id: UUID) -> tuple[CaseView, ...]:
        """See handlers.list_my_cases."""
        async with self.unit_of_work() as work:
            return await handlers.list_my_cases(worker_id, cases=work.cases)

    async def get_my_case(self, worker_id: UUID, case_id: UUID) -> CaseView:
        """See handlers.get_my_case."""
        async with self.unit_of_work() as work:
            return await handlers.get_my_case(worker_id, case_id, cases=work.cases)

    async def get_my_career(self, worker_id: UUID) -> CareerView:
        """See handlers.get_my_career."""
        async with self.unit_of_work() as work:
            return await handlers.get_my_career(worker_id, career=work.career)

    async def get_my_decisions(self, worker_id: UUID, *, case_id: UUID | None = None) -> tuple[DecisionView, ...]:
        """See handlers.get_my_decisions."""
        async with self.unit_of_work() as work:
            return await handlers.get_my_decisions(
                worker_id, case_id=case_id, cases=work.cases, decisions=work.decisions
            )
