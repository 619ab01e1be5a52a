"""The register, the careers of cases and the command log in PostgreSQL, within the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncCursor

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import open_documents, seal_documents
from portability.adapters.postgres.looks import PostgresLooks, PostgresProtected
from portability.adapters.postgres.reviews_store import PostgresReviews
from portability.agreements.careers import CareerRecord, InsuranceAccount, PersonIdentifier, RecordedPeriod
from portability.agreements.errors import GatewayError
from portability.api.common.v1 import common_pb2 as common
from portability.services.idempotency import KnownCommand
from portability.services.mapping.common import read_period
from portability.services.matching import account_keys

__all__ = [
    "PostgresCareers",
    "PostgresCommands",
    "PostgresRecordWork",
    "PostgresRegister",
    "account_scope",
    "birth_of",
    "file_people",
    "hidden_account",
    "hidden_identifiers",
]


CANDIDATES = 100
"""Accounts that a search for a person reads at most: keys are shared by a handful."""


def hidden_identifiers(at_rest: AtRest, identifiers: Iterable[PersonIdentifier]) -> list[bytes]:
    """Keyed hashes of identifiers as they are compared: country, sector and comparable value."""
    return [at_rest.hidden(each.country, each.sector, each.comparable) for each in identifiers]


def hidden_account(at_rest: AtRest, account_id: str) -> bytes:
    """The keyed hash by which an account is found."""
    return at_rest.hidden("account", account_id)


async def file_people(
    connection: Connection | AsyncCursor[Any], at_rest: AtRest, accounts: Mapping[bytes, InsuranceAccount]
) -> None:
    """File accounts, by the keyed hashes of their ids, under the search keys of their people, in place of before."""
    await connection.execute("DELETE FROM account_search_keys WHERE account = ANY(%b)", (list(accounts),))
    filed = [
        (key, hidden) for hidden, account in accounts.items() for key in _hidden_keys(at_rest, account_keys(account))
    ]
    await connection.execute(
        "INSERT INTO account_search_keys (key, account) SELECT * FROM unnest(%b::bytea[], %b::bytea[]) "
        "ON CONFLICT DO NOTHING",
        ([key for key, _ in filed], [hidden for _, hidden in filed]),
    )


def _hidden_keys(at_rest: AtRest, keys: Iterable[str]) -> list[bytes]:
    return [at_rest.hidden("search", key)[:16] for key in keys]


def birth_of(at_rest: AtRest, account_id: str, birth_date: date) -> bytes:
    """A keyed hash that tells whether an account has this birth date; of no use for another account."""
    return at_rest.hidden("birth", account_id, birth_date.isoformat())[:16]


class PostgresRegister:
    """InsuredRegister and OwnAccounts. An account is found by keyed hashes, of its id and of its identifiers."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def put(self, accounts: Sequence[InsuranceAccount]) -> None:
        """Keep accounts; one with a known id replaces it as a whole, identifiers included."""
        ids = [self._hidden_id(account.account_id) for account in accounts]
        documents = await seal_documents(
            self._at_rest, ((account_scope(one), account) for one, account in zip(ids, accounts, strict=True))
        )
        async with self._connection.pipeline(), self._connection.cursor() as cursor:
            await cursor.execute(
                "INSERT INTO accounts (account, birth, as_of, document) "
                "SELECT * FROM unnest(%b::bytea[], %b::bytea[], %b::date[], %b::bytea[]) "
                "ON CONFLICT (account) DO UPDATE "
                "SET birth = excluded.birth, as_of = excluded.as_of, document = excluded.document",
                (
                    ids,
                    [birth_of(self._at_rest, account.account_id, account.birth_date) for account in accounts],
                    [account.as_of for account in accounts],
                    documents,
                ),
            )
            await cursor.execute("DELETE FROM account_identifiers WHERE account = ANY(%b)", (ids,))
            await file_people(cursor, self._at_rest, dict(zip(ids, accounts, strict=True)))
            await cursor.execute(
                "DELETE FROM account_periods WHERE scope = ANY(%b)", ([account_scope(one) for one in ids],)
            )
            identified = [
                (identifier, one)
                for one, account in zip(ids, accounts, strict=True)
                for identifier in hidden_identifiers(self._at_rest, account.identifiers)
            ]
            await cursor.execute(
                "INSERT INTO account_identifiers (identifier, account) SELECT * FROM unnest(%b::bytea[], %b::bytea[]) "
                "ON CONFLICT DO NOTHING",
                ([identifier for identifier, _ in identified], [one for _, one in identified]),
            )

    async def find(self, identifiers: Sequence[PersonIdentifier]) -> Sequence[InsuranceAccount]:
        """Accounts that have one of these identifiers, by account id."""
        found = await self._connection.execute(
            "SELECT account, as_of, document FROM accounts "
            "WHERE account IN (SELECT account FROM account_identifiers WHERE identifier = ANY(%b))",
            (hidden_identifiers(self._at_rest, identifiers),),
            binary=True,
        )
        return sorted(await self._opened(await found.fetchall()), key=lambda account: account.account_id)

    async def get(self, account_id: str) -> InsuranceAccount | None:
        """The account with the institution's own id."""
        found = await self._connection.execute(
            "SELECT account, as_of, document FROM accounts WHERE account = %s",
            (self._hidden_id(account_id),),
            binary=True,
        )
        accounts = await self._opened(await found.fetchall())
        return accounts[0] if accounts else None

    async def like(self, keys: frozenset[str]) -> Sequence[InsuranceAccount]:
        """Accounts filed under one of the search keys of a person."""
        found = await self._connection.execute(
            "SELECT account, as_of, document FROM accounts WHERE account IN "
            "(SELECT account FROM account_search_keys WHERE key = ANY(%b) LIMIT %s)",
            (_hidden_keys(self._at_rest, keys), CANDIDATES),
            binary=True,
        )
        return sorted(await self._opened(await found.fetchall()), key=lambda account: account.account_id)

    def scope_of(self, account_id: str) -> UUID:
        """The account's scope at rest."""
        return account_scope(self._hidden_id(account_id))

    def _hidden_id(self, account_id: str) -> bytes:
        return hidden_account(self._at_rest, account_id)

    async def _opened(self, rows: Sequence[Any]) -> Sequence[InsuranceAccount]:
        """Accounts with what was imported for them; an erased account is as if it were not there."""
        opened = await open_documents(
            self._at_rest, InsuranceAccount, ((account_scope(account), document) for account, _, document in rows)
        )
        imported = await self._imported([account_scope(account) for account, _, _ in rows])
        return [
            replace(account, as_of=as_of, periods=_with(account.periods, imported.get(account_scope(hidden), ())))
            for account, (hidden, as_of, _) in zip(opened, rows, strict=True)
            if account is not None
        ]

    async def _imported(self, scopes: Sequence[UUID]) -> Mapping[UUID, Sequence[RecordedPeriod]]:
        found = await self._connection.execute(
            "SELECT scope, content FROM account_periods WHERE scope = ANY(%b)", (list(scopes),), binary=True
        )
        rows = await found.fetchall()
        periods: dict[UUID, list[RecordedPeriod]] = {}
        for (scope, _), content in zip(rows, await self._at_rest.open(rows), strict=True):
            if content is not None:
                message = common.InsurancePeriod.FromString(content)
                periods.setdefault(scope, []).append(read_period(message, field="period"))
        return periods


