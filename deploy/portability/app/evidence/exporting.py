"""Making the evidence of one case from a node's database."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from portability.agreements.errors import GatewayError, NotFoundError
from portability.app.evidence.file import BundleProof, Evidence, MessageProof, encode_evidence
from portability.services.exchange.mapping import wire
from portability.services.exchange.model.messages import Direction, MessageKey, TimelineEntry
from portability.services.exchange.ports.work import ExchangeWork, UnitOfWork
from portability.services.hybrid import HybridSignature
from portability.services.log.model import LogRow
from portability.services.log.ports import LogUnitOfWork, LogWork
from portability.services.log.proofs import prove_inclusion
from portability.services.log_entry import LogEntryKind
from portability.services.merkle import audit_path

__all__ = ["export_evidence"]

PAGE = 200


@dataclass(slots=True)
class _Gathered:
    """Messages of one bundle, by their items."""

    signed_head: bytes
    signature: HybridSignature
    messages: dict[int, MessageProof] = field(default_factory=dict)


async def export_evidence(
    case_id: UUID, *, me: str, directory: bytes, exchange: UnitOfWork, log: LogUnitOfWork, with_records: bool
) -> bytes:
    """Return the evidence file of a case; `directory` is the serialised chain that the node goes by.

    Raises NotFoundError where the case has no messages, GatewayError(retryable) while the log has no checkpoint over
    all of them yet.
    """
    bundles: dict[bytes, _Gathered] = {}
    async with exchange() as work:
        async for entry in _messages_of(case_id, work):
            await _gather(entry, work, bundles, with_records=with_records)
    if not bundles:
        raise NotFoundError(f"Case {case_id} has no message here that was sealed: check the id.")
    async with log() as log_work:
        rows = {head: await _entered(one, log_work, me=me) for head, one in bundles.items()}
        size = max(row.position for row in rows.values()) + 1
        covering = await log_work.lookup.covering(size)
        if covering is None:
            raise GatewayError("The log has no checkpoint over all of it yet: try again in a second.", retryable=True)
        ordered = sorted(rows.items(), key=lambda one: one[1].position)
        proofs = [await _proof(bundles[head], row, log_work, covering.checkpoint.size) for head, row in ordered]
    return encode_evidence(Evidence(me, case_id, directory, covering.note, tuple(proofs)))


async def _messages_of(case_id: UUID, work: ExchangeWork) -> AsyncIterator[TimelineEntry]:
    after: UUID | None = None
    while page := await work.timeline.of_case(case_id, after=after, limit=PAGE):
        for entry in page:
            yield entry
        after = page[-1].message_id


async def _gather(
    entry: TimelineEntry, work: ExchangeWork, bundles: dict[bytes, _Gathered], *, with_records: bool
) -> None:
    if entry.direction is Direction.SENT:
        await _gather_sent(entry, work, bundles, with_records=with_records)
    else:
        await _gather_received((entry.partner, entry.message_id), work, bundles, with_records=with_records)


async def _gather_sent(
    entry: TimelineEntry, work: ExchangeWork, bundles: dict[bytes, _Gathered], *, with_records: bool
) -> None:
    kept = await work.receipts.evidence(entry.message_id)
    if kept is None:  # not sealed yet: there is nothing signed to show
        return
    message = kept.message
    content = (message.salt, message.record) if with_records else (b"", b"")
    # Every bundle that it went out in: the first one, and each that it was sent again in.
    for one in await work.sealings.of(entry.message_id):
        proof = MessageProof(one.item, message.header, audit_path(one.leaf_hashes, one.item), *content)
        _put(bundles, one.signed_head, one.signature, proof)
    if kept.receipt is not None:
        sealed, item, path, content_of = wire.decode_evidence(kept.receipt)
        receipt = MessageProof(item, content_of.header, path, content_of.salt, content_of.record)
        _put(bundles, sealed.signed_head, sealed.signature, receipt)
    number = wire.decode_header(message.header).stream_seq
    for report_id in await work.statuses.reports(entry.partner, number):
        await _gather_received((entry.partner, report_id), work, bundles, with_records=True)


async def _gather_received(
    message: MessageKey, work: ExchangeWork, bundles: dict[bytes, _Gathered], *, with_records: bool
) -> None:
    found = await work.inbox.find(*message)
    if found is None:
        return
    key = (message[0], found.bundle_id)
    bundle = (await work.inbox.bundles([key]))[key]
    content = (found.salt, found.message.record) if with_records else (b"", b"")
    proof = MessageProof(found.item, found.header, audit_path(bundle.leaf_hashes, found.item), *content)
    _put(bundles, bundle.signed_head, bundle.signature, proof)


def _put(bundles: dict[bytes, _Gathered], head: bytes, signature: HybridSignature, proof: MessageProof) -> None:
    bundles.setdefault(head, _Gathered(head, signature)).messages[proof.item] = proof


async def _entered(bundle: _Gathered, work: LogWork, *, me: str) -> LogRow:
    sent = wire.decode_head(bundle.signed_head).sender == me
    kind = LogEntryKind.BUNDLE_SENT if sent else LogEntryKind.BUNDLE_RECEIVED
    row = await work.lookup.find(kind.value, sha256(bundle.signed_head).digest())
    if row is None:
        raise GatewayError("A bundle of the case is not in the log yet: try again in a second.", retryable=True)
    return row


async def _proof(bundle: _Gathered, row: LogRow, work: LogWork, size: int) -> BundleProof:
    path = await prove_inclusion(work.tiles, position=row.position, size=size)
    messages: Sequence[MessageProof] = [bundle.messages[item] for item in sorted(bundle.messages)]
    return BundleProof(bundle.signed_head, bundle.signature, row.position, row.at_ms, path, tuple(messages))
