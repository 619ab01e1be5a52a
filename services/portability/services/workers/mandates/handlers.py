"""A worker names who may see or act for her, ends it, and says who sits beside her. Only she herself does."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from uuid import UUID

from portability.agreements.errors import DeniedError, InputError, NotFoundError, OverloadError
from portability.services.idempotency import once
from portability.services.workers.disputes.model import clean_text
from portability.services.workers.mandates.model import MOST, Mandate, check_term
from portability.services.workers.mandates.ports import MandateWork, UnitOfWork
from portability.services.workers.model import SESSION_IDLE, SESSION_LIFE, parse_contact, token_hash
from portability.services.workers.ports import Clock

__all__ = ["GrantMandate", "MandateUseCases"]

NAME_LENGTH = 100


@dataclass(frozen=True, slots=True)
class GrantMandate:
    request_id: UUID
    worker_id: UUID
    name: str
    contact: str
    may_act: bool
    first_day: date | None
    last_day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateUseCases:
    """`zone` is where the institution is: days begin and end there."""

    work: UnitOfWork
    clock: Clock
    new_id: Callable[[], UUID]
    zone: tzinfo = UTC

    async def grant(self, command: GrantMandate) -> Mandate:
        """Give a mandate from a first to a last day, both included; the same request gives it once."""
        today = self.clock.now().astimezone(self.zone).date()
        name = clean_text(command.name, field="name", most=NAME_LENGTH)
        contact = parse_contact(command.contact)
        if command.last_day is None:
            raise InputError("Say until which day: no mandate lasts for ever.", field="last_day")
        first_day = command.first_day or today
        check_term(first_day, command.last_day, today=today)
        async with self.work() as work:

            async def run() -> str:
                await self._check_room(command.worker_id, work=work)
                mandate = Mandate(
                    mandate_id=self.new_id(),
                    worker_id=command.worker_id,
                    name=name,
                    contact=contact,
                    may_act=command.may_act,
                    given_at=self.clock.now(),
                    starts_at=self._begin(first_day),
                    ends_at=self._begin((command.last_day or today) + timedelta(days=1)),
                )
                await work.mandates.put(mandate)
                return str(mandate.mandate_id)

            mandate_id = UUID(await once(command, log=work.commands, run=run))
            return await _hers(command.worker_id, mandate_id, work=work)

    async def revoke(self, worker_id: UUID, mandate_id: UUID) -> Mandate:
        """End a mandate at once; every session under it is refused from now on. Repeating it changes nothing."""
        async with self.work() as work:
            mandate = await _hers(worker_id, mandate_id, work=work)
            if mandate.revoked_at is None:
                mandate = replace(mandate, revoked_at=self.clock.now())
                await work.mandates.put(mandate)
            return mandate

    async def list_mine(self, worker_id: UUID) -> tuple[Mandate, ...]:
        """All she ever gave, the newest first; helpers stand among them, with the time they sat beside her."""
        async with self.work() as work:
            return tuple(await work.mandates.of_worker(worker_id))

    async def name_helper(self, token: str, name: str) -> Mandate:
        """Say who sits beside her; until the session ends, the log and what is sent name the helper.

        Raises DeniedError where the session has ended, or is a representative's.
        """
        now = self.clock.now()
        named = clean_text(name, field="name", most=NAME_LENGTH)
        async with self.work() as work:
            session = await work.sessions.touch(token_hash(token), at=now, idle=SESSION_IDLE, life=SESSION_LIFE)
            if session is None:
                raise DeniedError("The session has ended: sign in again.", authenticated=False)
            if session.mandate_id is not None:
                raise DeniedError("Who helps is said once in a session: sign in again to name another.")
            ends_at = session.created_at + SESSION_LIFE
            mandate = Mandate(self.new_id(), session.worker_id, named, None, True, now, now, ends_at)
            await work.mandates.put(mandate)
            await work.sessions.put(replace(session, mandate_id=mandate.mandate_id))
            await work.company.note(mandate, at=now)
            return mandate

    async def _check_room(self, worker_id: UUID, *, work: MandateWork) -> None:
        now = self.clock.now()
        given = [one for one in await work.mandates.of_worker(worker_id) if not one.is_helper]
        if sum(not one.has_ended(now) for one in given) >= MOST:
            raise OverloadError(f"{MOST} people may act for you already: end one of these mandates first.")

    def _begin(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


async def _hers(worker_id: UUID, mandate_id: UUID, *, work: MandateWork) -> Mandate:
    for mandate in await work.mandates.of_worker(worker_id):
        if mandate.mandate_id == mandate_id:
            return mandate
    raise NotFoundError(f"You have given no mandate {mandate_id}.")
