"""Whose is what, legal holds, protected persons and erasures in PostgreSQL, within the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.acts import PostgresActs
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.exchange_timeline import PostgresTimeline
from portability.adapters.postgres.flows_store import PostgresShelf
from portability.adapters.postgres.log_staging import PostgresLogSink
from portability.adapters.postgres.looks import PostgresLooks, PostgresProtected
from portability.adapters.postgres.on_file import PostgresOnFile
from portability.adapters.postgres.person_tables import ERASED
from portability.adapters.postgres.records_store import PostgresCommands
from portability.adapters.postgres.whose_store import PostgresWhose
from portability.services.exchange.model.messages import Direction
from portability.services.exchange.model.statuses import ReceiptStatus
from portability.services.flows.model import state_of
from portability.services.privacy.model import CaseFacts, Erasure, LegalHold, PersonScopes

__all__ = ["PostgresPeople", "PostgresPrivacyWork", "erasures_with_digests"]

MESSAGES_OF_A_CASE = 10_000
ERASURE_COLUMNS: Final = "erasure_id, scopes, erased_at, erased_by, basis, salt"
ERASURES: Final = f"SELECT {ERASURE_COLUMNS} FROM erasures"  # noqa: S608 - constants
# Where something of a protected worker has to stay when her file goes, nobody else may see it from then on either.
UNPROTECT: Final = (
    "DELETE FROM protected_scopes WHERE scope = ANY(%(scopes)s) "
    "AND NOT EXISTS (SELECT FROM claims_sent WHERE worker_id = scope) "
    "AND NOT EXISTS (SELECT FROM declarations WHERE worker_id = scope)"
)
WAITING = {ReceiptStatus.SUBMITTED, ReceiptStatus.RELAYED}

# An account's scope is made of the first half of the keyed hash of its id.


class PostgresPeople:
    """People: what is kept of one person, and what erasing it has to know."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._shelf = PostgresShelf(connection, at_rest)
        self._timeline = PostgresTimeline(connection)
        self._whose = PostgresWhose(connection, at_rest)

    async def scopes_of(self, case_id: UUID) -> PersonScopes:
        """Cases, accounts and workers of the person of a case."""
        return await self._whose.scopes_of(case_id)

    async def facts_of(self, case_ids: Sequence[UUID]) -> Sequence[CaseFacts]:
        """When each was closed, and its agreements."""
        found = [await self._facts(case_id) for case_id in case_ids]
        return [one for one in found if one is not None]

    async def _facts(self, case_id: UUID) -> CaseFacts | None:
        """A case is closed since the last that was said in it."""
        case = await self._shelf.get(case_id, for_change=False)
        row = await (
            await self._connection.execute("SELECT open FROM flow_cases WHERE case_id = %s", (case_id,))
        ).fetchone()
        if case is None or row is None:
            return None
        said = sorted(case.said, key=lambda one: one.order)
        parties = {party for one in said for party in one.parties if party.agreement_id}
        return CaseFacts(
            case_id,
            said[0].at.date(),
            None if row[0] else said[-1].at.date(),
            tuple(sorted({(one.agreement_id, state_of(one.institution)) for one in parties})),
        )

    async def waiting_messages(self, case_ids: Sequence[UUID]) -> int:
        """Messages sent and not receipted."""
        lines = [
            line
            for case_id in case_ids
            for line in await self._timeline.of_case(case_id, after=None, limit=MESSAGES_OF_A_CASE)
        ]
        return sum(line.direction is Direction.SENT and line.status in WAITING for line in lines)


