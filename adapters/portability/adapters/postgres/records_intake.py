"""Imports in PostgreSQL, within the caller's transaction: how far each is, and the periods that they bring to accounts.

A period is a row of its own, sealed by its account's key and found by keyed hashes; whether the same is known already
is told by opening it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.arrays import byteas, ids, uuids
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import open_documents, seal_documents
from portability.adapters.postgres.records_store import (
    account_scope,
    birth_of,
    forget_accounts,
    keep_accounts,
)
from portability.agreements.careers import InsuranceAccount
from portability.agreements.errors import GatewayError
from portability.services.records.imports import (
    ImportItem,
    ImportOpening,
    InsuredPerson,
    KeptAs,
    KnownImport,
    RefusedItem,
)

__all__ = ["PostgresImportWork", "PostgresImports", "PostgresIntake"]

KEEP = """
WITH dated AS (
    UPDATE accounts SET as_of = %(as_of)s WHERE scope = ANY(%(accounts)b) AND as_of < %(as_of)s
)
INSERT INTO account_periods (scope, period, import_no, content)
SELECT given.scope, given.period, %(import_no)s, given.content
FROM unnest(%(scopes)b::uuid[], %(periods)b::uuid[], %(contents)b::bytea[]) AS given (scope, period, content)
ON CONFLICT DO NOTHING
RETURNING uuid_send(period)
"""
KNOWN = """
SELECT uuid_send(period), import_no, scope, content FROM account_periods
JOIN unnest(%(scopes)b::uuid[], %(periods)b::uuid[]) AS given (scope, period) USING (scope, period)
"""
REPLACE = """
UPDATE account_periods SET import_no = %(import_no)s, content = given.content
FROM unnest(%(scopes)b::uuid[], %(periods)b::uuid[], %(contents)b::bytea[]) AS given (scope, period, content)
WHERE account_periods.scope = given.scope AND account_periods.period = given.period
"""


class _Given(NamedTuple):
    """A period as it is to be kept."""

    scope: bytes
    period: bytes  # the keyed hash of its id
    sealed: bytes
    content: bytes


class PostgresImports:
    """ImportBook."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def begin(self, opening: ImportOpening) -> KnownImport:
        """The import, locked; a second stream of the same one waits for this transaction."""
        row = await self._locked(opening.import_id)
        if row is None:
            await self._connection.execute(
                "INSERT INTO record_imports (import_id, source, as_of) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                (opening.import_id, opening.source, opening.as_of),
            )
            row = await self._locked(opening.import_id)
        if row is None:
            raise GatewayError("PostgreSQL gave no row for an import that it has just kept.", retryable=True)
        return KnownImport(row[0], ImportOpening(opening.import_id, row[1], row[2]), row[3])

    async def settle(self, known: KnownImport, *, held_up_to: int, refused: Sequence[RefusedItem]) -> None:
        """Every item up to `held_up_to` is decided on."""
        import_id = known.opening.import_id
        await self._connection.execute(
            "UPDATE record_imports SET held_up_to = %s WHERE import_id = %s", (held_up_to, import_id)
        )
        if refused:
            documents = await seal_documents(self._at_rest, ((import_id, one) for one in refused))
            await self._connection.execute(
                "INSERT INTO record_import_refusals (import_id, item, document) "
                "SELECT %s, item, document FROM unnest(%b::bigint[], %b::bytea[]) AS given (item, document)",
                (import_id, [one.item for one in refused], documents),
            )

    async def refused(self, known: KnownImport, *, after: int, limit: int) -> Sequence[RefusedItem]:
        """Items refused with a number above `after`, in order."""
        import_id = known.opening.import_id
        found = await self._connection.execute(
            "SELECT document FROM record_import_refusals WHERE import_id = %s AND item > %s ORDER BY item LIMIT %s",
            (import_id, after, limit),
            binary=True,
        )
        rows = [(import_id, row[0]) for row in await found.fetchall()]
        return [one for one in await open_documents(self._at_rest, RefusedItem, rows) if one is not None]

    async def _locked(self, import_id: UUID) -> Any:
        found = await self._connection.execute(
            "SELECT import_no, source, as_of, held_up_to FROM record_imports WHERE import_id = %s FOR UPDATE",
            (import_id,),
            binary=True,
        )
        return await found.fetchone()


