"""The ports of records: what is kept, and what the case, its directory and its agreements know around it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import UUID

from portability.adapters.postgres.cases_store import PostgresCases
from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.records_store import PostgresRecordWork
from portability.adapters.postgres.treaties_store import PostgresTreatyWork
from portability.app.wiring.cases import CaseParts, DirectoryOfInstitutions
from portability.services.cases.model import Case, Participant, state_of
from portability.services.records.career_view import AroundCase, Stater

__all__ = ["DirectoryFacts", "RecordTransaction", "record_unit_of_work"]


class DirectoryFacts:
    """CaseFacts: the case says who the person is, the signed directory and the agreements say who is competent."""

    def __init__(self, connection: Connection, parts: CaseParts) -> None:
        treaty_work = PostgresTreatyWork(connection, parts.at_rest)
        self._cases = PostgresCases(connection, parts.at_rest)
        self._agreements = DirectoryOfInstitutions(parts.directory, treaty_work, parts.treaties)
        self._parts = parts

    async def around(self, case_id: UUID) -> AroundCase:
        """Facts of a case of the claim service; of another, nothing."""
        case = await self._cases.get(case_id, for_change=False)
        if case is None:
            return AroundCase()
        staters = {
            each.institution: Stater(await self._why_not_competent(case, each), self._why_not_identified(case, each))
            for each in case.participants
        }
        return AroundCase(case.claim.person.birth_date, staters)

    async def _why_not_competent(self, case: Case, stater: Participant) -> str:
        """On the day of its answer by the directory; under an agreement that binds both states on that of the claim."""
        answered = stater.answered_at or self._parts.clock.now()
        why_not = self._parts.directory().why_not_competent(stater.institution, case.branch, answered.date())
        mine = state_of(self._parts.me)
        if why_not or stater.state == mine:
            return why_not
        on = case.claim.lodged_on
        if await self._agreements.agreement_between(mine, stater.state, branch=case.branch, on=on):
            return ""
        return await self._agreements.why_no_agreement(mine, stater.state, branch=case.branch, on=on)

    def _why_not_identified(self, case: Case, stater: Participant) -> str | None:
        """By our own match where the periods are ours, else by what the statement says of its person."""
        if stater.institution != self._parts.me:
            return stater.why_not_hers
        if case.identification is None:
            return None
        return "" if case.identification.account_id else "No own account is linked to the person: a caseworker decides."


class RecordTransaction(PostgresRecordWork):
    """RecordWork on one connection."""

    def __init__(self, connection: Connection, parts: CaseParts) -> None:
        super().__init__(connection, parts.at_rest)
        self.facts = DirectoryFacts(connection, parts)


def record_unit_of_work(
    database: Database, parts: CaseParts
) -> Callable[[], AbstractAsyncContextManager[RecordTransaction]]:
    """Opens a transaction of records."""

    @asynccontextmanager
    async def work() -> AsyncIterator[RecordTransaction]:
        async with database.transaction() as connection:
            yield RecordTransaction(connection, parts)

    return work
