"""What the exchange needs of the world around its store: a clock, ids, the stream, keys, the directory, an observer."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from portability.services.exchange.model.keys import PublicKeys
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.receiving import StreamRecord
from portability.services.hybrid import HybridSignature

__all__ = [
    "Clock",
    "EventStream",
    "KeyRing",
    "NewId",
    "Observer",
    "OutboxSignal",
    "Partitioned",
    "Recipients",
    "TrustDirectory",
]

NewId = Callable[[], UUID]
"""Draws a time-ordered id (UUID version 7)."""


class Clock(Protocol):
    """The present instant."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""


class Partitioned(Protocol):
    """Topics in parts, each of which keeps its records in order."""

    async def partitions(self, topic: str) -> int:
        """Return how many partitions a topic has; they are numbered from 0. Raises GatewayError."""


class EventStream(Partitioned, Protocol):
    """Inbox topics on a broker that may lose, repeat and reorder."""

    async def append(self, topic: str, records: Sequence[tuple[bytes, bytes]]) -> None:
        """Append (key, value) pairs; return when all are acknowledged durable. Raises GatewayError.

        What has one key goes to one partition, in the order given.
        """

    async def read(
        self, topic: str, *, after: Mapping[int, int], limit: int, wait: timedelta
    ) -> Sequence[StreamRecord]:
        """Return up to `limit` records of the partitions in `after`, each with a higher offset than it says there.

        Those of a partition come oldest first; -1 reads it from the start. Waits up to `wait` for a first record and
        does not linger for more; empty when there is none. An offset beyond the end says that the topic was lost and
        made anew: the read begins with what it holds now. Raises GatewayError.
        """

    async def close(self) -> None:
        """Release the connections; pending appends are flushed."""


class OutboxSignal(Protocol):
    """Wakes the relay when something was submitted; only speed rests on it."""

    async def wait(self, *, at_most: timedelta) -> None:
        """Return when something may have been submitted since the last call, or after `at_most`."""


class KeyRing(Protocol):
    """The node's private keys. They may be in a device: nothing here gives a private key out."""

    def signing_key_id(self, at: datetime) -> str:
        """Return the id of the key to sign with at `at`. Raises VerificationError where there is none."""

    def sign(self, key_id: str, message: bytes, *, context: bytes) -> HybridSignature:
        """Sign with Ed25519 and ML-DSA-65 (`context` is the ML-DSA context; the caller separates domains)."""

    def decrypt(self, key_id: str, ciphertext: bytes, *, info: bytes) -> bytes:
        """Open an HPKE ciphertext (enc || ct) made for key `key_id`. Raises VerificationError."""


class TrustDirectory(Protocol):
    """The signed directory as the exchange sees it."""

    def version(self) -> int:
        """Return the version of the directory in force. Raises VerificationError where it has expired."""

    def signing_keys(self, institution: InstitutionId, key_id: str) -> PublicKeys:
        """Return a signing key and its window. Raises VerificationError where it is unknown or revoked."""

    def encryption_key(self, institution: InstitutionId, at: datetime) -> PublicKeys:
        """Return the key to encrypt to at `at`. Raises VerificationError where there is none."""


class Recipients(Protocol):
    """Who can be written to."""

    def knows(self, institution: InstitutionId) -> bool:
        """Say whether the directory in force lists the institution."""


class Observer(Protocol):
    """Told about events worth counting or an alarm; ids and codes only.

    bundles_relayed, messages_new, messages_duplicate, messages_conflict, consignments_sent_again, streams_reconciled,
    numbers_void, receipts_came_late (each with `count`); bundle_not_sealed, stream_not_reached, consumer_waits,
    bundle_refused, message_set_aside, gap_asked_for, gap_stays, asked_too_often, messages_missing, message_differs,
    void_contradicted, difference_stays, partner_silent, came_too_late, lane_waits, receipt_late, receipt_missing,
    submit_refused_disk, submit_refused_backlog, submit_refused_bytes_in_flight (each with `code`).
    """

    def happened(self, event: str, **ids: str | int) -> None:
        """Take note of `event`, for example "bundle_refused"; must not raise."""
