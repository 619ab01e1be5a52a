"""Nodes that sign what is not so: receipts for what they never had, other content under a known message id."""

from uuid import UUID

from portability.adapters.keys.trust import DirectoryTrust
from portability.services.exchange.bundle import seal_bundle
from portability.services.exchange.mapping import wire
from portability.services.exchange.model.messages import NO_CASE, RECEIPT_TYPE, OutgoingMessage
from portability.services.exchange.model.statuses import ReceiptEntry, ReceiptStatus
from portability.services.exchange.node import inbox_topic
from portability.services.exchange.outgoing import outbox_message
from portability.services.purposes import PENSION_CLAIM

__all__ = ["tell_a_lie"]

WRONG_LEAF = bytes(32)


def tell_a_lie(schedule) -> None:
    """Choose a lie and put it on the stream."""
    schedule.loop.create_task(
        schedule.dice.choice((_receipt_of_a_stranger, _receipt_for_another_leaf, _other_content))(schedule)
    )


async def _receipt_of_a_stranger(schedule) -> None:
    """A third node signs for a message that was never meant for it."""
    for message, submitted in schedule.accepted.values():
        sender = schedule.senders[message.idempotency_key]
        stranger = next(name for name in schedule.nodes if name not in (sender, message.recipient))
        leaf = await _leaf(schedule.nodes[sender], submitted.message_id)
        if leaf is not None:
            _send_receipt(schedule, stranger, sender, submitted.message_id, leaf)
            return


async def _receipt_for_another_leaf(schedule) -> None:
    """The recipient signs for other content than it was sent."""
    for message, submitted in schedule.accepted.values():
        sender = schedule.senders[message.idempotency_key]
        _send_receipt(schedule, message.recipient, sender, submitted.message_id, WRONG_LEAF)
        return


async def _other_content(schedule) -> None:
    """A sender sends other content under the id of a message that has arrived."""
    for message, submitted in schedule.accepted.values():
        if submitted.message_id not in schedule.nodes[message.recipient].taken:
            continue
        case_seq = schedule.nodes[message.recipient].case_seqs[submitted.message_id]
        other = OutgoingMessage(
            submitted.message_id,
            "lie",
            message.recipient,
            message.case_id,
            message.type,
            1,
            b"something else",
            purpose=PENSION_CLAIM.code,
            legal_basis=str(PENSION_CLAIM.citation),
        )
        schedule.contradicted[submitted.message_id] = message.recipient
        _send(schedule, schedule.senders[message.idempotency_key], other, case_seq=case_seq)
        return


async def _leaf(node, message_id: UUID) -> bytes | None:
    async with node.store.transaction() as work:
        found = await work.receipts.evidence(message_id)
    return None if found is None else found.message.leaf_hash


def _send_receipt(schedule, signer: str, to: str, message_id: UUID, leaf: bytes) -> None:
    record = wire.encode_receipt(UUID(int=1), WRONG_LEAF, [ReceiptEntry(message_id, leaf, ReceiptStatus.DELIVERED)])
    lie = OutgoingMessage(schedule.nodes[signer].new_id(), "lie", to, NO_CASE, RECEIPT_TYPE, 1, record)
    _send(schedule, signer, lie, case_seq=0)


def _send(schedule, liar: str, message: OutgoingMessage, *, case_seq: int) -> None:
    node = schedule.nodes[liar]
    schedule.note(f"{liar} lies to {message.recipient} about {message.type} {message.message_id}")
    item = outbox_message(message, me=liar, at=node.now(), stream_seq=1, case_seq=case_seq, salt=bytes(32))
    bundle = seal_bundle(
        [item.sealable],
        bundle_id=node.new_id(),
        me=liar,
        recipient=message.recipient,
        keys=node.ring,
        trust=DirectoryTrust(lambda: schedule.directory, clock=node),
        at=node.now(),
    )
    schedule.broker.put(inbox_topic(message.recipient), liar.encode(), bundle.value)
