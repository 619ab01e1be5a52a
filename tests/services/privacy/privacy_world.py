"""A node's data of many people on real PostgreSQL, its keys in a database of their own, and what erases them."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

from psycopg import sql

from portability.adapters.clock.fake import ManualClock
from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.keys.at_rest import AtRest
from portability.adapters.keys.master import MasterKey
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.exchange_work import exchange_unit_of_work
from portability.adapters.postgres.key_table import PostgresKeyTable
from portability.adapters.postgres.privacy_store import PostgresPrivacyWork
from portability.adapters.postgres.records_store import PostgresRegister
from portability.adapters.postgres.workers_store import PostgresWorkerCases, PostgresWorkers
from portability.agreements.careers import InsuranceAccount, PersonIdentifier
from portability.services.cases.model import Claim, DeclaredPeriod, Person
from portability.services.exchange.envelope import Header, received_message
from portability.services.exchange.mapping.wire import decode_header, encode_header
from portability.services.exchange.model.receiving import InboxBundle, InboxMessage
from portability.services.exchange.suites import SALT_BYTES, commitment
from portability.services.hybrid import HybridSignature
from portability.services.merkle import leaf_hash
from portability.services.privacy.handlers import PrivacyUseCases
from portability.services.privacy.model import Retention
from portability.services.workers.model import WorkerOnFile, parse_contact
from tests.services.cases.kept import keep_claim

LODGED, CLOSED = datetime(2025, 1, 7, 9, tzinfo=UTC), datetime(2026, 3, 10, 9, tzinfo=UTC)
LONG_AFTER = datetime(2036, 3, 10, 9, tzinfo=UTC)  # ten years and no day less
ME = "de-drv"


@dataclass(frozen=True)
class Subject:
    """One person, all of whose data are easy to guess for who knows how numbers are made."""

    case_id: UUID
    worker_id: UUID
    number: str
    message: InboxMessage

    @property
    def record(self) -> bytes:
        return self.message.message.record


class NoAgreementSays:
    async def of_agreement(self, agreement_id: str, state: str, *, on: date) -> Retention | None:
        return None


class PrivacyWorld:
    def __init__(self, database: Database, keys: Database, at_rest: AtRest, clock: ManualClock) -> None:
        self.database, self.keys, self.at_rest, self.clock = database, keys, at_rest, clock
        self.use_cases = PrivacyUseCases(self.work, at_rest, NoAgreementSays(), clock, time_ordered_id)
        self.exchange = exchange_unit_of_work(database, at_rest)

    @asynccontextmanager
    async def work(self) -> AsyncIterator[PostgresPrivacyWork]:
        async with self.database.transaction() as connection:
            yield PostgresPrivacyWork(connection, self.at_rest)

    async def fill(self, count: int, *, closed: bool = True) -> list[Subject]:
        """Keep `count` people: a case, an account, a file for the worker's page, and a message received."""
        subjects = [subject(number) for number in range(count)]
        # All keys in one batch, as an institution that brings its register has them.
        await self.at_rest.seal([(scope, b"") for one in subjects for scope in (one.case_id, one.worker_id)])
        signature, leaves = HybridSignature(b"e" * 64, b"m" * 3309), tuple(one.message.leaf_hash for one in subjects)
        bundle = InboxBundle(time_ordered_id(), "it-inps", b"head", signature, CLOSED, leaves)
        async with self.exchange() as work:
            await work.inbox.add([bundle], [replace(one.message, bundle_id=bundle.bundle_id) for one in subjects])
        async with self.database.transaction() as connection:
            await PostgresRegister(connection, self.at_rest).put([account_of(one) for one in subjects])
            for one in subjects:
                await keep_claim(
                    connection,
                    self.at_rest,
                    one.case_id,
                    claim_of(one),
                    me=ME,
                    at=LODGED,
                    closed_at=CLOSED if closed else None,
                )
                contact = parse_contact(f"w{one.number}@example.org")
                await PostgresWorkers(connection, self.at_rest).keep(
                    WorkerOnFile(one.worker_id, contact, (one.number,))
                )
                await PostgresWorkerCases(connection).link(one.worker_id, one.case_id)
        return subjects

    async def tables(self) -> dict[str, list[tuple[object, ...]]]:
        """Every row of the data's database, as a backup holds it."""
        async with self.database.transaction() as connection:
            names = await connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
            )
            found = {}
            for (name,) in await names.fetchall():
                rows = await connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(name)))
                found[name] = await rows.fetchall()
            return found


@asynccontextmanager
async def privacy_world(
    new_database: Callable[[], str], empty_database: Callable[[], str]
) -> AsyncIterator[PrivacyWorld]:
    clock = ManualClock(CLOSED)
    async with AsyncExitStack() as opened:
        database = await Database.open(new_database())
        opened.push_async_callback(database.close)
        keys = await Database.open(empty_database())
        opened.push_async_callback(keys.close)
        yield PrivacyWorld(database, keys, await at_rest_with(keys, clock), clock)


async def at_rest_with(keys: Database, clock: ManualClock) -> AtRest:
    master = MasterKey(b"m" * 32, random_bytes=os.urandom)
    table = await PostgresKeyTable.on(keys)
    return AtRest(table, master, clock=clock, random_bytes=os.urandom)


def subject(number: int) -> Subject:
    insurance_number = f"65{number:06d}B023"
    case_id, message_id = time_ordered_id(), time_ordered_id()
    record, salt = f"number={insurance_number};born=1958-03-10".encode(), os.urandom(SALT_BYTES)
    header = encode_header(
        Header(
            message_id=message_id,
            sender="it-inps",
            recipient=ME,
            case_id=case_id,
            type="record.statement",
            schema_version=1,
            stream_seq=number + 1,
            sent_at=CLOSED,
            payload_commitment=commitment(salt, record),
            record_length=len(record),
            agreement_id="",
            agreement_sha256=b"",
            in_reply_to=None,
            case_seq=1,
            replaces=None,
        )
    )
    message = received_message(decode_header(header), record, at=CLOSED)
    inbox = InboxMessage(message, header, salt, leaf_hash(header), case_id, number)
    return Subject(case_id, time_ordered_id(), insurance_number, inbox)


def identifier_of(one: Subject) -> PersonIdentifier:
    return PersonIdentifier("DE", "pension", one.number)


def account_of(one: Subject) -> InsuranceAccount:
    return InsuranceAccount(
        f"A-{one.number}", f"Rossi {one.number}", date(1958, 3, 10), (identifier_of(one),), (), date(2026, 1, 1)
    )


def claim_of(one: Subject) -> Claim:
    person = Person("Rossi", f"Maria {one.number}", date(1958, 3, 10), "IT", (identifier_of(one),))
    worked = DeclaredPeriod("IT", date(1985, 1, 1), date(2025, 1, 1))
    return Claim(person, lodged_on=LODGED.date(), award_on=date(2025, 4, 1), declared=(worked,))
