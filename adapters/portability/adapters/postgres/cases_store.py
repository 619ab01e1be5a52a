"""Cases, their timeline and inbox in PostgreSQL, within the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import from_document, to_document
from portability.adapters.postgres.records_store import identifier_columns
from portability.agreements.errors import InputError
from portability.services.cases.messages import ArrivedMessage
from portability.services.cases.model import Case, CaseEvent, Decision, Determination, InstitutionId
from portability.services.cases.ports import CasePage, CaseQuery, WaitingMessage

__all__ = ["PostgresCaseInbox", "PostgresCases", "PostgresTimeline"]

APART = ("determination", "decisions")
"""Kept in tables of their own, where a row once written is never changed."""


class PostgresCases:
    """CaseStore."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def get(self, case_id: UUID, *, for_change: bool) -> Case | None:
        """The case. For a change its id is locked, so that a message cannot miss the claim that comes beside it."""
        if for_change:
            await self._connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (str(case_id),))
        found = await self._connection.execute("SELECT case_id, document FROM cases WHERE case_id = %s", (case_id,))
        cases = await self._cases(await found.fetchall())
        return cases[0] if cases else None

    async def save(self, case: Case) -> None:
        """Keep the case as it now is; what was determined or decided is added and never changed."""
        document = {name: value for name, value in to_document(case).items() if name not in APART}
        person = case.claim.person
        async with self._connection.pipeline(), self._connection.cursor() as cursor:
            await cursor.execute(
                "INSERT INTO cases (case_id, known_since, closed, document) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT (case_id) DO UPDATE SET closed = excluded.closed, document = excluded.document",
                (case.case_id, case.known_since, case.is_closed, Jsonb(document)),
            )
            await cursor.execute(
                "INSERT INTO case_identifiers (country, sector, comparable, case_id) "
                "SELECT country, sector, comparable, %s FROM "
                "unnest(%s::text[], %s::text[], %s::text[]) AS known (country, sector, comparable) "
                "ON CONFLICT DO NOTHING",
                (case.case_id, *identifier_columns(person.identifiers)),
            )
            if case.determination is not None:
                made = case.determination
                await cursor.execute(
                    "INSERT INTO case_determinations (determination_id, case_id, document, trace) "
                    "VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                    (made.determination_id, case.case_id, Jsonb(to_document(replace(made, trace=b""))), made.trace),
                )
            for decision in case.decisions:
                await cursor.execute(
                    "INSERT INTO case_decisions (decision_id, case_id, document) VALUES (%s, %s, %s) "
                    "ON CONFLICT DO NOTHING",
                    (decision.decision_id, case.case_id, Jsonb(to_document(decision))),
                )

    async def page(self, query: CaseQuery) -> CasePage:
        """Cases by when they were known here, the newest first."""
        before = await self._place(query.after) if query.after else (None, None)
        found = await self._connection.execute(
            """
            SELECT case_id, document FROM cases
            WHERE (%(all)s OR NOT closed)
              AND (%(known_since)s::timestamptz IS NULL
                   OR (known_since, case_id) < (%(known_since)s::timestamptz, %(case_id)s::uuid))
              AND (%(anybody)s OR case_id IN (
                SELECT known.case_id
                FROM unnest(%(countries)s::text[], %(sectors)s::text[], %(values)s::text[])
                  AS wanted (country, sector, comparable)
                JOIN case_identifiers AS known USING (country, sector, comparable)))
            ORDER BY known_since DESC, case_id DESC LIMIT %(limit)s
            """,
            _page_parameters(query, before),
        )
        rows = await found.fetchall()
        cases = await self._cases(rows[: query.size])
        more = len(rows) > query.size
        return CasePage(tuple(cases), next=str(cases[-1].case_id) if more else "")

    async def _place(self, token: str) -> tuple[Any, Any]:
        try:
            case_id = UUID(token)
        except ValueError as error:
            raise _no_such_page() from error
        found = await self._connection.execute("SELECT known_since FROM cases WHERE case_id = %s", (case_id,))
        row = await found.fetchone()
        if row is None:
            raise _no_such_page()
        return row[0], case_id

    async def _cases(self, rows: Sequence[Any]) -> list[Case]:
        """Whole cases, in two more reads however many there are."""
        if not rows:
            return []
        ids = [row[0] for row in rows]
        found = await self._connection.execute(
            "SELECT DISTINCT ON (case_id) case_id, document, trace FROM case_determinations "
            "WHERE case_id = ANY(%s) ORDER BY case_id, place DESC",
            (ids,),
        )
        made = {
            case_id: replace(from_document(Determination, document), trace=bytes(trace))
            for case_id, document, trace in await found.fetchall()
        }
        found = await self._connection.execute(
            "SELECT case_id, document FROM case_decisions WHERE case_id = ANY(%s) ORDER BY place", (ids,)
        )
        decided: dict[UUID, list[Decision]] = {}
        for case_id, document in await found.fetchall():
            decided.setdefault(case_id, []).append(from_document(Decision, document))
        return [
            replace(
                from_document(Case, document),
                determination=made.get(case_id),
                decisions=tuple(decided.get(case_id, ())),
            )
            for case_id, document in rows
        ]


