"""Taking verified bundles in: what is new has its effect, what is known is receipted again, the rest set aside."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portability.agreements.errors import GatewayError, PortabilityError, VerificationError
from portability.services.exchange.envelope import OpenedBundle, OpenedItem, RefusedItem
from portability.services.exchange.model import (
    RECEIPT_TYPE,
    Arrival,
    BundleKey,
    InboxBundle,
    InboxMessage,
    OutgoingMessage,
    ReceiptEntry,
    ReceiptStatus,
    StoredReceipt,
    StreamRecord,
)
from portability.services.exchange.node import ExchangeNode
from portability.services.exchange.outgoing import post
from portability.services.exchange.ports import ExchangeWork, MessageEffects
from portability.services.exchange.receipts import read_receipt, receipt_for
from portability.services.exchange.setting_aside import SettingAside
from portability.services.log_entry import LogEntryKind, entry_of

__all__ = ["CONFLICT", "Intake"]

CONFLICT: Final = "MESSAGE_ID_CONFLICT"
BUNDLE_CONFLICT: Final = "BUNDLE_ID_CONFLICT"
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

    `aside` gathers what could not go in, `arrivals` counts what was new, known or in conflict.
    """

    def __init__(self, node: ExchangeNode, effects: MessageEffects, aside: SettingAside, *, at: datetime) -> None:
        self._node = node
        self._effects = effects
        self._at = at
        self._aside = aside
        self.arrivals: Counter[Arrival] = Counter()

    async def take_in(self, bundles: Sequence[Arrived], work: ExchangeWork) -> None:
        """Dedupe, settle receipts, apply effects and answer with receipts, all in the transaction of `work`."""
        bundles, reusing = await self._by_head(bundles, work)
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
        receipts = [*self._receipts(bundles, placed), *self._refuse(reusing)]
        await post(receipts, outbox=work.outbox, me=self._node.me, at=self._at)

    async def _by_head(
        self, bundles: Sequence[Arrived], work: ExchangeWork
    ) -> tuple[Sequence[Arrived], Sequence[Arrived]]:
        """Tell apart the bundles whose id was used before for another signed head; new ones go into the log.

        What is kept of a bundle is found by its id; a second one under it would leave its messages without proof.
        """
        known = await work.inbox.heads([_key(bundle) for _, bundle in bundles])
        first = dict(known)
        good: list[Arrived] = []
        reusing: list[Arrived] = []
        for record, bundle in bundles:
            head = first.setdefault(_key(bundle), bundle.sealed.signed_head)
            (good if head == bundle.sealed.signed_head else reusing).append((record, bundle))
        new = [head for key, head in first.items() if key not in known]
        await work.log.append([entry_of(LogEntryKind.BUNDLE_RECEIVED, head, at=self._at) for head in new])
        return good, reusing

    def _refuse(self, reusing: Sequence[Arrived]) -> Iterator[OutgoingMessage]:
        """Set whole bundles aside and say so to their sender."""
        for record, bundle in reusing:
            reason = "The bundle id was used before for another bundle."
            self._aside.record(record, code=BUNDLE_CONFLICT, reason=reason, sender=bundle.head.sender)
            entries = [
                ReceiptEntry(one.message.message_id, one.leaf_hash, ReceiptStatus.FAILED, BUNDLE_CONFLICT)
                for one in bundle.opened
                if one.message.type != RECEIPT_TYPE
            ]
            if entries:
                yield receipt_for(bundle, entries, receipt_id=self._node.new_id())

    async def _into_inbox(self, bundles: Sequence[Arrived], work: ExchangeWork) -> Sequence[_Placed]:
        flat = [(record, bundle, opened) for record, bundle in bundles for opened in bundle.opened]
        arrivals = await work.inbox.add(
            [self._inbox_bundle(bundle) for _, bundle in bundles],
            [_inbox_message(bundle, opened) for _, bundle, opened in flat],
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

    def _receipts(self, bundles: Sequence[Arrived], placed: Sequence[_Placed]) -> Iterator[OutgoingMessage]:
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
                yield receipt_for(bundle, of_bundle, receipt_id=self._node.new_id())

    def _inbox_bundle(self, bundle: OpenedBundle) -> InboxBundle:
        return InboxBundle(
            bundle_id=bundle.head.bundle_id,
            sender=bundle.head.sender,
            signed_head=bundle.sealed.signed_head,
            signature=bundle.sealed.signature,
            received_at=self._at,
        )

    def _set_aside_message(self, one: _Placed, code: str, reason: str) -> None:
        message = one.opened.message
        self._aside.message(
            one.record,
            one.bundle.contents[one.opened.index],
            code=code,
            reason=reason,
            sender=message.sender,
            message_id=message.message_id,
            case_id=message.case_id,
        )

    def _set_aside_refused(self, record: StreamRecord, bundle: OpenedBundle, refused: RefusedItem) -> None:
        self._aside.message(
            record,
            refused.item,
            code=VerificationError.code,
            reason=refused.reason,
            sender=bundle.head.sender,
            message_id=refused.message_id,
            case_id=refused.case_id,
        )


def _key(bundle: OpenedBundle) -> BundleKey:
    return bundle.head.sender, bundle.head.bundle_id


def _inbox_message(bundle: OpenedBundle, opened: OpenedItem) -> InboxMessage:
    item = bundle.contents[opened.index]
    return InboxMessage(opened.message, item.header, item.salt, opened.leaf_hash, bundle.head.bundle_id, opened.index)


def _entry(one: _Placed) -> ReceiptEntry:
    # A message whose effect failed is held durably all the same, in quarantine: it is delivered.
    if one.arrival is Arrival.CONFLICT:
        return ReceiptEntry(one.opened.message.message_id, one.opened.leaf_hash, ReceiptStatus.FAILED, CONFLICT)
    return ReceiptEntry(one.opened.message.message_id, one.opened.leaf_hash, ReceiptStatus.DELIVERED)
