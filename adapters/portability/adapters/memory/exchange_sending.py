"""The sender's side of the exchange's store in memory: outbox, bundles, resends, receipts."""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from portability.adapters.memory.exchange_state import ConsignmentRow, Outcome, State
from portability.services.exchange.model.messages import InstitutionId, Lane, SubmittedMessage
from portability.services.exchange.model.sending import (
    AGAIN_AN_HOUR,
    AGAIN_PAUSE,
    IN_HAND,
    LONGEST_WAIT,
    Consignment,
    ConsignmentKey,
    KnownSubmission,
    OutboxMessage,
    Sealable,
    SealedBundle,
    Sealing,
    SentEvidence,
    StoredReceipt,
    Turns,
)
from portability.services.exchange.model.statuses import ReceiptEntry, ReceiptStatus, advances

__all__ = [
    "MemoryBundles",
    "MemoryOutbox",
    "MemoryReceipts",
    "MemoryResends",
    "MemorySealings",
    "status_of",
    "was_sealed",
]


def status_of(message: OutboxMessage, state: State) -> ReceiptStatus:
    """How far a message of ours has come."""
    if outcome := state.outcomes.get(message.sealable.message_id):
        return outcome.status
    row = _row_of(message, state)
    return ReceiptStatus.RELAYED if row and row.consignment.attempts else ReceiptStatus.SUBMITTED


def was_sealed(message: OutboxMessage, state: State) -> bool:
    """Whether a message of ours is in a consignment."""
    return _row_of(message, state) is not None


def _row_of(message: OutboxMessage, state: State) -> ConsignmentRow | None:
    firsts = sorted(first for recipient, first in state.consignments if recipient == message.recipient)
    place = bisect_right(firsts, message.sealable.stream_seq)
    row = state.consignments[(message.recipient, firsts[place - 1])] if place else None
    return row if row and message.sealable.stream_seq <= row.consignment.last_seq else None


def _messages(consignment: Consignment, state: State) -> list[OutboxMessage]:
    sequences = range(consignment.first_seq, consignment.last_seq + 1)
    return [state.messages[state.by_seq[(consignment.recipient, one)]] for one in sequences]


class MemoryOutbox:
    """The port `Outbox`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def turns(self, lanes: Collection[Lane], *, keys: Sequence[str] = (), seals: bool = False) -> Turns:
        """Return where streams stand; transactions run one after the other anyway."""
        recipients = {recipient for recipient, _ in lanes}
        return Turns(
            last_seqs={one: self._state.last_seqs.get(one, 0) for one in recipients},
            open_messages={one: self._open_messages(one) for one in recipients},
            open_bytes={one: self._open_bytes(one) for one in recipients},
            case_seqs={lane: self._state.case_seqs[lane] for lane in lanes if lane in self._state.case_seqs},
            known=self._submitted(keys),
            bundled_seqs={one: self._state.bundled_seqs.get(one, 0) for one in recipients} if seals else {},
        )

    def _submitted(self, keys: Sequence[str]) -> Mapping[str, KnownSubmission]:
        rows = {key: self._state.messages[self._state.by_key[key]] for key in keys if key in self._state.by_key}
        return {key: self._known(row) for key, row in rows.items()}

    async def add(self, messages: Sequence[OutboxMessage], *, wakes: bool = True) -> None:
        """Insert messages; whoever waits here is woken by any commit."""
        for message in messages:
            item = message.sealable
            self._state.by_key[message.idempotency_key] = item.message_id
            self._state.by_seq[(message.recipient, item.stream_seq)] = item.message_id
            self._state.messages[item.message_id] = message
            self._state.last_seqs[message.recipient] = item.stream_seq
            if message.case_seq:
                self._state.case_seqs[(message.recipient, message.case_id)] = message.case_seq

    def _open_messages(self, recipient: InstitutionId) -> int:
        return sum(
            message.sealable.message_id not in self._state.outcomes
            for message in self._state.messages.values()
            if message.recipient == recipient and message.sealable.wants_receipt
        )

    def _open_bytes(self, recipient: InstitutionId) -> int:
        return sum(
            message.sealable.size
            for message in self._state.messages.values()
            if message.recipient == recipient
            and message.sealable.wants_receipt
            and message.sealable.message_id not in self._state.outcomes
        )

    def _known(self, message: OutboxMessage) -> KnownSubmission:
        item = message.sealable
        status = status_of(message, self._state)
        submitted = SubmittedMessage(item.message_id, item.stream_seq, status, message.submitted_at)
        return KnownSubmission(submitted, item.header, None if item.is_erased else item.record)


class MemoryBundles:
    """The port `Bundles`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def waiting_recipients(self) -> Sequence[InstitutionId]:
        """Return recipients with messages in no consignment, the longest waiting first."""
        waiting = [one for one, last in self._state.last_seqs.items() if last > self._bundled(one)]
        return sorted(waiting, key=lambda one: self._message(one, self._bundled(one) + 1).submitted_at)

    async def take_unsent(self, recipient: InstitutionId, *, limit: int, max_bytes: int) -> Sequence[Sealable]:
        """Return messages in no consignment in sequence order."""
        first = self._bundled(recipient) + 1
        last = min(self._state.last_seqs.get(recipient, 0), first + limit - 1)
        taken: list[Sealable] = []
        size = 0
        for sequence in range(first, last + 1):
            item = self._message(recipient, sequence).sealable
            size += len(item.record)
            if taken and size > max_bytes:
                break
            taken.append(item)
        return taken

    async def messages_of(self, consignment: ConsignmentKey) -> Sequence[Sealable]:
        """Return the messages of a consignment."""
        row = self._state.consignments[consignment]
        return [message.sealable for message in _messages(row.consignment, self._state)]

    async def add(self, bundles: Sequence[SealedBundle], *, again: bool = False) -> None:
        """Keep bundles; make or refresh their consignments."""
        for bundle in bundles:
            self._state.bundles[bundle.bundle_id] = bundle
            key = (bundle.recipient, bundle.first_seq)
            if row := self._state.consignments.get(key):
                kept = replace(row.consignment, value=bundle.value if again else None)
                self._state.consignments[key] = replace(row, consignment=kept)
            else:
                fresh = Consignment(bundle.recipient, bundle.first_seq, bundle.last_seq, 0, None)
                self._state.consignments[key] = ConsignmentRow(fresh, bundle.receiptable, bundle.sealed_at + IN_HAND)
                self._state.bundled_seqs[bundle.recipient] = bundle.last_seq

    def _bundled(self, recipient: InstitutionId) -> int:
        return self._state.bundled_seqs.get(recipient, 0)

    def _message(self, recipient: InstitutionId, sequence: int) -> OutboxMessage:
        return self._state.messages[self._state.by_seq[(recipient, sequence)]]


