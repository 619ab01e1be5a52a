"""The register, the careers of cases and the command log in PostgreSQL, within the caller's transaction."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import open_documents, seal_documents
from portability.adapters.postgres.looks import PostgresLooks, PostgresProtected
from portability.agreements.careers import CareerRecord, InsuranceAccount, PersonIdentifier
from portability.agreements.errors import GatewayError
from portability.services.idempotency import KnownCommand

__all__ = [
    "PostgresCareers",
    "PostgresCommands",
    "PostgresRecordWork",
    "PostgresRegister",
    "account_scope",
    "hidden_identifiers",
]


def hidden_identifiers(at_rest: AtRest, identifiers: Iterable[PersonIdentifier]) -> list[bytes]:
    """Keyed hashes of identifiers as they are compared: country, sector and comparable value."""
    return [at_rest.hidden(each.country, each.sector, each.comparable) for each in identifiers]


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
                "INSERT INTO accounts (account, document) SELECT * FROM unnest(%b::bytea[], %b::bytea[]) "
                "ON CONFLICT (account) DO UPDATE SET document = excluded.document",
                (ids, documents),
            )
            await cursor.execute("DELETE FROM account_identifiers WHERE account = ANY(%b)", (ids,))
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
            "SELECT account, document FROM accounts "
            "WHERE account IN (SELECT account FROM account_identifiers WHERE identifier = ANY(%b))",
            (hidden_identifiers(self._at_rest, identifiers),),
            binary=True,
        )
        return sorted(await self._opened(await found.fetchall()), key=lambda account: account.account_id)

    async def get(self, account_id: str) -> InsuranceAccount | None:
        """The account with the institution's own id."""
        found = await self._connection.execute(
            "SELECT account, document FROM accounts WHERE account = %s", (self._hidden_id(account_id),), binary=True
        )
        accounts = await self._opened(await found.fetchall())
        return accounts[0] if accounts else None

    def scope_of(self, account_id: str) -> UUID:
        """The account's scope at rest."""
        return account_scope(self._hidden_id(account_id))

    def _hidden_id(self, account_id: str) -> bytes:
        return self._at_rest.hidden("account", account_id)

    async def _opened(self, rows: Sequence[Any]) -> Sequence[InsuranceAccount]:
        """An erased account is as if it were not there."""
        opened = await open_documents(
            self._at_rest, InsuranceAccount, ((account_scope(account), document) for account, document in rows)
        )
        return [account for account in opened if account is not None]


def account_scope(account: bytes) -> UUID:
    """The scope at rest of an account, by the keyed hash of its id."""
    return UUID(bytes=account[:16])


class PostgresCareers:
    """CareerBook of records and of cases."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def put(self, case_id: UUID, career: CareerRecord) -> None:
        """Keep what one country has answered, in place of what was known of it."""
        (document,) = await seal_documents(self._at_rest, [(case_id, career)])
        await self._connection.execute(
            "INSERT INTO case_careers (case_id, state, document) VALUES (%s, %s, %s) "
            "ON CONFLICT (case_id, state) DO UPDATE SET document = excluded.document",
            (case_id, career.state, document),
        )

    async def of_case(self, case_id: UUID) -> Sequence[CareerRecord]:
        """One entry a country, by state code."""
        found = await self._connection.execute(
            "SELECT document FROM case_careers WHERE case_id = %s ORDER BY state", (case_id,), binary=True
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
        self.register = self.scopes = PostgresRegister(connection, at_rest)
        self.careers = PostgresCareers(connection, at_rest)
        self.commands = PostgresCommands(connection, at_rest)
        self.looks = PostgresLooks(connection, at_rest)
        self.protected = PostgresProtected(connection)
