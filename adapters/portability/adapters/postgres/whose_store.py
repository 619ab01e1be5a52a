"""Whose is what in PostgreSQL: cases, accounts and files of one person, by keyed hashes of her numbers."""

from collections.abc import Collection
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.records_store import hidden_identifiers
from portability.agreements.careers import PersonIdentifier
from portability.services.privacy.model import PersonScopes

__all__ = ["PostgresWhose"]


class PostgresWhose:
    """Cases and accounts are one person's where they share the keyed hash of a number.

    Cases are hers too where they are linked to the same worker on file. A number by which a case only names her beside
    its own person makes no case hers.
    """

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def put(
        self, case_id: UUID, *, hers: Collection[PersonIdentifier], others: Collection[PersonIdentifier]
    ) -> None:
        """Keep by which numbers a case is found, in place of those that it had."""
        rows = dict.fromkeys(hidden_identifiers(self._at_rest, others), False)
        rows |= dict.fromkeys(hidden_identifiers(self._at_rest, hers), True)
        async with self._connection.pipeline():
            await self._connection.execute("DELETE FROM case_identifiers WHERE case_id = %s", (case_id,))
            await self._connection.execute(
                "INSERT INTO case_identifiers (identifier, case_id, hers) "
                "SELECT identifier, %s, hers FROM unnest(%b::bytea[], %b::boolean[]) AS given (identifier, hers)",
                (case_id, list(rows), list(rows.values())),
            )

    async def scopes_of(self, case_id: UUID) -> PersonScopes:
        """Cases, accounts and workers of the person of a case, and the cases of others that name her."""
        cases = await self._ids(
            "SELECT case_id FROM flow_cases WHERE case_id = %(case)s "
            "UNION SELECT other.case_id FROM case_identifiers AS mine "
            "JOIN case_identifiers AS other USING (identifier) "
            "WHERE mine.case_id = %(case)s AND mine.hers AND other.hers "
            "UNION SELECT other.case_id FROM worker_cases AS mine "
            "JOIN worker_cases AS other USING (worker_id) WHERE mine.case_id = %(case)s",
            {"case": case_id},
        )
        named_in = await self._ids(
            "SELECT DISTINCT other.case_id FROM case_identifiers AS mine "
            "JOIN case_identifiers AS other USING (identifier) "
            "WHERE mine.case_id = ANY(%(ids)s) AND mine.hers AND other.case_id <> ALL(%(ids)s)",
            {"ids": cases},
        )
        accounts = await self._ids(
            "SELECT DISTINCT scope FROM account_identifiers JOIN case_identifiers USING (identifier) "
            "WHERE case_id = ANY(%(ids)s) AND hers",
            {"ids": cases},
        )
        workers = await self._ids(
            "SELECT DISTINCT worker_id FROM worker_cases WHERE case_id = ANY(%(ids)s)", {"ids": cases}
        )
        return PersonScopes(
            tuple(sorted(cases)), tuple(sorted(accounts)), tuple(sorted(workers)), tuple(sorted(named_in))
        )

    async def of(self, numbers: Collection[PersonIdentifier]) -> frozenset[UUID]:
        """Cases of whoever has one of these numbers."""
        found = await self._ids(
            "SELECT DISTINCT case_id FROM case_identifiers WHERE identifier = ANY(%(numbers)b::bytea[]) AND hers",
            {"numbers": hidden_identifiers(self._at_rest, numbers)},
        )
        return frozenset(found)

    async def beside(self, case_id: UUID) -> frozenset[UUID]:
        """Cases and accounts of others whom a case names."""
        found = await self._ids(
            "SELECT other.case_id FROM case_identifiers AS named JOIN case_identifiers AS other USING (identifier) "
            "WHERE named.case_id = %(case)s AND NOT named.hers AND other.hers "
            "UNION SELECT scope FROM case_identifiers JOIN account_identifiers USING (identifier) "
            "WHERE case_id = %(case)s AND NOT hers",
            {"case": case_id},
        )
        return frozenset(found)

    async def _ids(self, statement: str, given: dict[str, object]) -> list[UUID]:
        found = await self._connection.execute(statement.encode(), given)
        return [row[0] for row in await found.fetchall()]
