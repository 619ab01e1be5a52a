"""Certificates, their places in status lists and offers to wallets in PostgreSQL, within the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import open_documents, seal_documents
from portability.services.certificates.ports import Issued, Kept, Offer

__all__ = ["PostgresCertificates", "PostgresOffers", "PostgresStatuses"]

FIND: Final = """
SELECT c.case_id, c.document, s.revoked_at FROM certificates AS c
JOIN certificate_statuses AS s ON s.status_list = c.status_list AND s.place = c.place
"""


class PostgresCertificates:
    """CertificateStore. A certificate is sealed by the key of its case, and goes with it."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def add(self, issued: Issued, *, status_list: int) -> None:
        """Keep a new certificate."""
        one = issued.certificate
        (document,) = await seal_documents(self._at_rest, [(one.case_id, issued)])
        await self._connection.execute(
            "INSERT INTO certificates (certificate_id, case_id, status_list, place, document) "
            "VALUES (%s, %s, %s, %s, %s)",
            (one.certificate_id, one.case_id, status_list, one.status.index, document),
        )

    async def get(self, certificate_id: UUID) -> Kept | None:
        """None where there is none that the transaction sees, or where it is erased."""
        found = await self._connection.execute(FIND + "WHERE c.certificate_id = %s", (certificate_id,), binary=True)
        kept = await self._opened(await found.fetchall())
        return kept[0] if kept else None

    async def of_cases(self, case_ids: Sequence[UUID]) -> Sequence[Kept]:
        """The newest first."""
        found = await self._connection.execute(
            FIND + "WHERE c.case_id = ANY(%s) ORDER BY c.certificate_id DESC", (list(case_ids),), binary=True
        )
        return await self._opened(await found.fetchall())

    async def _opened(self, rows: Sequence[tuple[UUID, bytes, datetime | None]]) -> Sequence[Kept]:
        opened = await open_documents(self._at_rest, Issued, [(case_id, document) for case_id, document, _ in rows])
        return [Kept(one, row[2]) for one, row in zip(opened, rows, strict=True) if one is not None]


class PostgresStatuses:
    """StatusBook."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def take(self, status_list: int, index: int) -> bool:
        """Take a place; False where it is taken."""
        taken = await self._connection.execute(
            "INSERT INTO certificate_statuses (status_list, place) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (status_list, index),
        )
        return taken.rowcount == 1

    async def revoke(self, certificate_id: UUID, *, at: datetime) -> None:
        """The first time counts."""
        await self._connection.execute(
            "UPDATE certificate_statuses AS s SET revoked_at = coalesce(s.revoked_at, %s) FROM certificates AS c "
            "WHERE c.certificate_id = %s AND s.status_list = c.status_list AND s.place = c.place",
            (at, certificate_id),
        )

    async def revoked(self, status_list: int) -> Sequence[int]:
        """Places, in order."""
        found = await self._connection.execute(
            "SELECT place FROM certificate_statuses WHERE status_list = %s AND revoked_at IS NOT NULL ORDER BY place",
            (status_list,),
        )
        return [row[0] for row in await found.fetchall()]


class PostgresOffers:
    """OfferBook."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, kind: str, key: bytes, offer: Offer) -> None:
        """Keep under a hash."""
        await self._connection.execute(
            "INSERT INTO certificate_offers (kind, key, certificate_id, expires_at) VALUES (%s, %s, %s, %s)",
            (kind, key, offer.certificate_id, offer.expires_at),
        )

    async def use_up(self, kind: str, key: bytes, *, at: datetime) -> Offer | None:
        """One statement, so that of two who come at once one gets it."""
        found = await self._connection.execute(
            "DELETE FROM certificate_offers WHERE kind = %s AND key = %s RETURNING certificate_id, expires_at",
            (kind, key),
        )
        row = await found.fetchone()
        return Offer(*row) if row and row[1] > at else None

    async def forget_over(self, *, at: datetime) -> int:
        """How many went."""
        gone = await self._connection.execute("DELETE FROM certificate_offers WHERE expires_at <= %s", (at,))
        return gone.rowcount
