"""What other nodes send over the stream: bundles, each of their parts, and the records of the exchange itself."""

from collections.abc import Sequence

from portability.agreements.errors import InputError, VerificationError
from portability.services.exchange.envelope import OpenedBundle
from portability.services.exchange.mapping import repair, wire
from portability.services.exchange.mapping.api import parse_uuid
from portability.services.exchange.model.statuses import BusinessStatus, ReceiptEntry, ReceiptStatus, StatusEntry
from portability.services.exchange.model.voids import VoidNumber, VoidReason
from portability.services.exchange.streams import RangeDigest, SequenceRange, StreamDigest
from portability.services.merkle import audit_path
from tests.fuzz.pair import NOON, real_pair, uuid_of
from tests.fuzz.target import Target

__all__ = ["exchange_targets"]


def exchange_targets() -> Sequence[Target]:
    """One target for each layer, so that no layer hides behind the one around it."""
    pair = real_pair()
    good, declared = pair.good, (VerificationError,)
    headers = [item.header for item in good.contents]
    entries = [ReceiptEntry(uuid_of(1), leaf, ReceiptStatus.DELIVERED) for leaf in good.leaves]
    receipt = wire.encode_receipt(good.head.bundle_id, good.head.merkle_root, entries)
    return [
        Target("bundle", pair.open, declared, [pair.value], largest=16_384),
        Target("bundle-outside", wire.decode_sealed, declared, [pair.value], largest=16_384),
        Target("bundle-head", wire.decode_head, declared, [good.sealed.signed_head]),
        Target("bundle-items", wire.decode_items, declared, [good.items]),
        Target("message-header", wire.decode_header, declared, headers),
        Target("receipt", wire.decode_receipt, declared, [receipt]),
        Target("resend-request", repair.decode_resend, declared, [repair.encode_resend(_RANGES)]),
        Target("stream-digest", repair.decode_digest, declared, [repair.encode_digest(_DIGEST)], largest=16_384),
        Target("item-evidence", wire.decode_evidence, declared, [_evidence(good)], largest=16_384),
        Target(
            "message-id",
            lambda data: parse_uuid(data.decode(errors="replace"), field="message_id"),
            (InputError,),
            [str(uuid_of(1)).encode()],
            largest=64,
        ),
        Target("status-report", wire.decode_statuses, declared, [wire.encode_statuses(_STATUSES)]),
    ]


_RANGES = (SequenceRange(3, 3), SequenceRange(7, 40))
_DIGEST = StreamDigest(
    stated=(RangeDigest(SequenceRange(1, 256), 256, bytes(32)), RangeDigest(SequenceRange(257, 300), 44, b"\x01" * 32)),
    asked=(SequenceRange(301, 301),),
    void=(
        VoidNumber(7, uuid_of(7), b"\x07" * 32, uuid_of(1), 3, VoidReason.ERASED_BEFORE_SENT),
        VoidNumber(2**40, uuid_of(8), b"\x08" * 32, uuid_of(1), 2**40, VoidReason.ERASED_BEFORE_RECEIPT),
    ),
)
_STATUSES = (
    StatusEntry(1, 40, BusinessStatus.ACCEPTED, (), NOON),
    StatusEntry(41, 41, BusinessStatus.REJECTED, ("The case is closed here.",), NOON),
)


def _evidence(good: OpenedBundle) -> bytes:
    """One message with its proof, as a node keeps it at rest and takes it back from a copy."""
    return wire.encode_evidence(good.sealed, index=1, path=audit_path(good.leaves, 1), item=good.contents[1])
