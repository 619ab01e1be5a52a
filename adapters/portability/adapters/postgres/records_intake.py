"""Imports in PostgreSQL, within the caller's transaction: how far each is, and the periods that they bring to accounts.

A period is a row of its own, sealed by its account's key and found by keyed hashes; whether the same is known already
is told by a keyed hash of its content.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from hashlib import blake2b
from typing import Any
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.arrays import byteas, ids, uuids
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import open_documents, seal_documents
from portability.adapters.postgres.records_store import (
    account_scope,
    birth_of,
    file_people,
    hidden_account,
    hidden_identifiers,
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

# A row that this import has written before stays: what it then says otherwise is a contradiction of its own.
KEEP = """
INSERT INTO account_periods (scope, period, import_no, fingerprint, content)
SELECT given.scope, given.period, %(import_no)s, given.fingerprint, given.content
FROM unnest(%(scopes)b::uuid[], %(periods)b::uuid[], %(fingerprints)b::uuid[], %(contents)b::bytea[])
    AS given (scope, period, fingerprint, content)
ON CONFLICT (scope, period) DO UPDATE
SET import_no = excluded.import_no, fingerprint = excluded.fingerprint, content = excluded.content
WHERE account_periods.fingerprint <> excluded.fingerprint AND account_periods.import_no <> excluded.import_no
RETURNING uuid_send(account_periods.period)
"""


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

    async def whose(self, given: Collection[tuple[str, date | None]]) -> Mapping[str, frozenset[date]]:
        """The known ones, each with those of the birth dates given that are its own; an erased one is not known."""
        hidden = {hidden_account(self._at_rest, account_id): account_id for account_id, _ in given}
        found = await self._connection.execute(
            "SELECT account, birth, substring(document FROM 1 FOR 29) FROM accounts WHERE account = ANY(%b)",
            (byteas(list(hidden)),),
            binary=True,
        )
        rows = await found.fetchall()
        there = await self._at_rest.lasting([row[2] for row in rows])
        births = {hidden[row[0]]: row[1] for row, lasts in zip(rows, there, strict=True) if lasts}
        own: dict[str, set[date]] = {account_id: set() for account_id in births}
        for account_id, born in given:
            if born and account_id in births and birth_of(self._at_rest, account_id, born) == births[account_id]:
                own[account_id].add(born)
        return {account_id: frozenset(days) for account_id, days in own.items()}

    async def open(self, people: Mapping[str, InsuredPerson], *, as_of: date) -> None:
        """Open accounts; one that was erased begins anew."""
        if not people:
            return
        accounts = {account_id: hidden_account(self._at_rest, account_id) for account_id in people}
        opened = {accounts[account_id]: _account(account_id, person, as_of) for account_id, person in people.items()}
        documents = await seal_documents(self._at_rest, ((account_scope(one), each) for one, each in opened.items()))
        await self._connection.execute(
            "INSERT INTO accounts (account, birth, as_of, document) "
            "SELECT account, birth, %s, document FROM unnest(%b::bytea[], %b::bytea[], %b::bytea[]) "
            "AS given (account, birth, document) ON CONFLICT (account) DO UPDATE "
            "SET birth = excluded.birth, as_of = excluded.as_of, document = excluded.document",
            (
                as_of,
                byteas(list(accounts.values())),
                byteas([birth_of(self._at_rest, each, person.birth_date) for each, person in people.items()]),
                byteas(documents),
            ),
        )
        await file_people(self._connection, self._at_rest, opened)
        # Of an account that was erased, nothing is known any more: not even that a period is the same.
        await self._connection.execute(
            "DELETE FROM account_periods WHERE scope = ANY(%b)", (uuids([account_scope(one) for one in opened]),)
        )
        identified = [
            (identifier, accounts[account_id])
            for account_id, person in people.items()
            for identifier in hidden_identifiers(self._at_rest, person.identifiers)
        ]
        await self._connection.execute(
            "INSERT INTO account_identifiers (identifier, account) SELECT * FROM unnest(%b::bytea[], %b::bytea[]) "
            "ON CONFLICT DO NOTHING",
            (byteas([each for each, _ in identified]), byteas([account for _, account in identified])),
        )

    async def keep(self, known: KnownImport, items: Sequence[ImportItem]) -> Sequence[KeptAs]:
        """Keep periods; in one statement, however many there are."""
        if not items:
            return []
        accounts = {account_id: hidden_account(self._at_rest, account_id) for account_id in {one[1] for one in items}}
        owners = {each: _Owner(account_scope(account), self._mark_key(account)) for each, account in accounts.items()}
        marks = [owners[one.account_id].marks(one) for one in items]
        # The first of two lines for one period is kept; what the second is told is decided by comparison.
        first: dict[bytes, int] = {}
        for place, (period, _) in enumerate(marks):
            first.setdefault(period, place)
        chosen = [items[place] for place in first.values()]
        scopes = [owners[one.account_id].scope for one in chosen]
        contents = await self._at_rest.seal(list(zip(scopes, (one.content for one in chosen), strict=True)))
        kept = await self._connection.execute(
            KEEP,
            {
                "import_no": known.number,
                "scopes": ids([owners[one.account_id].name for one in chosen]),
                "periods": ids(list(first)),
                "fingerprints": ids([marks[place][1] for place in first.values()]),
                "contents": byteas(contents),
            },
            binary=True,
        )
        await self._connection.execute(
            "UPDATE accounts SET as_of = %s WHERE account = ANY(%b) AND as_of < %s",
            (known.opening.as_of, byteas(list(accounts.values())), known.opening.as_of),
        )
        if kept.rowcount == len(items):
            return [KeptAs.CHANGED] * len(items)
        changed = {row[0] for row in await kept.fetchall()}
        return await self._told(marks, first, changed, scopes)

    async def _told(
        self,
        marks: Sequence[tuple[bytes, bytes]],
        first: Mapping[bytes, int],
        changed: Collection[bytes],
        scopes: Sequence[UUID],
    ) -> Sequence[KeptAs]:
        """What became of each, where not all of them were new."""
        found = await self._connection.execute(
            "SELECT uuid_send(period), uuid_send(fingerprint) FROM account_periods "
            "JOIN unnest(%b::uuid[], %b::uuid[]) AS given (scope, period) USING (scope, period)",
            (uuids(scopes), ids(list(first))),
            binary=True,
        )
        stored = {row[0]: row[1] for row in await found.fetchall()}
        told = []
        for place, (period, fingerprint) in enumerate(marks):
            if period in changed and first[period] == place:
                told.append(KeptAs.CHANGED)
            else:
                told.append(KeptAs.SAME if stored[period] == fingerprint else KeptAs.CONTRADICTION)
        return told

    def _mark_key(self, account: bytes) -> bytes:
        return self._at_rest.hidden_bytes(b"periods", account)


class _Owner:
    """An account as its periods know it: keyed BLAKE2b (RFC 7693), a tenth of the cost of an HMAC for each."""

    __slots__ = ("_content", "_period", "name", "scope")

    def __init__(self, scope: UUID, key: bytes) -> None:
        self.scope, self.name = scope, scope.bytes
        self._period = blake2b(key=key, digest_size=16, person=b"period")
        self._content = blake2b(key=key, digest_size=16, person=b"content")

    def marks(self, one: ImportItem) -> tuple[bytes, bytes]:
        """What a period is found by, and what tells whether its content is the same."""
        period, content = self._period.copy(), self._content.copy()
        period.update(one.period_id.encode())
        content.update(one.content)
        return period.digest(), content.digest()


class PostgresImportWork:
    """ImportWork: the ports of one transaction."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self.imports = PostgresImports(connection, at_rest)
        self.accounts = PostgresIntake(connection, at_rest)


def _account(account_id: str, person: InsuredPerson, as_of: date) -> InsuranceAccount:
    return InsuranceAccount(account_id, person.name, person.birth_date, person.identifiers, (), as_of)
