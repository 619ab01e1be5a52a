"""The bytes of an entry are the ones of docs/spec/log.md, and what is personal goes in by a commitment."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from portability.services.log_entry import LogEntry, LogEntryKind, commitment, entry_bytes, entry_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_the_bytes_of_an_entry_are_length_prefixed_context_kind_instant_and_digest() -> None:
    entry = entry_of(LogEntryKind.BUNDLE_SENT, b"head", at=NOON)
    milliseconds = int(NOON.timestamp()) * 1000
    assert entry_bytes(entry) == (
        b"\x00\x00\x00\x18portability/v1/log-entry"
        b"\x00\x00\x00\x0bbundle.sent"
        b"\x00\x00\x00\x08" + milliseconds.to_bytes(8, "big") + b"\x00\x00\x00\x20" + sha256(b"head").digest()
    )


def test_what_is_below_a_millisecond_is_not_in_the_entry() -> None:
    entry = entry_of(LogEntryKind.ADMINISTRATION, b"act", at=NOON)
    later = LogEntry(entry.kind, entry.digest, NOON + timedelta(microseconds=999))
    assert entry_bytes(later) == entry_bytes(entry)


def test_a_commitment_differs_for_each_salt_and_each_content() -> None:
    made = {commitment(salt * 32, content) for salt in (b"a", b"b") for content in (b"one", b"two")}
    assert len(made) == 4


@pytest.mark.parametrize("salt", [b"", b"a" * 31, b"a" * 33])
def test_a_salt_of_another_length_is_refused(salt: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        commitment(salt, b"content")


def test_a_digest_of_another_length_has_no_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        entry_bytes(LogEntry(LogEntryKind.ERASURE, b"short", NOON))
