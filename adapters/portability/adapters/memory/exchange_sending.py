"""The sender's side of the exchange's store in memory: outbox, bundles, resends, receipts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from portability.adapters.memory.exchange_state import BundleRow, MessageRow, State
from portability.services.exchange.model import (
    RECEIPT_TYPE,
    InstitutionId,
    KnownSubmission,
    OutboxMessage,
    ReceiptEntry,
    ReceiptStatus,
    SealedBundle,
    StoredReceipt,
    SubmittedMessage,
)

__all__ = ["MemoryBundles", "MemoryOutbox", "MemoryReceipts", "MemoryResends", "status_of"]

SETTLED = frozenset({ReceiptStatus.DELIVERED, ReceiptStatus.OPENED})


def status_of(row: MessageRow, state: State) -> ReceiptStatus:
    """How far a message of ours has come."""
    if row.outcome is not None:
        return row.outcome
    bundle = state.bundles.get(row.bundle_id) if row.bundle_id else None
    return ReceiptStatus.RELAYED if bundle and bundle.bundle.attempts else ReceiptStatus.SUBMITTED


class MemoryOutbox:
    """The port `Outbox`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def find_submitted(self, keys: Sequence[str]) -> Mapping[str, KnownSubmission]:
        """Return what is known by idempotency key."""
        rows = {key: self._state.messages[self._state.by_key[key]] for key in keys if key in self._state.by_key}
        return {key: self._known(row) for key, row in rows.items()}

    async def add(self, messages: Sequence[OutboxMessage]) -> Mapping[UUID, int]:
        """Insert messages; return the sequence of each."""
        added = {}
        for outgoing in messages:
            message = outgoing.message
            if message.idempotency_key in self._state.by_key:
                continue
            sequence = self._state.sequences.get(message.recipient, 0) + 1
            self._state.sequences[message.recipient] = sequence
            self._state.by_key[message.idempotency_key] = message.message_id
            self._state.messages[message.message_id] = MessageRow(replace(outgoing, stream_seq=sequence))
            added[message.message_id] = sequence
        return added

    async def backlog(self, recipient: InstitutionId) -> int:
        """Count messages without a receipt."""
        return sum(
            row.outcome is None
            for row in self._state.messages.values()
            if row.outgoing.message.recipient == recipient and row.outgoing.message.type != RECEIPT_TYPE
        )

    def _known(self, row: MessageRow) -> KnownSubmission:
        outgoing = row.outgoing
        status = status_of(row, self._state)
        submitted = SubmittedMessage(outgoing.message.message_id, outgoing.stream_seq, status, outgoing.submitted_at)
        return KnownSubmission(submitted, outgoing.content_sha256)


class MemoryBundles:
    """The port `Bundles`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def waiting_recipients(self) -> Sequence[InstitutionId]:
        """Return recipients with unbundled messages, the longest waiting first."""
        waiting = [row.outgoing for row in self._state.messages.values() if row.bundle_id is None]
        waiting.sort(key=lambda outgoing: outgoing.submitted_at)
        return list(dict.fromkeys(outgoing.message.recipient for outgoing in waiting))

    async def take_unsent(self, recipient: InstitutionId, *, limit: int, max_bytes: int) -> Sequence[OutboxMessage]:
        """Return unbundled messages in sequence order."""
        unsent = [
            row.outgoing
            for row in self._state.messages.values()
            if row.bundle_id is None and row.outgoing.message.recipient == recipient
        ]
        unsent.sort(key=lambda outgoing: outgoing.stream_seq)
        taken: list[OutboxMessage] = []
        size = 0
        for outgoing in unsent[:limit]:
            size += len(outgoing.message.record)
            if taken and size > max_bytes:
                break
            taken.append(outgoing)
        return taken

    async def add(self, bundles: Sequence[SealedBundle]) -> None:
        """Store bundles and link their messages."""
        for bundle in bundles:
            self._state.bundles[bundle.bundle_id] = BundleRow(bundle, next_attempt_at=bundle.sealed_at)
            for message_id, leaf in zip(bundle.message_ids, bundle.leaf_hashes, strict=True):
                row = self._state.messages[message_id]
                self._state.messages[message_id] = replace(row, bundle_id=bundle.bundle_id, leaf_hash=leaf)


class MemoryResends:
    """The port `Resends`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def due(self, *, now: datetime, limit: int) -> Sequence[SealedBundle]:
        """Return bundles that are due, the longest due first."""
        due = [
            (row.next_attempt_at, row.bundle.bundle_id, row.bundle)
            for row in self._state.bundles.values()
            if row.next_attempt_at is not None and row.next_attempt_at <= now
        ]
        return [bundle for _, _, bundle in sorted(due, key=lambda one: one[:2])[:limit]]

    async def mark_relayed(self, next_attempts: Mapping[UUID, datetime], *, now: datetime) -> None:
        """Count an attempt of each bundle."""
        for bundle_id, at in next_attempts.items():
            row = self._state.bundles[bundle_id]
            bundle = replace(row.bundle, attempts=row.bundle.attempts + 1)
            again = at if row.next_attempt_at is not None and bundle.expects_receipt else None
            self._state.bundles[bundle_id] = BundleRow(bundle, again)

    async def put_back(self, bundle_ids: Sequence[UUID], *, now: datetime) -> None:
        """Let bundles wait behind all that was due before."""
        for bundle_id in bundle_ids:
            row = self._state.bundles[bundle_id]
            if row.next_attempt_at is not None:
                self._state.bundles[bundle_id] = replace(row, next_attempt_at=now)


class MemoryReceipts:
    """The port `Receipts`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def settle(self, receipts: Sequence[StoredReceipt]) -> Sequence[UUID]:
        """Store receipts and settle what they name."""
        changed = []
        for receipt in receipts:
            self._state.receipts.setdefault((receipt.signer, receipt.receipt_id), receipt)
            named = [entry.message_id for entry in receipt.entries if self._settle(entry, receipt)]
            changed += named
            for bundle_id in {self._state.messages[message_id].bundle_id for message_id in named}:
                if bundle_id is not None:
                    self._close(bundle_id)
        return changed

    async def evidence(self, message_id: UUID) -> tuple[SealedBundle, StoredReceipt | None] | None:
        """Return the bundle and the receipt of a message of ours."""
        row = self._state.messages.get(message_id)
        if row is None or row.bundle_id is None:
            return None
        signer = row.outgoing.message.recipient
        receipt = self._state.receipts[(signer, row.receipt_id)] if row.receipt_id else None
        return self._state.bundles[row.bundle_id].bundle, receipt

    def _settle(self, entry: ReceiptEntry, receipt: StoredReceipt) -> bool:
        row = self._state.messages.get(entry.message_id)
        if row is None or row.outgoing.message.recipient != receipt.signer or row.leaf_hash != entry.leaf_hash:
            return False
        if row.outcome in SETTLED or row.outcome is entry.status:
            return False
        self._state.messages[entry.message_id] = replace(
            row,
            outcome=entry.status,
            settled_at=receipt.received_at,
            reason=entry.reason,
            receipt_id=receipt.receipt_id,
        )
        return True

    def _close(self, bundle_id: UUID) -> None:
        row = self._state.bundles[bundle_id]
        messages = [self._state.messages[one] for one in row.bundle.message_ids]
        if all(one.outcome or one.outgoing.message.type == RECEIPT_TYPE for one in messages):
            self._state.bundles[bundle_id] = replace(row, next_attempt_at=None)
