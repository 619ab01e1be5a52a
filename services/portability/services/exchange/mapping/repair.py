"""Requests to send again and digests as bytes, and back. Reading is strict; see `strict`."""

from collections.abc import Iterable, Sequence

from portability.agreements.errors import VerificationError
from portability.api.exchange.v1 import repair_pb2 as pb
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
    ).SerializeToString(deterministic=True)


def decode_digest(data: bytes) -> StreamDigest:
    """What is said and asked. Raises VerificationError."""
    digest = strict.parse(pb.StreamDigest, data, what="digest")
    strict.number(len(digest.stated) + len(digest.asked), limit=DIGEST_ENTRIES, what="number of entries in the digest")
    stated = tuple(_stated(one) for one in digest.stated)
    asked = tuple(_range_back(one) for one in digest.asked)
    _check_span(one.range for one in stated)
    _check_span(asked)
    return StreamDigest(stated, asked)


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
