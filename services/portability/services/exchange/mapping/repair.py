"""Requests to send again and digests as bytes, and back. Reading is strict; see `strict`."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from portability.agreements.errors import VerificationError
from portability.api.exchange.v1 import repair_pb2 as pb
from portability.services.exchange.model.messages import NO_CASE
from portability.services.exchange.model.voids import VoidNumber, VoidReason
from portability.services.exchange.streams import (
    DIGEST_ENTRIES,
    DIGEST_SPAN,
    RESEND_RANGES,
    RangeDigest,
    SequenceRange,
    StreamDigest,
)
from portability.services.mapping import strict
from portability.services.merkle import HASH_BYTES

__all__ = ["decode_digest", "decode_resend", "encode_digest", "encode_resend"]

_REASONS: Final = {
    VoidReason.ERASED_BEFORE_SENT: pb.VOID_REASON_ERASED_BEFORE_SENT,
    VoidReason.ERASED_BEFORE_RECEIPT: pb.VOID_REASON_ERASED_BEFORE_RECEIPT,
}


def encode_resend(ranges: Sequence[SequenceRange]) -> bytes:
    """The record of a message of type "exchange.resend"."""
    return pb.ResendRequest(ranges=[_range(one) for one in ranges]).SerializeToString(deterministic=True)


def decode_resend(data: bytes) -> tuple[SequenceRange, ...]:
    """What is to be sent again. Raises VerificationError."""
    request = strict.parse(pb.ResendRequest, data, what="request to send again")
    strict.number(len(request.ranges), limit=RESEND_RANGES, what="number of ranges in the request")
    return tuple(_range_back(one) for one in request.ranges)


def encode_digest(digest: StreamDigest) -> bytes:
    """The record of a message of type "exchange.digest"."""
    return pb.StreamDigest(
        stated=[pb.RangeDigest(range=_range(one.range), count=one.count, root=one.root) for one in digest.stated],
        asked=[_range(one) for one in digest.asked],
        void=[_void(one) for one in digest.void],
    ).SerializeToString(deterministic=True)


def decode_digest(data: bytes) -> StreamDigest:
    """What is said and asked. Raises VerificationError."""
    digest = strict.parse(pb.StreamDigest, data, what="digest")
    entries = len(digest.stated) + len(digest.asked) + len(digest.void)
    strict.number(entries, limit=DIGEST_ENTRIES, what="number of entries in the digest")
    stated = tuple(_stated(one) for one in digest.stated)
    asked = tuple(_range_back(one) for one in digest.asked)
    _check_span(one.range for one in stated)
    _check_span(asked)
    void = tuple(_void_back(one) for one in digest.void)
    if any(one.stream_seq >= after.stream_seq for one, after in pairwise(void)):
        raise VerificationError("The void numbers of the digest are not in ascending order, each once.")
    return StreamDigest(stated, asked, void)


def _void(one: VoidNumber) -> pb.VoidNumber:
    return pb.VoidNumber(
        stream_seq=one.stream_seq,
        message_id=one.message_id.bytes,
        leaf_hash=one.leaf_hash,
        case_id=one.case_id.bytes,
        case_seq=one.case_seq,
        reason=_REASONS[one.reason],
    )


def _void_back(one: pb.VoidNumber) -> VoidNumber:
    reason = next((known for known, number in _REASONS.items() if number == one.reason), None)
    if reason is None:
        raise VerificationError(f"{one.reason} is no reason for a void number.")
    case_id = strict.uuid(one.case_id, what="case id of a void number")
    if case_id == NO_CASE:
        raise VerificationError("A void number is of no case: what is of no case is never erased.")
    return VoidNumber(
        stream_seq=strict.number(one.stream_seq, limit=strict.LAST_SEQ, what="void number"),
        message_id=strict.uuid(one.message_id, what="message id of a void number"),
        leaf_hash=strict.exact(one.leaf_hash, HASH_BYTES, what="leaf hash of a void number"),
        case_id=case_id,
        case_seq=strict.number(one.case_seq, limit=strict.LAST_SEQ, what="number in the case of a void number"),
        reason=reason,
    )


def _stated(one: pb.RangeDigest) -> RangeDigest:
    span = _range_back(one.range)
    root = strict.exact(one.root, HASH_BYTES, what="root of the digest")
    return RangeDigest(span, one.count, root)


def _check_span(ranges: Iterable[SequenceRange]) -> None:
    numbers = sum(one.last - one.first + 1 for one in ranges)
    if numbers > DIGEST_SPAN:
        raise VerificationError(f"A digest is over {numbers} numbers; {DIGEST_SPAN} are allowed.")


def _range(one: SequenceRange) -> pb.SequenceRange:
    return pb.SequenceRange(first_seq=one.first, last_seq=one.last)


def _range_back(one: pb.SequenceRange) -> SequenceRange:
    first = strict.number(one.first_seq, limit=strict.LAST_SEQ, what="first number of a range")
    last = strict.number(one.last_seq, limit=strict.LAST_SEQ, what="last number of a range")
    if last < first:
        raise VerificationError(f"A range ends at {last}, before its beginning at {first}.")
    return SequenceRange(first, last)