class PostgresTimeline:
    """CaseTimeline."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, events: Sequence[CaseEvent]) -> None:
        """Add lines, in this order."""
        if not events:
            return
        async with self._connection.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO case_events (event_id, case_id, document) VALUES (%s, %s, %s)",
                [(event.event_id, event.case_id, Jsonb(to_document(event))) for event in events],
            )

    async def of_case(self, case_id: UUID) -> Sequence[CaseEvent]:
        """In the order in which they happened."""
        found = await self._connection.execute(
            "SELECT document FROM case_events WHERE case_id = %s ORDER BY place", (case_id,)
        )
        return [from_document(CaseEvent, row[0]) for row in await found.fetchall()]


class PostgresCaseInbox:
    """CaseInbox."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def park(self, waiting: WaitingMessage) -> None:
        """Keep a message, or the new reason of one already kept."""
        message = waiting.message
        await self._connection.execute(
            """
            INSERT INTO case_inbox
                (sender, message_id, case_id, type, schema_version, record, received_at, reason)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (sender, message_id) DO UPDATE SET reason = excluded.reason
            """,
            (
                message.sender,
                message.message_id,
                message.case_id,
                message.type,
                message.schema_version,
                message.record,
                message.received_at,
                waiting.reason,
            ),
        )

    async def of_case(self, case_id: UUID) -> Sequence[WaitingMessage]:
        """In the order of arrival, locked."""
        found = await self._connection.execute(
            """
            SELECT message_id, sender, case_id, type, schema_version, record, received_at, reason
            FROM case_inbox WHERE case_id = %s ORDER BY place FOR UPDATE
            """,
            (case_id,),
        )
        return [WaitingMessage(ArrivedMessage(*row[:7]), reason=row[7]) for row in await found.fetchall()]

    async def release(self, sender: InstitutionId, message_id: UUID) -> None:
        """Forget a message: it was applied."""
        await self._connection.execute(
            "DELETE FROM case_inbox WHERE sender = %s AND message_id = %s", (sender, message_id)
        )


def _page_parameters(query: CaseQuery, before: tuple[Any, Any]) -> Mapping[str, Any]:
    countries, sectors, values = identifier_columns(query.identifiers)
    return {
        "all": not query.open_only,
        "known_since": before[0],
        "case_id": before[1],
        "anybody": not query.identifiers,
        "countries": countries,
        "sectors": sectors,
        "values": values,
        "limit": query.size + 1,
    }


def _no_such_page() -> InputError:
    return InputError("The page token is not one of this list: start again without it.", field="page_token")
