"""The ports of flows filled from the exchange, the directory and the catalogue, all on one connection."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, timedelta

from portability.adapters.clock.holidays import is_public_holiday
from portability.adapters.postgres.change_store import PostgresFlowChanges
from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.exchange_outbox import PostgresOutbox
from portability.adapters.postgres.exchange_work import PostgresExchangeWork
from portability.adapters.postgres.flows_store import PostgresCaseLines, PostgresShelf, PostgresStandings
from portability.adapters.postgres.looks import PostgresLooks, PostgresProtected
from portability.adapters.postgres.records_store import PostgresCommands
from portability.adapters.postgres.treaties_store import PostgresTreatyWork
from portability.adapters.postgres.whose_store import PostgresWhose
from portability.agreements.careers import totals_that_differ
from portability.agreements.errors import GatewayError, InputError
from portability.agreements.values import StateCode
from portability.app.wiring.cases import ReadMessages, binding_sha256
from portability.app.wiring.flow_persons import FlowPersons
from portability.app.wiring.flow_records import FlowRecords
from portability.app.wiring.parts import CaseParts, DirectoryOfInstitutions
from portability.services.cases.commands import check_claim_days
from portability.services.cases.mapping.allowed_fields import check_fields
from portability.services.cases.mapping.field_profiles import check_profile, profile_for, profiles
from portability.services.cases.mapping.kinds import content_of
from portability.services.exchange.handlers import submit
from portability.services.exchange.limits import USUAL, Limits
from portability.services.exchange.model.messages import InstitutionId, OutgoingMessage, ReceivedMessage
from portability.services.exchange.model.statuses import Unchecked
from portability.services.exchange.ports.work import ExchangeWork
from portability.services.flows.arrival import ArrivedMessage, apply_flow_message
from portability.services.flows.load import packaged_flows
from portability.services.flows.mapping.envelope import ENVELOPE_VERSION
from portability.services.flows.model import KeptDocument
from portability.services.flows.ports import FlowMessage, FlowParts
from portability.services.flows.ticking import tick
from portability.services.purposes import purpose_named
from portability.services.records.mapping.stated import read_said
from portability.services.records.stated import About, Stated

__all__ = ["FlowTransaction", "NodeEffects", "flow_parts", "flow_unit_of_work", "run_clock"]

LOOK_EVERY = timedelta(seconds=20)
BORN = {
    "claim.old_age": "claim.person.birth_date",
    "claim.survivor": "deceased.birth",
    "claim.invalidity": "claim.claimant.birth",
}
"""Where a claim says when the insured person was born."""


class CatalogueRules:
    """ContentRules: what a message of a type may carry for a purpose."""

    def check(self, kind: str, content: bytes, *, sender: InstitutionId, purpose: str, on: date) -> None:
        """Return where the content is right; raise InputError with the field that is not."""
        check_fields(kind, content, purpose=purpose_named(purpose))
        for said in read_said(kind, content, sender=sender, to=(), on=on):
            if isinstance(said, About) and said.claimed_on:
                born = said.person.birth_date if said.person else None
                check_claim_days(said.claimed_on, born=born, born_field=BORN.get(kind, ""), on=on)

    def has_profiles(self, kind: str) -> bool:
        """Whether a packaged profile speaks of the type."""
        return any(one.type == kind for one in profiles())

    def check_profile(self, kind: str, content: bytes, *, agreement_id: str, states: Sequence[StateCode]) -> str:
        """The id of the profile, where the content has what it asks for; raise InputError with field and provision."""
        profile = profile_for(kind, agreement_id=agreement_id, states=states)
        if profile is None:
            return ""
        check_profile(profile, content_of(kind).FromString(content))
        return profile.id


def flow_parts(parts: CaseParts) -> FlowParts:
    """What every transaction of flows needs beside its connection; every flow that ships."""
    return FlowParts(
        me=parts.me,
        flows=packaged_flows(),
        contents=CatalogueRules(),
        holidays=is_public_holiday,
        clock=parts.clock,
        new_id=parts.new_id,
    )


class EnvelopeSender:
    """FlowSender: puts enveloped messages into the exchange's outbox, in the same transaction."""

    def __init__(self, connection: Connection, parts: CaseParts, limits: Limits) -> None:
        self._outbox = PostgresOutbox(connection, parts.at_rest)
        self._treaty_work = PostgresTreatyWork(connection, parts.at_rest)
        self._parts = parts
        self._limits = limits

    async def send(self, message: FlowMessage) -> None:
        """Put a message into the outbox; the agreement is named by the hash of the version that binds both today."""
        purpose = purpose_named(message.purpose)
        sha256 = ""
        if message.agreement_id:
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
                schema_version=ENVELOPE_VERSION,
                record=message.record,
                agreement_id=message.agreement_id if sha256 else "",
                agreement_sha256=sha256,
                purpose=purpose.code,
                legal_basis=str(purpose.citation),
            ),
            me=self._parts.me,
            outbox=self._outbox,
            recipients=self._parts.trust,
            clock=self._parts.clock,
            limits=self._limits,
        )