def _with(periods: tuple[RecordedPeriod, ...], imported: Sequence[RecordedPeriod]) -> tuple[RecordedPeriod, ...]:
    """What was put, and after it what was imported, by first day; an imported one stands for one of the same id."""
    replaced = {each.period.period_id for each in imported}
    kept = tuple(each for each in periods if each.period.period_id not in replaced)
    return kept + tuple(sorted(imported, key=lambda each: (each.period.start or date.max, each.period.period_id)))


def account_scope(account: bytes) -> UUID:
    """The scope at rest of an account, by the keyed hash of its id."""
    return UUID(bytes=account[:16])


class PostgresCareers:
    """CareerBook of records and of cases."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def put(self, case_id: UUID, career: CareerRecord, *, at: datetime) -> None:
        """Keep what one country has answered, known since then; nothing that was known before is changed."""
        (document,) = await seal_documents(self._at_rest, [(case_id, career)])
        await self._connection.execute(
            "INSERT INTO case_careers (case_id, state, known_at, document) VALUES (%s, %s, %s, %s)",
            (case_id, career.state, at, document),
        )

    async def history(self, case_id: UUID) -> Sequence[tuple[datetime, CareerRecord]]:
        """Everything that was ever known, in the order in which it was kept."""
        found = await self._connection.execute(
            "SELECT known_at, document FROM case_careers WHERE case_id = %s ORDER BY place", (case_id,), binary=True
        )
        rows = await found.fetchall()
        opened = await open_documents(self._at_rest, CareerRecord, ((case_id, row[1]) for row in rows))
        pairs = zip((row[0] for row in rows), opened, strict=True)
        return [(known_at.astimezone(UTC), career) for known_at, career in pairs if career is not None]

    async def of_case(self, case_id: UUID) -> Sequence[CareerRecord]:
        """One entry a country, the latest, by state code."""
        found = await self._connection.execute(
            "SELECT DISTINCT ON (state) document FROM case_careers WHERE case_id = %s ORDER BY state, place DESC",
            (case_id,),
            binary=True,
        )
        rows = await found.fetchall()
        opened = await open_documents(self._at_rest, CareerRecord, ((case_id, row[0]) for row in rows))
        return [career for career in opened if career is not None]


class PostgresCommands:
    """CommandLog. A fingerprint is kept as a keyed hash: by itself it would tell a guess at the content from a miss."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def begin(self, command: KnownCommand) -> KnownCommand:
        """Keep the command, or give the known one; the insert waits for a transaction that is carrying it out."""
        mine = self._at_rest.hidden("command", command.fingerprint)
        await self._connection.execute(
            "INSERT INTO commands (request_id, fingerprint) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (command.request_id, mine),
        )
        found = await self._connection.execute(
            "SELECT fingerprint, answer FROM commands WHERE request_id = %s", (command.request_id,), binary=True
        )
        row = await found.fetchone()
        if row is None:
            raise GatewayError("PostgreSQL gave no row for a command that it has just kept.", retryable=True)
        fingerprint = command.fingerprint if row[0] == mine else ""
        return KnownCommand(command.request_id, fingerprint, row[1])

    async def finish(self, request_id: UUID, *, answer: str) -> None:
        """Keep the answer of a command that has begun."""
        await self._connection.execute("UPDATE commands SET answer = %s WHERE request_id = %s", (answer, request_id))


class PostgresRecordWork:
    """RecordWork: the ports of one transaction."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self.register = self.scopes = self.people = PostgresRegister(connection, at_rest)
        self.careers = PostgresCareers(connection, at_rest)
        self.reviews = PostgresReviews(connection, at_rest)
        self.commands = PostgresCommands(connection, at_rest)
        self.looks = PostgresLooks(connection, at_rest)
        self.protected = PostgresProtected(connection)
