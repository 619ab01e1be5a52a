"""Cases on flows and who holds what until when in PostgreSQL, within the caller's transaction, sealed by case."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import open_documents, seal_documents
from portability.agreements.errors import InputError
from portability.services.flows.model import CaseFile, InstitutionId, KeptDocument
from portability.services.flows.ports import CaseLine, CasePage, OpenStep, Standing

__all__ = ["OVERDUE", "OVERDUE_OF", "PostgresCaseLines", "PostgresShelf", "PostgresStandings"]

OVERDUE = (
    "SELECT case_id, flow_id, step_id, holder, since, due_on, rule_id FROM case_steps "
    "WHERE due_on < %(today)s ORDER BY due_on, case_id LIMIT %(limit)s"
)
OVERDUE_OF = (
    "SELECT case_id, flow_id, step_id, holder, since, due_on, rule_id FROM case_steps "
    "WHERE holder = %(holder)s AND due_on < %(today)s ORDER BY due_on, case_id LIMIT %(limit)s"
)


class PostgresShelf:
    """CaseShelf."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def get(self, case_id: UUID, *, for_change: bool) -> CaseFile | None:
        """The case. For a change its id is locked, so that two messages that come at once follow each other."""
        if for_change:
            await self._connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (str(case_id),))
        found = await self._connection.execute(
            "SELECT flow_id, flow_version, known_since FROM flow_cases WHERE case_id = %s", (case_id,)
        )
        row = await found.fetchone()
        if row is None:
            return None
        kept = await self._connection.execute(
            "SELECT case_id, document FROM flow_documents WHERE case_id = %s ORDER BY place", (case_id,), binary=True
        )
        opened = await open_documents(self._at_rest, KeptDocument, await kept.fetchall())
        documents = tuple(one for one in opened if one is not None)
        return CaseFile(case_id, row[0], row[1], row[2], documents) if documents else None

    async def add(self, case: CaseFile, documents: Sequence[KeptDocument]) -> None:
        """Keep documents, and the case where it is new."""
        sealed = await seal_documents(self._at_rest, [(case.case_id, one) for one in documents])
        async with self._connection.pipeline(), self._connection.cursor() as cursor:
            await cursor.execute(
                "INSERT INTO flow_cases (case_id, flow_id, flow_version, known_since) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT DO NOTHING",
                (case.case_id, case.flow_id, case.flow_version, case.known_since),
            )
            for one, document in zip(documents, sealed, strict=True):
                await cursor.execute(
                    "INSERT INTO flow_documents (case_id, document_id, document) VALUES (%s, %s, %s) "
                    "ON CONFLICT DO NOTHING",
                    (case.case_id, one.document.document_id, document),
                )


class PostgresStandings:
    """StandingBook."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, standing: Standing) -> None:
        """Keep how a case stands, in place of how it stood."""
        async with self._connection.pipeline(), self._connection.cursor() as cursor:
            await cursor.execute(
                "UPDATE flow_cases SET open = %s, look_at = %s WHERE case_id = %s",
                (standing.is_open, standing.look_at, standing.case_id),
            )
            await cursor.execute("DELETE FROM case_steps WHERE case_id = %s", (standing.case_id,))
            for step in standing.steps:
                await cursor.execute(
                    "INSERT INTO case_steps (case_id, flow_id, step_id, holder, since, due_on, rule_id) "
                    "VALUES (%s, %s, %s, %s, %s, %s, %s)",
                    (step.case_id, step.flow_id, step.step_id, step.holder, step.since, step.due_on, step.rule_id),
                )

    async def overdue(self, *, holder: InstitutionId, today: date, limit: int) -> Sequence[OpenStep]:
        """The longest overdue first."""
        found = await self._connection.execute(
            OVERDUE_OF if holder else OVERDUE, {"holder": holder, "today": today, "limit": limit}
        )
        return [OpenStep(*row) for row in await found.fetchall()]

    async def to_look_at(self, now: datetime, *, limit: int) -> Sequence[UUID]:
        """The earliest first; rows that another clock has taken are left to it."""
        found = await self._connection.execute(
            "SELECT case_id FROM flow_cases WHERE look_at <= %s ORDER BY look_at LIMIT %s FOR UPDATE SKIP LOCKED",
            (now, limit),
        )
        return [row[0] for row in await found.fetchall()]


class PostgresCaseLines:
    """CaseLines."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(self, *, size: int, after: str, open_only: bool, among: frozenset[UUID] | None = None) -> CasePage:
        """By when they were known here, the newest first."""
        before = await self._place(after) if after else (None, None)
        found = await self._connection.execute(
            """
            SELECT case_id, flow_id, flow_version, open, known_since FROM flow_cases
            WHERE (open OR NOT %(open_only)s)
              AND (%(since)s::timestamptz IS NULL
                   OR (known_since, case_id) < (%(since)s::timestamptz, %(case_id)s::uuid))
              AND (%(all)s OR case_id = ANY(%(among)s))
            ORDER BY known_since DESC, case_id DESC LIMIT %(limit)s
            """,
            {
                "open_only": open_only,
                "since": before[0],
                "case_id": before[1],
                "limit": size + 1,
                "all": among is None,
                "among": list(among or ()),
            },
        )
        rows = await found.fetchall()
        shown = [CaseLine(*row) for row in rows[:size]]
        return CasePage(tuple(shown), next=str(shown[-1].case_id) if len(rows) > size else "")

    async def _place(self, token: str) -> tuple[Any, Any]:
        wrong = InputError("The page token is not one of this list: start again without it.", field="page_token")
        try:
            case_id = UUID(token)
        except ValueError as error:
            raise wrong from error
        found = await self._connection.execute("SELECT known_since FROM flow_cases WHERE case_id = %s", (case_id,))
        row = await found.fetchone()
        if row is None:
            raise wrong
        return row[0], case_id
