"""Bundles that a message of ours was sealed in, in PostgreSQL: the first, and each that it was sent again in."""

from collections.abc import Sequence
from uuid import UUID

from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.exchange_rows import STANDING
from portability.services.exchange.model.sending import Sealing
from portability.services.hybrid import HybridSignature

__all__ = ["PostgresSealings"]


class PostgresSealings:
    """The port `Sealings`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def of(self, message_id: UUID) -> Sequence[Sealing]:
        """Its bundles, the first one first."""
        found = await self._connection.execute(
            "SELECT signed_head, ed25519, mldsa65, outbox.stream_seq - consignment.first_seq "  # noqa: S608 - a constant
            "- (SELECT count(*) FROM unnest(left_out) AS gone WHERE gone < outbox.stream_seq), "
            "ARRAY(SELECT leaf_hash FROM outbox AS member WHERE member.recipient = outbox.recipient "
            "AND member.stream_seq BETWEEN consignment.first_seq AND consignment.last_seq "
            "AND NOT member.stream_seq = ANY(left_out) ORDER BY member.stream_seq) "
            f"FROM outbox {STANDING} JOIN sent_bundles AS bundle ON bundle.recipient = consignment.recipient "
            "AND bundle.first_seq = consignment.first_seq AND NOT outbox.stream_seq = ANY(left_out) "
            "WHERE message_id = %s ORDER BY sealed_at, bundle_id",
            (message_id,),
            binary=True,
        )
        return [Sealing(row[0], HybridSignature(row[1], row[2]), tuple(row[4]), row[3]) async for row in found]