class PostgresHolds:
    """LegalHolds. The order that demands a hold may name people: it is sealed by the key of its case."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def add(self, hold: LegalHold) -> None:
        """Keep a hold."""
        (citation,) = await self._at_rest.seal([(hold.case_id, hold.citation.encode())])
        await self._connection.execute(
            "INSERT INTO legal_holds (hold_id, case_id, citation, set_by, set_at) VALUES (%s, %s, %s, %s, %s)",
            (hold.hold_id, hold.case_id, citation, hold.set_by, hold.set_at),
        )

    async def lift(self, hold_id: UUID, *, at: datetime) -> UUID | None:
        """End a hold; its case."""
        found = await self._connection.execute(
            "UPDATE legal_holds SET lifted_at = %s WHERE hold_id = %s AND lifted_at IS NULL RETURNING case_id",
            (at, hold_id),
        )
        row = await found.fetchone()
        return row[0] if row else None

    async def of(self, case_ids: Sequence[UUID]) -> Sequence[LegalHold]:
        """Holds in force."""
        found = await self._connection.execute(
            "SELECT hold_id, case_id, citation, set_by, set_at FROM legal_holds "
            "WHERE case_id = ANY(%s) AND lifted_at IS NULL ORDER BY set_at, hold_id",
            (list(case_ids),),
        )
        holds = await found.fetchall()
        opened = await self._at_rest.open([(row[1], row[2]) for row in holds])
        return [
            LegalHold(row[0], row[1], (citation or b"").decode(), *row[3:])
            for row, citation in zip(holds, opened, strict=True)
        ]


class PostgresErasures:
    """Erasures."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, erasure: Erasure) -> None:
        """Keep an act and delete what it erases, as far as no proof rests on it.

        Headers, leaf hashes and signatures stay in inbox and outbox; what is sealed beside them no key opens.
        """
        scopes = {"scopes": list(erasure.scopes)}
        async with self._connection.pipeline():
            await self._connection.execute(
                "INSERT INTO erasures VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (
                    erasure.erasure_id,
                    scopes["scopes"],
                    erasure.erased_at,
                    erasure.erased_by,
                    erasure.basis,
                    erasure.salt,
                    erasure.entry.digest,
                ),
            )
            await self._connection.execute(
                "UPDATE worker_notices SET case_id = NULL WHERE case_id = ANY(%(scopes)s)", scopes
            )
            for table, key in ERASED:
                await self._connection.execute(
                    f"DELETE FROM {table} WHERE {key} = ANY(%(scopes)s)".encode(),  # noqa: S608 - constants
                    scopes,
                )
            await self._connection.execute(UNPROTECT, scopes)

    async def find(self, erasure_id: UUID) -> Erasure | None:
        """One act."""
        found = await self._connection.execute(f"{ERASURES} WHERE erasure_id = %s", (erasure_id,))
        row = await found.fetchone()
        return None if row is None else Erasure(row[0], tuple(row[1]), *row[2:])

    async def all(self) -> Sequence[Erasure]:
        """Every act, the oldest first."""
        found = await self._connection.execute(f"{ERASURES} ORDER BY erased_at, erasure_id")
        return [Erasure(row[0], tuple(row[1]), *row[2:]) for row in await found.fetchall()]


async def erasures_with_digests(connection: Connection) -> Sequence[tuple[Erasure, bytes]]:
    """Every act with the digest that its row says the log has of it."""
    query = f"SELECT {ERASURE_COLUMNS}, digest FROM erasures ORDER BY erasure_id"  # noqa: S608 - constants
    found = await connection.execute(query.encode())
    return [(Erasure(row[0], tuple(row[1]), *row[2:-1]), row[-1]) for row in await found.fetchall()]


class PostgresPrivacyWork:
    """PrivacyWork: the ports of one transaction."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self.people = PostgresPeople(connection, at_rest)
        self.on_file = PostgresOnFile(connection, at_rest)
        self.holds = PostgresHolds(connection, at_rest)
        self.protected = PostgresProtected(connection)
        self.erasures = PostgresErasures(connection)
        self.looks = PostgresLooks(connection, at_rest)
        self.commands = PostgresCommands(connection, at_rest)
        self.log = PostgresLogSink(connection)
        self.acts = PostgresActs(connection, at_rest)