class MemoryResends:
    """The port `Resends`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def due(self, *, now: datetime, limit: int) -> Sequence[Consignment]:
        """Return consignments that are due, the longest due first."""
        due = [
            (row.next_attempt_at, key)
            for key, row in self._state.consignments.items()
            if row.next_attempt_at is not None and not now < row.next_attempt_at <= now + LONGEST_WAIT
        ]
        return [self._state.consignments[key].consignment for _, key in sorted(due)[:limit]]

    async def mark_relayed(self, next_attempts: Mapping[ConsignmentKey, datetime], *, now: datetime) -> None:
        """Count an attempt of each."""
        for key, at in next_attempts.items():
            row = self._state.consignments[key]
            is_done = _is_settled(row, self._state)
            value = None if is_done else row.consignment.value
            sent = replace(row.consignment, attempts=row.consignment.attempts + 1, value=value)
            again = None if is_done else at
            self._state.consignments[key] = replace(row, consignment=sent, next_attempt_at=again)

    async def put_off(self, consignments: Sequence[ConsignmentKey], *, until: datetime) -> None:
        """Let consignments be due later."""
        for key in consignments:
            row = self._state.consignments[key]
            if row.next_attempt_at is not None:
                self._state.consignments[key] = replace(row, next_attempt_at=until)

    async def send_again(self, recipient: InstitutionId, ranges: Sequence[tuple[int, int]], *, now: datetime) -> int:
        """Make the consignments of these sequences due, as many as may be."""
        rows = self._state.consignments
        lately = [one.again_at for key, one in rows.items() if key[0] == recipient and one.again_at]
        may = max(0, AGAIN_AN_HOUR - sum(now - timedelta(hours=1) < at <= now for at in lately))
        wanted = [
            key
            for key in self._asked(recipient, ranges)
            if not (again_at := rows[key].again_at) or not now - AGAIN_PAUSE < again_at <= now
        ]
        for key in wanted[:may]:
            rows[key] = replace(rows[key], next_attempt_at=now, again_at=now)
        return len(wanted[:may])

    async def left_out(self, recipient: InstitutionId, ranges: Sequence[tuple[int, int]], *, now: datetime) -> bool:
        """Return whether some of these are not due now."""
        return any(self._state.consignments[key].again_at != now for key in self._asked(recipient, ranges))

    def _asked(self, recipient: InstitutionId, ranges: Sequence[tuple[int, int]]) -> list[ConsignmentKey]:
        return sorted(
            key
            for key, row in self._state.consignments.items()
            if key[0] == recipient
            and any(key[1] <= last and first <= row.consignment.last_seq for first, last in ranges)
        )


class MemoryReceipts:
    """The port `Receipts`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def settle(self, receipts: Sequence[StoredReceipt]) -> int:
        """Store receipts and settle what they name."""
        changed = 0
        for receipt in receipts:
            self._state.receipts.setdefault((receipt.signer, receipt.receipt_id), receipt)
            settled = [row for entry in receipt.entries if (row := self._settle(entry, receipt))]
            for row in settled:
                self._close(row.consignment.key)
            changed += len(settled)
        return changed

    async def expire(self, recipient: InstitutionId, sequences: Sequence[int], *, at: datetime) -> int:
        """Note as EXPIRED what has no receipt."""
        ids = [self._state.by_seq[(recipient, one)] for one in sequences]
        messages = [self._state.messages[one] for one in ids if one not in self._state.outcomes]
        expired = [one for one in messages if one.sealable.wants_receipt]
        for one in expired:
            self._state.outcomes[one.sealable.message_id] = Outcome(ReceiptStatus.EXPIRED, at, "CONTENT_ERASED", None)
            if row := _row_of(one, self._state):
                self._close(row.consignment.key)
        for sequence in sequences:
            if sequence == self._state.bundled_seqs.get(recipient, 0) + 1:
                self._state.bundled_seqs[recipient] = sequence
        return len(expired)

    async def evidence(self, message_id: UUID) -> SentEvidence | None:
        """Return the first bundle of a message, or the one that its receipt names."""
        message = self._state.messages.get(message_id)
        row = _row_of(message, self._state) if message else None
        if message is None or row is None:
            return None
        outcome = self._state.outcomes.get(message_id)
        answered = outcome.receipt_id if outcome else None
        receipt = self._state.receipts[(message.recipient, answered)] if answered else None
        number = message.sealable.stream_seq
        bundles = [
            one
            for one in self._state.bundles.values()
            if (one.recipient, one.first_seq) == row.consignment.key and number not in one.left_out
        ]
        bundle = next((one for one in bundles if receipt and one.bundle_id == receipt.bundle_id), bundles[0])
        members = [
            one.sealable
            for one in _messages(row.consignment, self._state)
            if one.sealable.stream_seq not in bundle.left_out
        ]
        return SentEvidence(
            bundle_id=bundle.bundle_id,
            signed_head=bundle.signed_head,
            signature=bundle.signature,
            leaf_hashes=tuple(one.leaf_hash for one in members),
            item=members.index(message.sealable),
            message=message.sealable,
            receipt=receipt.evidence if receipt else None,
        )

    def _settle(self, entry: ReceiptEntry, receipt: StoredReceipt) -> ConsignmentRow | None:
        """The consignment of a message that has changed."""
        message = self._state.messages.get(entry.message_id)
        if message is None or message.recipient != receipt.signer or message.sealable.leaf_hash != entry.leaf_hash:
            return None
        before = self._state.outcomes.get(entry.message_id)
        row = _row_of(message, self._state)
        if row is None or not advances(before.status if before else None, entry.status):
            return None
        is_opened = entry.status is ReceiptStatus.OPENED
        # Reading comes after delivery, whose instant and receipt stay.
        goes_on = before if before and before.status is ReceiptStatus.DELIVERED else None
        self._state.outcomes[entry.message_id] = Outcome(
            entry.status,
            goes_on.settled_at if goes_on else receipt.received_at,
            entry.reason,
            goes_on.receipt_id if goes_on else receipt.receipt_id,
            receipt.received_at if is_opened else None,
        )
        return row

    def _close(self, key: ConsignmentKey) -> None:
        row = self._state.consignments[key]
        if _is_settled(row, self._state):
            done = replace(row.consignment, value=None)
            self._state.consignments[key] = replace(row, consignment=done, next_attempt_at=None)


def _is_settled(row: ConsignmentRow, state: State) -> bool:
    return all(
        message.sealable.message_id in state.outcomes
        for message in _messages(row.consignment, state)
        if message.sealable.wants_receipt
    )


class MemorySealings:
    """The port `Sealings`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def of(self, message_id: UUID) -> Sequence[Sealing]:
        """Return the bundles of a message."""
        message = self._state.messages.get(message_id)
        row = _row_of(message, self._state) if message else None
        if message is None or row is None:
            return []
        found = []
        for one in self._state.bundles.values():
            members = [
                member.sealable
                for member in _messages(row.consignment, self._state)
                if member.sealable.stream_seq not in one.left_out
            ]
            if (one.recipient, one.first_seq) == row.consignment.key and message.sealable in members:
                leaves = tuple(member.leaf_hash for member in members)
                found.append(Sealing(one.signed_head, one.signature, leaves, members.index(message.sealable)))
        return found
