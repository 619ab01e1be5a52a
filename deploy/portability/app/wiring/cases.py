"""The ports of cases filled from the exchange and the directory, all on one connection: one transaction for both."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import date

from portability.adapters.keys.trust import DirectoryTrust
from portability.adapters.postgres.cases_store import PostgresCaseInbox, PostgresCases, PostgresTimeline
from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.exchange_inbox import PostgresExchangeWork
from portability.adapters.postgres.exchange_store import PostgresOutbox
from portability.adapters.postgres.records_store import PostgresCareers, PostgresCommands, PostgresRegister
from portability.agreements import packaged
from portability.agreements.values import Branch, StateCode
from portability.app.wiring.determiner import PackagedRulesDeterminer
from portability.services.cases.effects import apply_message
from portability.services.cases.messages import ArrivedMessage, CaseMessage
from portability.services.exchange.handlers import submit
from portability.services.exchange.model import InstitutionId, OutgoingMessage, ReceivedMessage
from portability.services.exchange.ports import Clock, ExchangeWork, NewId
from portability.services.registry.model import Directory

__all__ = ["CaseEffects", "CaseParts", "CaseTransaction", "DirectoryOfInstitutions", "case_unit_of_work"]


class DirectoryOfInstitutions:
    """InstitutionDirectory: competences from the signed directory, agreements from the packaged files."""

    def __init__(self, current: Callable[[], Directory]) -> None:
        self._current = current

    async def competent_institution(self, state: StateCode, *, branch: Branch, on: date) -> InstitutionId | None:
        """The institution of a state for a branch on a day; None where the directory has none."""
        found = self._current().competent(state, branch, on)
        return found[0].institution_id if len(found) == 1 else None

    async def agreement_between(self, state: StateCode, other: StateCode, *, branch: Branch, on: date) -> str | None:
        """The agreement with the fewest parties that binds both states for the branch on the day."""
        found = [
            agreement.content
            for agreement in packaged.agreements().values()
            if {state, other} <= set(agreement.content.parties)
            and branch in agreement.content.branches
            and min(rule.valid_from for rule in agreement.content.rules) <= on
        ]
        return min(found, key=lambda content: (len(content.parties), content.id)).id if found else None


class OutboxSender:
    """MessageSender: puts case messages into the exchange's outbox, in the same transaction."""

    def __init__(self, connection: Connection, *, trust: DirectoryTrust, clock: Clock) -> None:
        self._outbox = PostgresOutbox(connection)
        self._trust = trust
        self._clock = clock

    async def send(self, message: CaseMessage) -> None:
        """Put a message into the outbox; the agreement is named by the hash of its file."""
        agreement = packaged.agreements().get(message.agreement_id)
        await submit(
            OutgoingMessage(
                message_id=message.message_id,
                idempotency_key=message.idempotency_key,
                recipient=message.recipient,
                case_id=message.case_id,
                type=message.type,
                schema_version=message.schema_version,
                record=message.record,
                agreement_id=agreement.id if agreement else "",
                agreement_sha256=agreement.sha256 if agreement else "",
                in_reply_to=message.in_reply_to,
            ),
            outbox=self._outbox,
            recipients=self._trust,
            clock=self._clock,
        )


@dataclass(frozen=True, slots=True)
class CaseParts:
    """What every transaction of cases needs besides its connection."""

    me: InstitutionId
    trust: DirectoryTrust
    directory: Callable[[], Directory]
    clock: Clock
    new_id: NewId


class CaseTransaction:
    """CaseWork on one connection."""

    def __init__(self, connection: Connection, parts: CaseParts) -> None:
        self.cases = PostgresCases(connection)
        self.timeline = PostgresTimeline(connection)
        self.inbox = PostgresCaseInbox(connection)
        self.accounts = PostgresRegister(connection)
        self.careers = PostgresCareers(connection)
        self.commands = PostgresCommands(connection)
        self.sender = OutboxSender(connection, trust=parts.trust, clock=parts.clock)
        self.directory = DirectoryOfInstitutions(parts.directory)
        self.determiner = PackagedRulesDeterminer()


def case_unit_of_work(
    database: Database, parts: CaseParts
) -> Callable[[], AbstractAsyncContextManager[CaseTransaction]]:
    """Opens a transaction of cases."""

    @asynccontextmanager
    async def work() -> AsyncIterator[CaseTransaction]:
        async with database.transaction() as connection:
            yield CaseTransaction(connection, parts)

    return work


class CaseEffects:
    """MessageEffects: what a received message does to its case, in the transaction that takes it in."""

    def __init__(self, parts: CaseParts) -> None:
        self._parts = parts

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> None:
        """Apply one message once; an error undoes it, and the exchange sets the message aside."""
        if not isinstance(work, PostgresExchangeWork):
            raise TypeError("cases and the exchange share one PostgreSQL transaction")
        await apply_message(
            ArrivedMessage(
                message_id=message.message_id,
                sender=message.sender,
                case_id=message.case_id,
                type=message.type,
                schema_version=message.schema_version,
                record=message.record,
                received_at=message.received_at,
            ),
            work=CaseTransaction(work.connection, self._parts),
            me=self._parts.me,
            clock=self._parts.clock,
            new_id=self._parts.new_id,
        )
