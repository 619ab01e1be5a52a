"""Verifying an evidence file with nothing but the file and the root of the directory: what it proves, in sentences."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from portability.agreements.errors import NotFoundError, VerificationError
from portability.app.evidence.file import BundleProof, Evidence, MessageProof, decode_evidence
from portability.app.evidence.telling import (
    Proven,
    ProvenMessage,
    Receipts,
    Reports,
    about_log,
    about_message,
    about_trust,
)
from portability.services.exchange.envelope import HEADER_LIMIT, Head, Header
from portability.services.exchange.mapping import wire
from portability.services.exchange.model.messages import NO_CASE, RECEIPT_TYPE, STATUS_TYPE
from portability.services.exchange.model.statuses import ReceiptEntry, StatusEntry
from portability.services.exchange.suites import ACCEPTED_SUITES, BUNDLE_CONTEXT, commitment
from portability.services.hybrid import verify_hybrid
from portability.services.log.checkpoint import verify_cosignature, verify_log_signature
from portability.services.log.model import Checkpoint, LogRow, origin_of, witness_of
from portability.services.log.note import parse_note
from portability.services.log_entry import LogEntryKind
from portability.services.merkle import leaf_hash, verify_inclusion
from portability.services.registry.mapping.roots import decode_chain
from portability.services.registry.model import Directory, KeyPurpose, PublicKey
from portability.services.registry.roots import Signed, Trust
from portability.services.registry.trusting import verify_trust

__all__ = ["verify_evidence"]


def verify_evidence(data: bytes, *, anchor: Signed | None, witnesses: int = 0) -> Proven:
    """Return what an evidence file proves; raise VerificationError where anything in it does not stand.

    `anchor` is the root of the directory as its keepers hand it over; None takes the file's own first root, and what
    is proven then rests on the fingerprint in the first sentence. `witnesses` is how many cosignatures are asked for.
    """
    # 1. The file is whole and of the one form.
    # 2. The directory grows from the root.
    # 3. The log's checkpoint is signed by the institution, and each further signature on it stands.
    # 4. Each bundle: signed by its sender, within its key's window, to or from the institution, in its log.
    # 5. Each message: its header is in its bundle, of this case or a receipt; its record, where here, is the one.
    # 6. Each receipt, and each report of a status, answers a message of this file that went to its signer.
    # (1) form
    evidence = decode_evidence(data)
    # (2) directory
    trust = _trust(evidence, anchor)
    # (3) checkpoint
    own_keys = _log_keys(trust.directory, evidence.institution)
    checkpoint, signed_at = verify_log_signature(
        evidence.checkpoint, origin=origin_of(evidence.institution), keys=own_keys
    )
    cosigned = _cosigned(evidence, trust.directory)
    if len(cosigned) < witnesses:
        raise VerificationError(f"{len(cosigned)} witnesses have cosigned the checkpoint; {witnesses} are asked for.")
    # (4) bundles, (5) messages
    messages = _messages(evidence, checkpoint, trust.directory)
    # (6) receipts and reports
    receipts, reports = _receipts(messages), _reports(messages)
    sentences = [
        *about_trust(trust, anchor),
        *about_log(evidence.institution, checkpoint, signed_at, cosigned),
        *(sentence for one in messages if one.is_of_case for sentence in about_message(one, receipts, reports)),
    ]
    return Proven(tuple(sentences), tuple(name for name, _ in cosigned))


def _trust(evidence: Evidence, anchor: Signed | None) -> Trust:
    chain = decode_chain(evidence.directory)
    # By its own first root as well: nothing in the file goes unverified, whatever root was given by hand.
    trust = verify_trust(chain, anchor=chain.roots[0])
    return trust if anchor is None else verify_trust(chain, anchor=anchor)


def _cosigned(evidence: Evidence, directory: Directory) -> Sequence[tuple[str, datetime]]:
    """Witnesses with the time of their cosignature, by name. A signature that nobody of the directory made refuses."""
    names = {witness_of(one.institution_id): one.institution_id for one in directory.institutions}
    signatures = parse_note(evidence.checkpoint).signatures
    given = sorted({one.name for one in signatures} - {origin_of(evidence.institution)})
    for name in given:
        if name not in names:
            raise VerificationError(f"The checkpoint is signed by '{name[:100]}', no witness of the directory.")
    if len(signatures) != 2 * (len(given) + 1):
        raise VerificationError("The checkpoint has signatures beyond two of its log and two of each witness.")
    return [
        (names[name], verify_cosignature(evidence.checkpoint, name=name, keys=_log_keys(directory, names[name])))
        for name in given
    ]


def _messages(evidence: Evidence, checkpoint: Checkpoint, directory: Directory) -> Sequence[ProvenMessage]:
    positions = [one.position for one in evidence.bundles]
    if not positions or positions != sorted(set(positions)):
        raise VerificationError("The bundles are not in the order of the log, each once, or there are none.")
    return [
        message
        for bundle in evidence.bundles
        for message in _of_bundle(bundle, _verified_head(bundle, evidence, checkpoint, directory), evidence)
    ]


def _verified_head(bundle: BundleProof, evidence: Evidence, checkpoint: Checkpoint, directory: Directory) -> Head:
    head = wire.decode_head(bundle.signed_head)
    if head.suite not in ACCEPTED_SUITES:
        raise VerificationError(f"Suite {head.suite} of bundle {head.bundle_id} is not known.")
    if evidence.institution not in {head.sender, head.recipient} or head.sender == head.recipient:
        raise VerificationError(f"Bundle {head.bundle_id} was neither sent nor received by '{evidence.institution}'.")
    sent = head.sender == evidence.institution
    key = _signing_key(directory, head, position=bundle.position if sent else None)
    verify_hybrid(
        bundle.signed_head,
        bundle.signature,
        key_id=key.key_id,
        ed25519=key.classical,
        mldsa65=key.post_quantum,
        context=BUNDLE_CONTEXT,
    )
    kind = LogEntryKind.BUNDLE_SENT if sent else LogEntryKind.BUNDLE_RECEIVED
    row = LogRow(bundle.position, kind.value, bundle.logged_at_ms, sha256(bundle.signed_head).digest())
    verify_inclusion(row.leaf(), index=row.position, size=checkpoint.size, path=bundle.path, root=checkpoint.root)
    return head


def _of_bundle(bundle: BundleProof, head: Head, evidence: Evidence) -> Iterator[ProvenMessage]:
    items = [one.item for one in bundle.messages]
    if not items or items != sorted(set(items)):
        raise VerificationError(
            f"The messages of bundle {head.bundle_id} are not in order, each once, or there are none."
        )
    for proof in bundle.messages:
        if len(proof.header) > HEADER_LIMIT:
            raise VerificationError(f"A header of bundle {head.bundle_id} has more than {HEADER_LIMIT} bytes.")
        leaf = leaf_hash(proof.header)
        verify_inclusion(leaf, index=proof.item, size=head.item_count, path=proof.path, root=head.merkle_root)
        header = wire.decode_header(proof.header)
        if (header.sender, header.recipient) != (head.sender, head.recipient):
            raise VerificationError(f"Message {header.message_id} names other parties than its bundle.")
        _verify_scope(header, proof, evidence)
        yield ProvenMessage(head, bundle, header, leaf, proof)


def _verify_scope(header: Header, proof: MessageProof, evidence: Evidence) -> None:
    if header.type in {RECEIPT_TYPE, STATUS_TYPE}:
        if header.case_id != NO_CASE or not proof.salt:
            raise VerificationError(f"Message {header.message_id} ({header.type}) is of a case, or has no record here.")
    elif header.case_id != evidence.case_id:
        raise VerificationError(f"Message {header.message_id} is of another case than the file.")
    if proof.salt and (
        len(proof.record) != header.record_length or commitment(proof.salt, proof.record) != header.payload_commitment
    ):
        raise VerificationError(f"The record of {header.message_id} is not the one that its header commits to.")


def _receipts(messages: Sequence[ProvenMessage]) -> Receipts:
    """What receipts say, by the leaf of the message that they are about."""
    about: dict[bytes, list[tuple[ProvenMessage, ReceiptEntry]]] = {}
    known = {one.leaf: one for one in messages if one.is_of_case}
    for receipt in messages:
        if not receipt.is_receipt:
            continue
        _, entries = wire.decode_receipt(receipt.proof.record)
        # Entries about messages of other cases are in a receipt too; they say nothing here.
        here = [one for one in entries if _answers(one, known.get(one.leaf_hash), receipt)]
        if not here:
            raise VerificationError(f"Receipt {receipt.header.message_id} is about no message of this file.")
        for entry in here:
            about.setdefault(entry.leaf_hash, []).append((receipt, entry))
    return about


def _reports(messages: Sequence[ProvenMessage]) -> Reports:
    """What reports of statuses say, by the leaf of the message that they are about."""
    # By the number in the stream, and by the number in the case, of which a report speaks where it names the case.
    numbered: dict[tuple[str, str, UUID | None], list[tuple[int, bytes]]] = {}
    known = {one.leaf: one for one in messages}  # once, in however many bundles it was sent
    for one in known.values():
        if one.is_of_case:
            pair = (one.header.sender, one.header.recipient)
            numbered.setdefault((*pair, None), []).append((one.header.stream_seq, one.leaf))
            numbered.setdefault((*pair, one.header.case_id), []).append((one.header.case_seq, one.leaf))
    for some in numbered.values():
        some.sort()
    about: dict[bytes, list[tuple[ProvenMessage, StatusEntry]]] = {}
    for report in messages:
        if not report.is_report:
            continue
        pair = (report.header.recipient, report.header.sender)
        here = [
            (leaf, entry)
            for entry in wire.decode_statuses(report.proof.record)
            for leaf in _between(numbered.get((*pair, entry.case_id), []), entry.first_seq, entry.last_seq)
        ]
        if not here:
            raise VerificationError(f"Report {report.header.message_id} is about no message of this file.")
        for leaf, entry in here:
            about.setdefault(leaf, []).append((report, entry))
    return about


def _between(numbered: Sequence[tuple[int, bytes]], first: int, last: int) -> Iterator[bytes]:
    """The leaves under these numbers."""
    found = numbered[bisect_left(numbered, (first, b"")) : bisect_left(numbered, (last + 1, b""))]
    return (leaf for _, leaf in found)


def _answers(entry: ReceiptEntry, message: ProvenMessage | None, receipt: ProvenMessage) -> bool:
    return (
        message is not None
        and message.header.message_id == entry.message_id
        and message.header.recipient == receipt.header.sender
        and message.header.sender == receipt.header.recipient
    )


def _signing_key(directory: Directory, head: Head, *, position: int | None) -> PublicKey:
    """The key that signed a head, where it counts. `position` is that in the sender's own log, None where not known."""
    key = next(
        (one for one in _keys(directory, head.sender, KeyPurpose.SIGNING) if one.key_id == head.signature_key_id), None
    )
    if key is None:
        raise VerificationError(f"Signing key '{head.signature_key_id}' of '{head.sender}' is not in the directory.")
    if not key.not_before <= head.sealed_at < key.not_after:
        raise VerificationError(f"Signing key '{key.key_id}' was not in its window when the bundle was sealed.")
    if key.revoked and (position is None or not key.counts_at(position)):
        raise VerificationError(
            f"Signing key '{key.key_id}' of '{head.sender}' is revoked, and the file does not show that the bundle "
            "stood in its log before: ask that institution for its own evidence."
        )
    return key


def _log_keys(directory: Directory, institution: str) -> Sequence[PublicKey]:
    return [one for one in _keys(directory, institution, KeyPurpose.LOG) if not one.revoked]


def _keys(directory: Directory, institution: str, purpose: KeyPurpose) -> Sequence[PublicKey]:
    try:
        keys = directory.institution(institution).keys
    except NotFoundError as exc:
        raise VerificationError(exc.message) from exc
    return [one for one in keys if one.purpose is purpose]