class PostgresIntake:
    """FilledAccounts."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest
        self._scopes: dict[str, UUID] = {}  # of the accounts of this transaction

    async def whose(self, given: Collection[tuple[str, date | None]]) -> Mapping[str, frozenset[date]]:
        """The known ones, each with those of the birth dates given that are its own; an erased one is not known."""
        self._scopes |= {each: account_scope(self._at_rest, each) for each in dict(given)}
        found = await self._connection.execute(
            "SELECT scope, uuid_send(birth), substring(document FROM 1 FOR 29) FROM accounts WHERE scope = ANY(%b)",
            (uuids(list(self._scopes.values())),),
            binary=True,
        )
        rows = await found.fetchall()
        there = await self._at_rest.lasting([(row[0], row[2]) for row in rows])
        if not all(there):
            # Of an account that was erased, nothing is known any more: not even that a period is the same.
            await forget_accounts(
                self._connection, [row[0] for row, lasts in zip(rows, there, strict=True) if not lasts]
            )
        births = {row[0]: row[1] for row, lasts in zip(rows, there, strict=True) if lasts}
        own: dict[str, set[date]] = {each: set() for each, scope in self._scopes.items() if scope in births}
        for account_id, born in given:
            if (
                born
                and account_id in own
                and birth_of(self._at_rest, account_id, born) == births[self._scopes[account_id]]
            ):
                own[account_id].add(born)
        return {account_id: frozenset(days) for account_id, days in own.items()}

    async def open(self, people: Mapping[str, InsuredPerson], *, as_of: date) -> None:
        """Open accounts; one that was erased begins anew."""
        if people:
            opened = {self._scopes[each]: _account(each, person, as_of) for each, person in people.items()}
            await keep_accounts(self._connection, self._at_rest, opened)

    async def keep(self, known: KnownImport, items: Sequence[ImportItem]) -> Sequence[KeptAs]:
        """Keep periods; in one statement, however many there are."""
        if not items:
            return []
        key = self._at_rest.hidden_bytes(b"periods")
        # A period is found by keyed BLAKE2b (RFC 7693), a tenth of the cost of an HMAC for each.
        owners = {
            each: (scope, scope.bytes, blake2b(scope.bytes, key=key, digest_size=16))
            for each, scope in self._scopes.items()
        }
        scopes, periods, contents = [], [], []
        for _, account_id, period_id, content, _ in items:
            scope, name, of_account = owners[account_id]
            mark = of_account.copy()
            mark.update(period_id.encode())
            scopes.append(name)
            periods.append(mark.digest())
            contents.append((scope, content))
        sealed = await self._at_rest.seal(contents)
        inserted = await self._connection.execute(
            KEEP,
            {
                "as_of": known.opening.as_of,
                "accounts": ids(list(set(scopes))),
                "import_no": known.number,
                "scopes": ids(scopes),
                "periods": ids(periods),
                "contents": byteas(sealed),
            },
            binary=True,
        )
        if inserted.rowcount == len(items):
            return [KeptAs.CHANGED] * len(items)
        fresh = {row[0] for row in await inserted.fetchall()}
        given = [_Given(*each) for each in zip(scopes, periods, sealed, (one.content for one in items), strict=True)]
        return await self._compared(known, given, fresh)

    async def _compared(self, known: KnownImport, given: Sequence[_Given], fresh: set[bytes]) -> Sequence[KeptAs]:
        """What became of each, where not all of them were new; what is there otherwise is replaced."""
        held = await self._held([each for each in given if each.period not in fresh])
        told: list[KeptAs] = []
        replaced: dict[bytes, _Given] = {}
        for each in given:
            number, before = held.get(each.period, (0, None))
            if before == each.content:
                told.append(KeptAs.SAME)
            elif number == known.number:
                # This import has given it otherwise before: what it gave first stays.
                told.append(KeptAs.CONTRADICTION)
            else:
                told.append(KeptAs.CHANGED)
                held[each.period] = known.number, each.content
                if each.period not in fresh:
                    replaced[each.period] = each
        if replaced:
            await self._connection.execute(
                REPLACE,
                {
                    "import_no": known.number,
                    "scopes": ids([each.scope for each in replaced.values()]),
                    "periods": ids(list(replaced)),
                    "contents": byteas([each.sealed for each in replaced.values()]),
                },
            )
        return told

    async def _held(self, given: Sequence[_Given]) -> dict[bytes, tuple[int, bytes | None]]:
        """What was there before, with the import that gave it."""
        found = await self._connection.execute(
            KNOWN,
            {"scopes": ids([each.scope for each in given]), "periods": ids([each.period for each in given])},
            binary=True,
        )
        rows = await found.fetchall()
        contents = await self._at_rest.open([(row[2], row[3]) for row in rows])
        return {row[0]: (row[1], content) for row, content in zip(rows, contents, strict=True)}


class PostgresImportWork:
    """ImportWork: the ports of one transaction."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self.imports = PostgresImports(connection, at_rest)
        self.accounts = PostgresIntake(connection, at_rest)


def _account(account_id: str, person: InsuredPerson, as_of: date) -> InsuranceAccount:
    return InsuranceAccount(account_id, person.name, person.birth_date, person.identifiers, (), as_of)
