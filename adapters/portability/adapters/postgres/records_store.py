"""The register, the careers of cases and the command log in PostgreSQL, within the caller's transaction."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from psycopg.types.json import Jsonb

from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import from_document, to_document
from portability.agreements.careers import CareerRecord, InsuranceAccount, PersonIdentifier
from portability.agreements.errors import GatewayError
from portability.services.idempotency import KnownCommand

__all__ = ["PostgresCareers", "PostgresCommands", "PostgresRecordWork", "PostgresRegister", "identifier_columns"]


def identifier_columns(identifiers: Iterable[PersonIdentifier]) -> tuple[list[str], list[str], list[str]]:
    """Country, sector and comparable value of each, as three columns of one length."""
    found = list(identifiers)
    return (
        [each.country for each in found],
        [each.sector for each in found],
        [each.comparable for each in found],
    )


class PostgresRegister:
    """InsuredRegister and OwnAccounts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, accounts: Sequence[InsuranceAccount]) -> None:
        """Keep accounts; one with a known id replaces it as a whole, identifiers included."""
        async with self._connection.pipeline(), self._connection.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO accounts (account_id, document) VALUES (%s, %s) "
                "ON CONFLICT (account_id) DO UPDATE SET document = excluded.document",
                [(account.account_id, Jsonb(to_document(account))) for account in accounts],
            )
            await cursor.execute(
                "DELETE FROM account_identifiers WHERE account_id = ANY(%s)",
                ([account.account_id for account in accounts],),
            )
            await cursor.executemany(
                "INSERT INTO account_identifiers (country, sector, comparable, account_id) "
                "VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [
                    (each.country, each.sector, each.comparable, account.account_id)
                    for account in accounts
                    for each in account.identifiers
                ],
            )

    async def find(self, identifiers: Sequence[PersonIdentifier]) -> Sequence[InsuranceAccount]:
        """Accounts that have one of these identifiers, by account id."""
        found = await self._connection.execute(
            """
            SELECT document FROM accounts WHERE account_id IN (
                SELECT known.account_id
                FROM unnest(%s::text[], %s::text[], %s::text[]) AS wanted (country, sector, comparable)
                JOIN account_identifiers AS known USING (country, sector, comparable)
            ) ORDER BY account_id COLLATE "C"
            """,
            identifier_columns(identifiers),
        )
        return [from_document(InsuranceAccount, row[0]) for row in await found.fetchall()]

    async def get(self, account_id: str) -> InsuranceAccount | None:
        """The account with the institution's own id."""
        found = await self._connection.execute("SELECT document FROM accounts WHERE account_id = %s", (account_id,))
        row = await found.fetchone()
        return from_document(InsuranceAccount, row[0]) if row else None


class PostgresCareers:
    """CareerBook of records and of cases."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, case_id: UUID, career: CareerRecord) -> None:
        """Keep what one country has answered, in place of what was known of it."""
        await self._connection.execute(
            "INSERT INTO case_careers (case_id, state, document) VALUES (%s, %s, %s) "
            "ON CONFLICT (case_id, state) DO UPDATE SET document = excluded.document",
            (case_id, career.state, Jsonb(to_document(career))),
        )

    async def of_case(self, case_id: UUID) -> Sequence[CareerRecord]:
        """One entry a country, by state code."""
        found = await self._connection.execute(
            "SELECT document FROM case_careers WHERE case_id = %s ORDER BY state", (case_id,)
        )
        return [from_document(CareerRecord, row[0]) for row in await found.fetchall()]


class PostgresCommands:
    """CommandLog."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def begin(self, command: KnownCommand) -> KnownCommand:
        """Keep the command, or give the known one; the insert waits for a transaction that is carrying it out."""
        await self._connection.execute(
            "INSERT INTO commands (request_id, fingerprint) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (command.request_id, command.fingerprint),
        )
        found = await self._connection.execute(
            "SELECT request_id, fingerprint, answer FROM commands WHERE request_id = %s", (command.request_id,)
        )
        row = await found.fetchone()
        if row is None:
            raise GatewayError("PostgreSQL gave no row for a command that it has just kept.", retryable=True)
        return KnownCommand(*row)

    async def finish(self, request_id: UUID, *, answer: str) -> None:
        """Keep the answer of a command that has begun."""
        await self._connection.execute("UPDATE commands SET answer = %s WHERE request_id = %s", (answer, request_id))


class PostgresRecordWork:
    """RecordWork: the ports of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.register = PostgresRegister(connection)
        self.careers = PostgresCareers(connection)
        self.commands = PostgresCommands(connection)
