"""What is missing of streams, in the store."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.streams import Arrivals, DigestRound, SequenceRange, StreamWatch

__all__ = ["Digests", "Gaps", "Reconciliations"]


class Gaps(Protocol):
    """How the streams of the senders stand: what is missing of them."""

    async def due(self, *, now: datetime) -> Sequence[StreamWatch]:
        """Lock and return streams of which nothing is missing or whose time to ask has come."""

    async def arrivals(self, sender: InstitutionId, *, after: int, limit: int) -> Arrivals:
        """Return what of the stream has come after the number `after`, with the lowest `limit` gaps.

        A void number below one that has come is no gap.
        """

    async def save(self, watch: StreamWatch) -> None:
        """Keep how a stream stands."""


class Digests(Protocol):
    """What was sent and received, by number."""

    async def sent(self, recipient: InstitutionId, span: SequenceRange) -> Sequence[bytes]:
        """Return the leaf hashes of what was sent under these numbers, in their order."""

    async def received(self, sender: InstitutionId, span: SequenceRange) -> Sequence[bytes]:
        """Return the leaf hashes of what has come under these numbers, or is void, in their order."""


class Reconciliations(Protocol):
    """What was reconciled with recipients, and when they are due again."""

    async def due(self, *, now: datetime, sent_before: datetime) -> Sequence[DigestRound]:
        """Lock and return the recipients whose round is due, with what was submitted until `sent_before`."""

    async def done(self, one: DigestRound, *, next_at: datetime) -> None:
        """Note a round; the next but one begins after it."""
