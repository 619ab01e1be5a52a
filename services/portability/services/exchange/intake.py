"""Taking verified bundles in: what is new has its effect, what is known is receipted again, the rest set aside."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from portability.agreements.errors import GatewayError, PortabilityError, VerificationError
from portability.services.exchange.envelope import Item, OpenedBundle, OpenedItem, RefusedItem
from portability.services.exchange.mapping import wire
from portability.services.exchange.model import (
    RECEIPT_TYPE,
    Arrival,
    InboxBundle,
    InboxMessage,
    OutboxMessage,
    QuarantineEntry,
    ReceiptEntry,
    ReceiptStatus,
    StoredReceipt,
    StreamRecord,
)
from portability.services.exchange.node import ExchangeNode
from portability.services.exchange.ports import ExchangeWork, MessageEffects
from portability.services.exchange.receipts import read_receipt, receipt_for

__all__ = ["CONFLICT", "Intake"]

CONFLICT: Final = "MESSAGE_ID_CONFLICT"
EFFECT_FAILED: Final = "EFFECT_FAILED"

Arrived = tuple[StreamRecord, OpenedBundle]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A message, where it came from, and what the inbox says of it."""

    record: StreamRecord
    bundle: OpenedBundle
    opened: OpenedItem
    arrival: Arrival

    @property
    def is_receipt(self) -> bool:
        return self.opened.message.type == RECEIPT_TYPE


class Intake:
    """One batch of verified bundles on its way into the store.

    `set_aside` gathers what could not go in, `arrivals` counts what was new, known or in conflict.
    """

    def __init__(self, node: ExchangeNode, effects: MessageEffects, *, at: datetime) -> None:
        self._node = node
        self._effects = effects
        self._at = at
        self.set_aside: list[QuarantineEntry] = []
        self.arrivals: Counter[Arrival] = Counter()

    async def take_in(self, bundles: Sequence[Arrived], work: ExchangeWork) -> None:
        """Dedupe, settle receipts, apply effects and answer with receipts, all in the transaction of `work`."""
        placed = await self._into_inbox(bundles, work)
        self.arrivals.update(one.arrival for one in placed)
        for one in placed:
            if one.arrival is Arrival.CONFLICT:
                self._set_aside_message(one, CONFLICT, "The message id was used before for other content.")
        for record, bundle in bundles:
            for refused in bundle.refused:
                self._set_aside_refused(record, bundle, refused)
        # Known receipts are settled again: the first time may have been before their message was known.
        await self._settle([one for one in placed if one.is_receipt and one.arrival is not Arrival.CONFLICT], work)
        await self._apply([one for one in placed if one.arrival is Arrival.NEW and not one.is_receipt], work)
        receipts = [*self._receipts(bundles, placed)]
        if receipts:
            await work.outbox.add(receipts)

    async def _into_inbox(self, bundles: Sequence[Arrived], work: ExchangeWork) -> Sequence[_Placed]:
        flat = [(record, bundle, opened) for record, bundle in bundles for opened in bundle.opened]
        arrivals = await work.inbox.add(
            [self._inbox_bundle(bundle) for _, bundle in bundles],
            [
                InboxMessage(opened.message, opened.leaf_hash, bundle.head.bundle_id, opened.index)
                for _, bundle, opened in flat
            ],
        )
        return [_Placed(*one, arrival) for one, arrival in zip(flat, arrivals, strict=True)]

    async def _settle(self, receipts: Sequence[_Placed], work: ExchangeWork) -> None:
        stored: list[StoredReceipt] = []
        for one in receipts:
            try:
                stored.append(read_receipt(one.bundle, one.opened))
            except VerificationError as error:
                self._set_aside_message(one, error.code, error.message)
        if stored:
            await work.receipts.settle(stored)

    async def _apply(self, new: Sequence[_Placed], work: ExchangeWork) -> None:
        """Apply effects under one savepoint; where one fails, by halves, so that only it is set aside."""
        failure = await self._try(new, work)
        if failure is None:
            return
        if len(new) > 1:
            middle = len(new) // 2
            await self._apply(new[:middle], work)
            await self._apply(new[middle:], work)
        elif isinstance(failure, PortabilityError):
            self._set_aside_message(new[0], failure.code, failure.message)
        else:
            # The text of an unknown error may hold anything, so only its type is told.
            self._set_aside_message(new[0], EFFECT_FAILED, f"Its effect failed: {type(failure).__name__}.")

    async def _try(self, new: Sequence[_Placed], work: ExchangeWork) -> Exception | None:
        if not new:
            return None
        try:
            async with work.savepoint():
                for one in new:
                    await self._effects.apply(one.opened.message, work)
        except Exception as error:
            if isinstance(error, GatewayError) and error.retryable:
                raise
            return error
        return None

    def _receipts(self, bundles: Sequence[Arrived], placed: Sequence[_Placed]) -> Iterator[OutboxMessage]:
        """One receipt a bundle, for all of its messages; receipts themselves are not receipted."""
        entries: dict[int, list[ReceiptEntry]] = {id(bundle): [] for _, bundle in bundles}
        for one in placed:
            if not one.is_receipt:
                entries[id(one.bundle)].append(_entry(one))
        for _, bundle in bundles:
            of_bundle = entries[id(bundle)] + [
                ReceiptEntry(refused.message_id, refused.leaf_hash, ReceiptStatus.FAILED, VerificationError.code)
                for refused in bundle.refused
                if refused.message_id is not None
            ]
            if of_bundle:
                yield receipt_for(bundle, of_bundle, receipt_id=self._node.new_id(), at=self._at)

    def _inbox_bundle(self, bundle: OpenedBundle) -> InboxBundle:
        return InboxBundle(
            bundle_id=bundle.head.bundle_id,
            sender=bundle.head.sender,
            signed_head=bundle.sealed.signed_head,
            signature=bundle.sealed.signature,
            items=bundle.items,
            received_at=self._at,
        )

    def _set_aside_message(self, one: _Placed, code: str, reason: str) -> None:
        message = one.opened.message
        item = one.bundle.contents[one.opened.index]
        self._set_aside(one.record, one.bundle, item, code, reason, ids=(message.message_id, message.case_id))

    def _set_aside_refused(self, record: StreamRecord, bundle: OpenedBundle, refused: RefusedItem) -> None:
        ids = (refused.message_id, refused.case_id)
        self._set_aside(record, bundle, refused.item, VerificationError.code, refused.reason, ids=ids)

    def _set_aside(
        self,
        record: StreamRecord,
        bundle: OpenedBundle,
        item: Item,
        code: str,
        reason: str,
        *,
        ids: tuple[UUID | None, UUID | None],
    ) -> None:
        self.set_aside.append(
            QuarantineEntry(
                entry_id=self._node.new_id(),
                reason_code=code,
                reason=reason,
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                value=wire.encode_item(item),
                set_aside_at=self._at,
                sender=bundle.head.sender,
                message_id=ids[0],
                case_id=ids[1],
            )
        )


def _entry(one: _Placed) -> ReceiptEntry:
    # A message whose effect failed is held durably all the same, in quarantine: it is delivered.
    if one.arrival is Arrival.CONFLICT:
        return ReceiptEntry(one.opened.message.message_id, one.opened.leaf_hash, ReceiptStatus.FAILED, CONFLICT)
    return ReceiptEntry(one.opened.message.message_id, one.opened.leaf_hash, ReceiptStatus.DELIVERED)
