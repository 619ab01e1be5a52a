"""The ports of cases filled from the exchange and the directory, all on one connection: one transaction for both."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from uuid import UUID

from portability.adapters.postgres.cases_store import PostgresCases, PostgresTimeline
from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.exchange_outbox import PostgresOutbox
from portability.adapters.postgres.exchange_work import PostgresExchangeWork
from portability.adapters.postgres.flows_store import PostgresStandings
from portability.adapters.postgres.looks import PostgresLooks, PostgresProtected
from portability.adapters.postgres.privacy_store import PostgresPeople
from portability.adapters.postgres.records_store import PostgresCareers, PostgresCommands, PostgresRegister
from portability.adapters.postgres.treaties_store import PostgresTreatyWork
from portability.agreements.errors import NotBindingError
from portability.app.wiring.determiner import RatifiedRulesDeterminer
from portability.app.wiring.parts import CaseParts, DirectoryOfInstitutions
from portability.app.wiring.reviews import JudgedRecords
from portability.services.cases.effects import apply_message
from portability.services.cases.flow import steps
from portability.services.cases.mapping.allowed_fields import check_fields
from portability.services.cases.messages import ArrivedMessage, CaseMessage
from portability.services.cases.model import Case, state_of
from portability.services.cases.procedure import ServiceStandards
from portability.services.determination.treaties.in_force import RatifiedLaw, treaty_book
from portability.services.determination.treaties.ports import TreatyWork
from portability.services.exchange.handlers import submit
from portability.services.exchange.limits import USUAL, Limits
from portability.services.exchange.model.messages import InstitutionId, OutgoingMessage, ReceivedMessage
from portability.services.exchange.model.statuses import Unchecked
from portability.services.exchange.opening import tell_opened
from portability.services.exchange.ports.work import ExchangeWork
from portability.services.flows.ports import OpenStep
from portability.services.purposes import PENSION_CLAIM

__all__ = [
    "CaseEffects",
    "CaseTransaction",
    "ReadMessages",
    "binding_sha256",
    "case_unit_of_work",
]


OLD_AGE_CLAIM = "old_age_claim"


class OutboxSender:
    """MessageSender: puts case messages into the exchange's outbox, in the same transaction."""

    def __init__(self, connection: Connection, parts: "CaseParts", limits: Limits) -> None:
        self._outbox = PostgresOutbox(connection, parts.at_rest)
        self._treaty_work = PostgresTreatyWork(connection, parts.at_rest)
        self._parts = parts
        self._limits = limits

    async def send(self, message: CaseMessage) -> None:
        """Put a message into the outbox; the agreement is named by the hash of the version that binds both today."""
        check_fields(message.type, message.record, purpose=PENSION_CLAIM)
        sha256 = await binding_sha256(
            message.agreement_id, message.recipient, work=self._treaty_work, parts=self._parts
        )
        await submit(
            OutgoingMessage(
                message_id=message.message_id,
                idempotency_key=message.idempotency_key,
                recipient=message.recipient,
                case_id=message.case_id,
                type=message.type,
                schema_version=message.schema_version,
                record=message.record,
                agreement_id=message.agreement_id if sha256 else "",
                agreement_sha256=sha256,
                in_reply_to=message.in_reply_to,
                purpose=PENSION_CLAIM.code,
                legal_basis=str(PENSION_CLAIM.citation),
            ),
            me=self._parts.me,
            outbox=self._outbox,
            recipients=self._parts.trust,
            clock=self._parts.clock,
            limits=self._limits,
        )


class ClaimSteps:
    """OpenSteps: those of a claim stand beside those of cases on flows, under the name of the flow of such claims."""

    def __init__(self, connection: Connection, me: InstitutionId) -> None:
        self._standings = PostgresStandings(connection)
        self._me = me

    async def put(self, case: Case) -> None:
        """Keep what is open with its day: that of the law, or else of the service standard."""
        found = []
        for step in steps(case, me=self._me, standards=ServiceStandards()):
            day = step.due.by_law_on or step.due.ask_again_on
            if step.done_at is None and day is not None:
                found.append(
                    OpenStep(case.case_id, OLD_AGE_CLAIM, step.step_id, step.holder, step.since, day, step.due.rule_id)
                )
        await self._standings.put_steps(case.case_id, found)


class ReadMessages:
    """Correspondence: what was received of a case is receipted as opened, in the same transaction."""

    def __init__(self, connection: Connection, parts: "CaseParts") -> None:
        self._work = PostgresExchangeWork(connection, parts.at_rest)
        self._parts = parts

    async def opened(self, case_id: UUID) -> None:
        """Tell the senders of what was not read before."""
        parts = self._parts
        await tell_opened(case_id, work=self._work, me=parts.me, new_id=parts.new_id, at=parts.clock.now())


async def binding_sha256(agreement_id: str, other: InstitutionId, *, work: TreatyWork, parts: CaseParts) -> str:
    """The hash of the version that binds our state and another's today.

    Empty where none does, since a case that began under one is told to its end.
    """
    pair = state_of(parts.me), state_of(other)
    book = await treaty_book(agreement_id, pair, work=work, authorities=parts.treaties.authorities)
    try:
        return book.binding_version(pair, on=parts.clock.now().date()).version.sha256
    except NotBindingError:
        return ""


class CaseTransaction:
    """CaseWork on one connection. `limits`: what the node takes on; what a received message does knows none."""

    def __init__(self, connection: Connection, parts: CaseParts, *, limits: Limits = USUAL) -> None:
        self.cases = PostgresCases(connection, parts.at_rest)
        self.timeline = PostgresTimeline(connection, parts.at_rest)
        self.open_steps = ClaimSteps(connection, parts.me)
        self.accounts = PostgresRegister(connection, parts.at_rest)
        self.careers = PostgresCareers(connection, parts.at_rest)
        self.commands = PostgresCommands(connection, parts.at_rest)
        self.looks = PostgresLooks(connection, parts.at_rest)
        self.protected = PostgresProtected(connection)
        self.people = PostgresPeople(connection, parts.at_rest)
        treaty_work = PostgresTreatyWork(connection, parts.at_rest)
        self.sender = OutboxSender(connection, parts, limits)
        self.correspondence = ReadMessages(connection, parts)
        self.directory = DirectoryOfInstitutions(parts.directory, treaty_work, parts.treaties)
        self.reviews = JudgedRecords(connection, parts)
        self.determiner = RatifiedRulesDeterminer(RatifiedLaw(lambda: nullcontext(treaty_work), parts.treaties))


def case_unit_of_work(
    database: Database, parts: CaseParts, *, limits: Limits = USUAL
) -> Callable[[], AbstractAsyncContextManager[CaseTransaction]]:
    """Opens a transaction of cases; a step that would send more than the node takes on is refused as a whole."""

    @asynccontextmanager
    async def work() -> AsyncIterator[CaseTransaction]:
        async with database.transaction() as connection:
            yield CaseTransaction(connection, parts, limits=limits)

    return work


class CaseEffects:
    """MessageEffects: what a received message does to its case, in the transaction that takes it in."""

    def __init__(self, parts: CaseParts) -> None:
        self._parts = parts

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> Unchecked | None:
        """Apply one message once; an error undoes it, and the exchange sets the message aside or tries it again."""
        if not isinstance(work, PostgresExchangeWork):
            raise TypeError("cases and the exchange share one PostgreSQL transaction")
        said = await apply_message(
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
        return Unchecked(said.code, said.reason) if said else None
