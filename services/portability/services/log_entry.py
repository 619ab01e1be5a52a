"""What goes into a node's append-only log, and the port through which every service puts it there; a leaf module.

An entry holds no personal data and nothing that a hash could be guessed from: what could be about a person goes in
by a salted commitment, and the salt stays in the row that the entry is about. Positions, proofs and witnesses are
the business of `portability.services.log`; the bytes of an entry are described in docs/spec/log.md.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final, Protocol

from portability.services.hybrid import length_prefixed
from portability.services.values import value

__all__ = [
    "SALT_BYTES",
    "LogEntry",
    "LogEntryKind",
    "LogSink",
    "commitment",
    "encoded",
    "entry_bytes",
    "entry_of",
    "milliseconds",
]

ENTRY_CONTEXT: Final = b"portability/v1/log-entry"
COMMITMENT_CONTEXT: Final = b"portability/v1/log-commit"
DIGEST_BYTES: Final = 32
SALT_BYTES: Final = 32
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class LogEntryKind(StrEnum):
    """What an entry is about; the comment says what its digest covers."""

    BUNDLE_SENT = "bundle.sent"  # SHA-256 of the signed head of a bundle that this node has sealed
    BUNDLE_RECEIVED = "bundle.received"  # SHA-256 of the signed head of a bundle that this node has taken in
    DIRECTORY_VERSION = "directory.version"  # SHA-256 of the signed directory's bytes
    AGREEMENT_VERSION = "agreement.version"  # SHA-256 of the file of an agreement
    AGREEMENT_STATEMENT = "agreement.statement"  # SHA-256 of a statement with its signatures
    ADMINISTRATION = "administration"  # commitment to what an administrator did
    RECORD_LOOK = "record.look"  # commitment to who looked at whose record, and why
    ERASURE = "erasure"  # commitment to what was erased


@value
class LogEntry:
    """One entry: what kind of thing, which one (by its hash), when.

    The same thing is entered once: a second entry with kind and digest of one that is there changes nothing.
    """

    kind: LogEntryKind
    digest: bytes  # 32 bytes
    at: datetime  # kept to the millisecond


class LogSink(Protocol):
    """The way into the log; `work.log` of a transaction."""

    async def append(self, entries: Sequence[LogEntry]) -> None:
        """Put entries into the log with the caller's transaction, without waiting for any other one.

        They get their positions after the commit.
        """


def entry_of(kind: LogEntryKind, content: bytes, *, at: datetime) -> LogEntry:
    """An entry about bytes that hold no personal data."""
    return LogEntry(kind, sha256(content).digest(), at)


def commitment(salt: bytes, content: bytes) -> bytes:
    """The digest of an entry about what could be personal: whoever has neither salt nor content learns nothing.

    The salt is drawn anew for each entry and kept in the row that the entry is about; destroying it leaves the
    entry where it is, saying nothing.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"A salt has {SALT_BYTES} bytes, not {len(salt)}.")
    return sha256(length_prefixed(COMMITMENT_CONTEXT, salt, content)).digest()


def entry_bytes(entry: LogEntry) -> bytes:
    """The bytes whose leaf hash stands in the tree."""
    if len(entry.digest) != DIGEST_BYTES:
        raise ValueError(f"The digest of an entry has {DIGEST_BYTES} bytes, not {len(entry.digest)}.")
    return encoded(entry.kind, milliseconds(entry.at), entry.digest)


def encoded(kind: str, at_ms: int, digest: bytes) -> bytes:
    """LP(context, kind, milliseconds since 1970 as 8 bytes, digest): the parts of an entry, whatever they are."""
    return length_prefixed(ENTRY_CONTEXT, kind.encode(), at_ms.to_bytes(8, "big", signed=True), digest)


def milliseconds(at: datetime) -> int:
    """Milliseconds since 1970, rounded down."""
    return (at - EPOCH) // timedelta(milliseconds=1)
