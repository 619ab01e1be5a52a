"""The register, the careers of cases and the command log in PostgreSQL, within the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.arrays import byteas, dates, ids, uuids
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
    "forget_accounts",
    "hidden_identifiers",
    "keep_accounts",
]


CANDIDATES = 100
"""Accounts that a search for a person reads at most: keys are shared by a handful."""
# One statement: a round trip for each of the three tables would cost more than their rows.
KEEP = """
WITH kept AS (
    INSERT INTO accounts (scope, birth, as_of, document)
    SELECT * FROM unnest(%(scopes)b::uuid[], %(births)b::uuid[], %(as_of)b::date[], %(documents)b::bytea[])
    ON CONFLICT (scope) DO UPDATE SET birth = excluded.birth, as_of = excluded.as_of, document = excluded.document
), filed AS (
    INSERT INTO account_search_keys (key, scope) SELECT * FROM unnest(%(keys)b::uuid[], %(filed)b::uuid[])
    ON CONFLICT DO NOTHING
)
INSERT INTO account_identifiers (identifier, scope)
SELECT * FROM unnest(%(identifiers)b::bytea[], %(identified)b::uuid[]) ON CONFLICT DO NOTHING
"""


def hidden_identifiers(at_rest: AtRest, identifiers: Iterable[PersonIdentifier]) -> list[bytes]:
    """Keyed hashes of identifiers as they are compared: country, sector and comparable value."""
    return [at_rest.hidden(each.country, each.sector, each.comparable) for each in identifiers]


def account_scope(at_rest: AtRest, account_id: str) -> UUID:
    """The scope at rest of an account: a keyed hash of its id, by which it is found too."""
    return UUID(bytes=at_rest.hidden("account", account_id)[:16])


async def keep_accounts(connection: Connection, at_rest: AtRest, accounts: Mapping[UUID, InsuranceAccount]) -> None:
    """Keep accounts by scope, each found by its identifiers and the search keys of its person."""
    filed = [(key, scope.bytes) for scope, one in accounts.items() for key in _hidden_keys(at_rest, account_keys(one))]
    identified = [
        (identifier, scope.bytes)
        for scope, one in accounts.items()
        for identifier in hidden_identifiers(at_rest, one.identifiers)
    ]
    await connection.execute(
        KEEP,
        {
            "scopes": uuids(list(accounts)),
            "births": ids([birth_of(at_rest, one.account_id, one.birth_date) for one in accounts.values()]),
            "as_of": dates([one.as_of for one in accounts.values()]),
            "documents": byteas(await seal_documents(at_rest, accounts.items())),
            "keys": ids([key for key, _ in filed]),
            "filed": ids([scope for _, scope in filed]),
            "identifiers": byteas([identifier for identifier, _ in identified]),
            "identified": ids([scope for _, scope in identified]),
        },
    )


async def forget_accounts(connection: Connection, scopes: Sequence[UUID]) -> None:
    """Delete what hangs on accounts: by what they are found, and what was imported for them."""
    async with connection.pipeline():
        for table in ("account_identifiers", "account_search_keys", "account_periods"):
            await connection.execute(f"DELETE FROM {table} WHERE scope = ANY(%b)".encode(), (uuids(scopes),))  # noqa: S608 - constants


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
        by_scope = {self.scope_of(account.account_id): account for account in accounts}
        await forget_accounts(self._connection, list(by_scope))
        await keep_accounts(self._connection, self._at_rest, by_scope)

    async def find(self, identifiers: Sequence[PersonIdentifier]) -> Sequence[InsuranceAccount]:
        """Accounts that have one of these identifiers, by account id."""
        found = await self._connection.execute(
            "SELECT scope, as_of, document FROM accounts "
            "WHERE scope IN (SELECT scope FROM account_identifiers WHERE identifier = ANY(%b))",
            (hidden_identifiers(self._at_rest, identifiers),),
            binary=True,
        )
        return sorted(await self._opened(await found.fetchall()), key=lambda account: account.account_id)

    async def get(self, account_id: str) -> InsuranceAccount | None:
        """The account with the institution's own id."""
        found = await self._connection.execute(
            "SELECT scope, as_of, document FROM accounts WHERE scope = %s",
            (self.scope_of(account_id),),
            binary=True,
        )
        accounts = await self._opened(await found.fetchall())
        return accounts[0] if accounts else None

    async def like(self, keys: frozenset[str]) -> Sequence[InsuranceAccount]:
        """Accounts filed under one of the search keys of a person."""
        found = await self._connection.execute(
            "SELECT scope, as_of, document FROM accounts WHERE scope IN "
            "(SELECT scope FROM account_search_keys WHERE key = ANY(%b) LIMIT %s)",
            (ids(_hidden_keys(self._at_rest, keys)), CANDIDATES),
            binary=True,
        )
        return sorted(await self._opened(await found.fetchall()), key=lambda account: account.account_id)

    def scope_of(self, account_id: str) -> UUID:
        """The account's scope at rest."""
        return account_scope(self._at_rest, account_id)

    async def _opened(self, rows: Sequence[Any]) -> Sequence[InsuranceAccount]:
        """Accounts with what was imported for them; an erased account is as if it were not there."""
        opened = await open_documents(self._at_rest, InsuranceAccount, ((row[0], row[2]) for row in rows))
        imported = await self._imported([row[0] for row in rows])
        return [
            replace(account, as_of=as_of, periods=_with(account.periods, imported.get(scope, ())))
            for account, (scope, as_of, _) in zip(opened, rows, strict=True)
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
