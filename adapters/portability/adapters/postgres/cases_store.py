"""Cases and their timeline in PostgreSQL, within the caller's transaction, sealed by the key of each case."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, LiteralString, TypeVar
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.change_store import note_changes
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import open_documents, seal_documents
from portability.adapters.postgres.records_store import hidden_identifiers
from portability.agreements.errors import InputError
from portability.services.cases.model import Case, CaseEvent, Decision, Determination
from portability.services.cases.ports import CasePage, CaseQuery

__all__ = ["PostgresCases", "PostgresTimeline"]

T = TypeVar("T")


class PostgresCases:
    """CaseStore."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def get(self, case_id: UUID, *, for_change: bool) -> Case | None:
        """The case. For a change its id is locked, so that a message cannot miss the claim that comes beside it."""
        if for_change:
            await self._connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (str(case_id),))
        found = await self._connection.execute(
            "SELECT case_id, document FROM cases WHERE case_id = %s", (case_id,), binary=True
        )
        cases = await self._cases(await found.fetchall())
        return cases[0] if cases else None

    async def save(self, case: Case) -> None:
        """Keep the case as it now is; what was determined or decided is added and never changed."""
        made = () if case.determination is None else (case.determination,)
        sealed = iter(
            await seal_documents(
                self._at_rest,
                [
                    (case.case_id, one)
                    for one in (replace(case, determination=None, decisions=()), *made, *case.decisions)
                ],
            )
        )
        identifiers = hidden_identifiers(self._at_rest, case.claim.person.identifiers)
        async with self._connection.pipeline(), self._connection.cursor() as cursor:
            await cursor.execute(
                "INSERT INTO cases (case_id, known_since, closed, document) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT (case_id) DO UPDATE SET closed = excluded.closed, document = excluded.document",
                (case.case_id, case.known_since, case.is_closed, next(sealed)),
            )
            await cursor.execute(
                "INSERT INTO case_identifiers (identifier, case_id) SELECT unnest(%b::bytea[]), %s "
                "ON CONFLICT DO NOTHING",
                (identifiers, case.case_id),
            )
            for determination in made:
                await cursor.execute(
                    "INSERT INTO case_determinations (determination_id, case_id, document) VALUES (%s, %s, %s) "
                    "ON CONFLICT DO NOTHING",
                    (determination.determination_id, case.case_id, next(sealed)),
                )
            for decision in case.decisions:
                await cursor.execute(
                    "INSERT INTO case_decisions (decision_id, case_id, document) VALUES (%s, %s, %s) "
                    "ON CONFLICT DO NOTHING",
                    (decision.decision_id, case.case_id, next(sealed)),
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
                SELECT case_id FROM case_identifiers WHERE identifier = ANY(%(identifiers)b::bytea[])))
            ORDER BY known_since DESC, case_id DESC LIMIT %(limit)s
            """,
            self._page_parameters(query, before),
            binary=True,
        )
        rows = await found.fetchall()
        shown = rows[: query.size]
        more = len(rows) > query.size
        return CasePage(tuple(await self._cases(shown)), next=str(shown[-1][0]) if more else "")

    def _page_parameters(self, query: CaseQuery, before: tuple[Any, Any]) -> Mapping[str, Any]:
        return {
            "all": not query.open_only,
            "known_since": before[0],
            "case_id": before[1],
            "anybody": not query.identifiers,
            "identifiers": hidden_identifiers(self._at_rest, query.identifiers),
            "limit": query.size + 1,
        }

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
        """Whole cases, in two more reads however many there are; an erased case is as if it were not there."""
        opened = await open_documents(self._at_rest, Case, rows)
        cases = [case for case in opened if case is not None]
        if not cases:
            return []
        ids = [case.case_id for case in cases]
        made = dict(
            await self._of_cases(
                Determination,
                "SELECT DISTINCT ON (case_id) case_id, document FROM case_determinations "
                "WHERE case_id = ANY(%b) ORDER BY case_id, place DESC",
                ids,
            )
        )
        decided: dict[UUID, list[Decision]] = {}
        for case_id, decision in await self._of_cases(
            Decision, "SELECT case_id, document FROM case_decisions WHERE case_id = ANY(%b) ORDER BY place", ids
        ):
            decided.setdefault(case_id, []).append(decision)
        return [
            replace(case, determination=made.get(case.case_id), decisions=tuple(decided.get(case.case_id, ())))
            for case in cases
        ]

    async def _of_cases(self, kind: type[T], statement: LiteralString, ids: list[UUID]) -> list[tuple[UUID, T]]:
        found = await self._connection.execute(statement, (ids,), binary=True)
        rows = await found.fetchall()
        values = await open_documents(self._at_rest, kind, rows)
        return [(row[0], value) for row, value in zip(rows, values, strict=True) if value is not None]


class PostgresTimeline:
    """CaseTimeline."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def add(self, events: Sequence[CaseEvent]) -> None:
        """Add lines, in this order."""
        if not events:
            return
        documents = await seal_documents(self._at_rest, ((event.case_id, event) for event in events))
        await self._connection.execute(
            "INSERT INTO case_events (event_id, case_id, document) "
            "SELECT event_id, case_id, document FROM unnest(%b::uuid[], %b::uuid[], %b::bytea[]) WITH ORDINALITY "
            "AS given (event_id, case_id, document, place) ORDER BY place",
            ([event.event_id for event in events], [event.case_id for event in events], documents),
        )
        await note_changes(self._connection, events)

    async def of_case(self, case_id: UUID) -> Sequence[CaseEvent]:
        """In the order in which they happened."""
        found = await self._connection.execute(
            "SELECT document FROM case_events WHERE case_id = %s ORDER BY place", (case_id,), binary=True
        )
        rows = await found.fetchall()
        events = await open_documents(self._at_rest, CaseEvent, ((case_id, row[0]) for row in rows))
        return [event for event in events if event is not None]


def _no_such_page() -> InputError:
    return InputError("The page token is not one of this list: start again without it.", field="page_token")
