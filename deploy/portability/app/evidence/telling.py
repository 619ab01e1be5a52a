"""What a verified evidence file proves, in sentences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from portability.app.evidence.file import BundleProof, MessageProof
from portability.services.exchange.envelope import Head, Header
from portability.services.exchange.model.messages import RECEIPT_TYPE, STATUS_TYPE
from portability.services.exchange.model.statuses import ReceiptEntry, StatusEntry
from portability.services.log.model import Checkpoint
from portability.services.registry.roots import Signed, Trust

__all__ = ["Proven", "ProvenMessage", "Receipts", "Reports", "about_log", "about_message", "about_trust"]


@dataclass(frozen=True, slots=True)
class ProvenMessage:
    """A message that has been proven, with the bundle that carried it."""

    head: Head
    bundle: BundleProof
    header: Header
    leaf: bytes
    proof: MessageProof

    @property
    def is_receipt(self) -> bool:
        """Whether it says that other messages are held."""
        return self.header.type == RECEIPT_TYPE

    @property
    def is_report(self) -> bool:
        """Whether it says what was made of other messages."""
        return self.header.type == STATUS_TYPE

    @property
    def is_of_case(self) -> bool:
        """Whether it is no word about others."""
        return not (self.is_receipt or self.is_report)


Receipts = Mapping[bytes, Sequence[tuple[ProvenMessage, ReceiptEntry]]]
"""What receipts say, by the leaf of the message that they are about."""
Reports = Mapping[bytes, Sequence[tuple[ProvenMessage, StatusEntry]]]
"""What reports of statuses say, by the leaf of the message that they are about."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What a file proves."""

    sentences: tuple[str, ...]
    witnesses: tuple[str, ...]  # institutions that have cosigned the checkpoint


def about_trust(trust: Trust, anchor: Signed | None) -> Iterator[str]:
    """Where the keys come from."""
    fingerprint = sha256((anchor or trust.chain.roots[0]).content).hexdigest()
    known = "which you have given" if anchor else "which you compare with the keepers of the directory"
    yield (
        f"Directory {trust.directory.version} of {trust.directory.issued_at:%Y-%m-%d} grows from the root with the "
        f"fingerprint {fingerprint}, {known}."
    )


def about_log(
    institution: str, checkpoint: Checkpoint, signed_at: datetime, cosigned: Sequence[tuple[str, datetime]]
) -> Iterator[str]:
    """How far the log is proven."""
    yield f"The log of {institution} held {checkpoint.size} entries on {_at(signed_at)}, as it has signed."
    for name, at in cosigned:
        yield f"{name} saw the same log, grown without a change, on {_at(at)}, as it has signed."
    if not cosigned:
        yield f"No witness has cosigned this: that the log has no second history is the word of {institution} alone."


def about_message(one: ProvenMessage, receipts: Receipts, reports: Reports) -> Iterator[str]:
    """Who sent it to whom, when, under which law, and what its recipient has signed."""
    header, head = one.header, one.head
    law = f" under {header.agreement_id} (file {header.agreement_sha256.hex()})" if header.agreement_id else ""
    answer = f" in answer to {header.in_reply_to}" if header.in_reply_to else ""
    yield (
        f"{head.sender} sent {head.recipient} message {header.message_id} ({header.type}){answer}{law} on "
        f"{_at(header.sent_at)} and signed it on {_at(head.sealed_at)}, going by directory {head.directory_version}."
    )
    logged = datetime.fromtimestamp(one.bundle.logged_at_ms / 1000, UTC)
    yield f"  It stands in the log of this file at position {one.bundle.position}, entered on {_at(logged)}."
    if one.proof.salt:
        digest = sha256(one.proof.record).hexdigest()
        yield f"  Its record is in this file: {len(one.proof.record)} bytes, SHA-256 {digest}."
    for receipt, entry in receipts.get(one.leaf, ()):
        reason = f" ({entry.reason})" if entry.reason else ""
        signed_at = _at(receipt.head.sealed_at)
        yield f"  {receipt.head.sender} signed on {signed_at} that it was {entry.status.value}{reason}."
    if one.leaf not in receipts:
        yield "  No receipt of it is in this file."
    for report, status in reports.get(one.leaf, ()):
        why = f": {'; '.join(status.reasons)}" if status.reasons else ""
        end = "" if why.endswith(".") else "."
        yield (
            f"  {report.head.sender} signed on {_at(report.head.sealed_at)} that it is {status.status.value} since "
            f"{_at(status.decided_at)}{why}{end}"
        )


def _at(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