class FlowTransaction:
    """FlowWork on one connection. `limits`: what the node takes on; what a received message does knows none."""

    def __init__(self, connection: Connection, parts: CaseParts, *, limits: Limits = USUAL) -> None:
        self.shelf = PostgresShelf(connection, parts.at_rest)
        self.standings = PostgresStandings(connection)
        self.lines = PostgresCaseLines(connection)
        self.commands = PostgresCommands(connection, parts.at_rest)
        self.looks = PostgresLooks(connection, parts.at_rest)
        self.protected = PostgresProtected(connection)
        self.changes = PostgresFlowChanges(connection, me=parts.me, new_id=parts.new_id)
        self.by_number = PostgresWhose(connection, parts.at_rest)
        self.persons = FlowPersons(self.by_number, self.protected)
        self.sender = EnvelopeSender(connection, parts, limits)
        self.correspondence = ReadMessages(connection, parts)
        treaty_work = PostgresTreatyWork(connection, parts.at_rest)
        self.agreements = DirectoryOfInstitutions(parts.directory, treaty_work, parts.treaties)
        self.records = FlowRecords(connection, parts)


def flow_unit_of_work(
    database: Database, parts: CaseParts, *, acting: str = "", limits: Limits = USUAL
) -> Callable[[], AbstractAsyncContextManager[FlowTransaction]]:
    """Opens a transaction of flows; a step that would send more than the node takes on is refused as a whole."""

    @asynccontextmanager
    async def work() -> AsyncIterator[FlowTransaction]:
        async with database.transaction(acting=acting) as connection:
            yield FlowTransaction(connection, parts, limits=limits)

    return work


async def run_clock(database: Database, parts: CaseParts, *, every: timedelta = LOOK_EVERY) -> None:
    """Note deadlines that have passed, until cancelled; several nodes' clocks leave each other's cases alone."""
    flows, work = flow_parts(parts), flow_unit_of_work(database, parts, acting="node")
    while True:
        looked_at = 0
        try:
            async with work() as transaction:
                looked_at = await tick(transaction, flows)
        except GatewayError as error:
            if not error.retryable:
                raise
        if not looked_at:
            await asyncio.sleep(every.total_seconds())


class NodeEffects:
    """MessageEffects: what a message says goes to the flow of its case."""

    def __init__(self, parts: CaseParts) -> None:
        self._parts = parts
        self._flows = flow_parts(parts)

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> Unchecked | None:
        """Apply one message once; an error undoes it, and the exchange sets the message aside or tries it again."""
        if message.schema_version != ENVELOPE_VERSION:
            raise InputError(
                f"Messages of schema version {message.schema_version} are not known here: expected {ENVELOPE_VERSION}.",
                field="schema_version",
            )
        if not isinstance(work, PostgresExchangeWork):
            raise TypeError("flows and the exchange share one PostgreSQL transaction")
        kept = await apply_flow_message(
            ArrivedMessage(
                message.sender,
                message.case_id,
                message.type,
                message.record,
                sent_at=message.sent_at,
                received_at=message.received_at,
            ),
            work=FlowTransaction(work.connection, self._parts),
            parts=self._flows,
        )
        return _unchecked(kept)


def _unchecked(kept: KeptDocument) -> Unchecked | None:
    """Totals that are not those of the periods: the periods count, and nothing is repaired."""
    document = kept.document
    for said in read_said(kept.type, kept.content, sender=document.sender, to=document.to, on=document.at.date()):
        if isinstance(said, Stated) and totals_that_differ(said.totals, [one.period for one in said.periods]):
            return Unchecked("TOTALS_DIFFER", "The totals sent are not those of the periods; the periods count.")
    return None
