"""Taking verified bundles in: what is new waits for its turn and has its effect, what is known is receipted again, the
rest set aside."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from portability.agreements.errors import VerificationError
from portability.services.exchange.business_status import status_messages
from portability.services.exchange.envelope import OpenedBundle, OpenedItem, RefusedItem
from portability.services.exchange.for_a_purpose import by_purpose
from portability.services.exchange.lanes import OUT_OF_LINE
from portability.services.exchange.mapping.wire import decode_statuses
from portability.services.exchange.model.messages import (
    DIGEST_TYPE,
    EXCHANGE_TYPES,
    NO_CASE,
    RECEIPT_TYPE,
    RESEND_TYPE,
    InstitutionId,
    Lane,
    MessageKey,
    OutgoingMessage,
)
from portability.services.exchange.model.receiving import Arrival, BundleKey, InboxBundle, InboxMessage, StreamRecord
from portability.services.exchange.model.sending import StoredReceipt
from portability.services.exchange.model.set_aside import ID_CONFLICT, NUMBER_CONFLICT, QuarantineState
from portability.services.exchange.model.statuses import ReceiptEntry, ReceiptStatus
from portability.services.exchange.node import ExchangeNode, inbox_topic
from portability.services.exchange.outgoing import post
from portability.services.exchange.ports.work import ExchangeWork, MessageEffects
from portability.services.exchange.receipts import read_receipt, receipt_for
from portability.services.exchange.repair import Repair
from portability.services.exchange.setting_aside import SettingAside
from portability.services.exchange.taking_effect import KEPT_AS, TakingEffect
from portability.services.log_entry import LogEntryKind, entry_of
from portability.services.values import value

__all__ = ["CONFLICT", "Intake"]

CONFLICT: Final = ID_CONFLICT
BUNDLE_CONFLICT: Final = "BUNDLE_ID_CONFLICT"
LANE_FULL: Final = "LANE_FULL"
NOT_READ: Final = "MESSAGE_TYPE_UNKNOWN"

Arrived = tuple[StreamRecord, OpenedBundle]


@value
class _Placed:
    """A message, where it came from, and what the inbox says of it."""

    record: StreamRecord
    bundle: OpenedBundle
    opened: OpenedItem
    arrival: Arrival

    @property
    def is_ours(self) -> bool:
        """Whether it is of the exchange itself."""
        return self.opened.message.type in EXCHANGE_TYPES


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
        self.repairs: list[tuple[InstitutionId, Repair]] = []
        self.came_late = 0  # messages of ours whose receipt had been taken for missing

    async def take_in(self, bundles: Sequence[Arrived], work: ExchangeWork) -> None:
        """Take bundles in, all in the transaction of `work`."""
        # 1. Lanes are locked before anything is read that depends on them.  2. A bundle id stands for one head.
        # 3. What is new goes into the inbox, what is not as its sender should have made it is set aside.
        # 4. Messages of the exchange itself settle ours.  5. What is ready takes effect, lane by lane.
        # 6. Receipts say what we hold, statuses what we have made of it.
        # (1) lanes
        effect = await TakingEffect.of(_lanes(bundles), work, self._effects, at=self._at)
        # (2) bundle ids
        bundles, reusing = await self._by_head([(record, by_purpose(bundle)) for record, bundle in bundles], work)
        # (3) inbox
        placed = await self._into_inbox(bundles, work)
        self.arrivals.update(one.arrival for one in placed)
        for one in placed:
            if one.arrival is Arrival.CONFLICT:
                self._set_aside_message(one, CONFLICT, "The message id was used before for other content.")
        for record, bundle in bundles:
            for refused in bundle.refused:
                self._refuse_item(record, bundle, refused, effect)
        # (4) what is ours
        await self._ours([one for one in placed if one.is_ours and one.arrival is not Arrival.CONFLICT], work)
        # (5) effects
        new = {one.opened.message.key: one for one in placed if one.arrival is Arrival.NEW and not one.is_ours}
        in_line = self._put_in_line(new.values(), effect)
        await effect.run([one.opened.message for one in in_line], work)
        await self._park(effect, new, work)
        # (6) answers
        receipts = [*self._receipts(bundles, placed), *self._refuse(reusing)]
        decided = [*effect.decided, *await effect.tell_replaced(work)]
        statuses = status_messages(decided, new_id=self._node.new_id, at=self._at)
        repairs = [answer for _, repair in self.repairs for answer in repair.answers]
        await post([*receipts, *statuses, *repairs], outbox=work.outbox, me=self._node.me, at=self._at)

    def _put_in_line(self, new: Iterable[_Placed], effect: TakingEffect) -> Sequence[_Placed]:
        """Those that have a place in their lane; one whose number was another's already is set aside."""
        in_line = []
        for one in sorted(new, key=lambda one: one.opened.message.case_seq):
            message = one.opened.message
            if message.case_id == NO_CASE:
                self._set_aside_message(one, NOT_READ, "Messages of this type are of no case here.")
            elif message.replaces and effect.lane(message.lane).is_full:
                self._refuse_for_good(one, effect)
            elif effect.arrive(message):
                in_line.append(one)
            else:
                self._set_aside_message(one, NUMBER_CONFLICT, "Its number in the case was another message's before.")
        return in_line

    def _refuse_for_good(self, one: _Placed, effect: TakingEffect) -> None:
        """A sender may take the place of its messages, but not of so many at once that the lane fills this node."""
        reason = f"{OUT_OF_LINE} messages of its lane wait out of line already: settle those first."
        effect.refuse(one.opened.message, code=LANE_FULL, reason=reason)
        self._set_aside_message(one, LANE_FULL, reason, state=QuarantineState.REJECTED)

    async def _park(self, effect: TakingEffect, new: Mapping[MessageKey, _Placed], work: ExchangeWork) -> None:
        """Set aside what could not take effect, and close what has come as it should be or was replaced."""
        if effect.mended:
            self._aside.closed(effect.mended, QuarantineState.APPLIED)
            await work.desk.close(effect.mended, QuarantineState.APPLIED, at=self._at, by="")
        for outcome in (*effect.parked, *effect.rejected):
            message, state = outcome.message, KEPT_AS[outcome.status]
            if placed := new.get(message.key):
                self._set_aside_message(placed, outcome.code, outcome.reason, state=state)
            elif held := await work.inbox.find(*message.key):
                topic = inbox_topic(self._node.me)
                self._aside.held(held, code=outcome.code, reason=outcome.reason, topic=topic, state=state)
        if effect.replaced:
            self._aside.closed(effect.replaced, QuarantineState.REPLACED)
            await work.desk.close(effect.replaced, QuarantineState.REPLACED, at=self._at, by="")

    async def _by_head(
        self, bundles: Sequence[Arrived], work: ExchangeWork
    ) -> tuple[Sequence[Arrived], Sequence[Arrived]]:
        """Tell apart the bundles whose id was used before for another signed head; new ones go into the log.

        What is kept of a bundle is found by its id; a second one under it would leave its messages without proof.
        """
        known = await work.inbox.bundles([_key(bundle) for _, bundle in bundles])
        first = {key: one.signed_head for key, one in known.items()}
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
                if one.message.type not in EXCHANGE_TYPES
            ]
            if entries:
                yield receipt_for(bundle.head, entries, receipt_id=self._node.new_id())

    async def _into_inbox(self, bundles: Sequence[Arrived], work: ExchangeWork) -> Sequence[_Placed]:
        flat = [(record, bundle, opened) for record, bundle in bundles for opened in bundle.opened]
        arrivals = await work.inbox.add(
            [self._inbox_bundle(bundle) for _, bundle in bundles],
            [_inbox_message(bundle, opened) for _, bundle, opened in flat],
        )
        return [_Placed(*one, arrival) for one, arrival in zip(flat, arrivals, strict=True)]

    async def _ours(self, ours: Sequence[_Placed], work: ExchangeWork) -> None:
        """Messages of the exchange itself. Known ones count again: the first time ours may not have been known."""
        receipts: list[StoredReceipt] = []
        for one in ours:
            try:
                if one.opened.message.type == RECEIPT_TYPE:
                    receipts.append(read_receipt(one.bundle, one.opened))
                elif one.opened.message.type in {RESEND_TYPE, DIGEST_TYPE}:
                    await self._repair(one, work)
                else:
                    entries = decode_statuses(one.opened.message.record)
                    report_id = one.opened.message.message_id
                    await work.statuses.note(one.bundle.head.sender, entries, report_id=report_id)
            except VerificationError as error:
                self._set_aside_message(one, error.code, error.message)
        if receipts:
            self.came_late = await work.receipt_alarms.late(receipts)
            await work.receipts.settle(receipts)

    async def _repair(self, one: _Placed, work: ExchangeWork) -> None:
        # Once: each leads to messages of ours, and a repeat of those would be for nothing.
        if one.arrival is Arrival.NEW:
            message = one.opened.message
            repair = await Repair.of(message, work, new_id=self._node.new_id, at=self._at)
            self.repairs.append((message.sender, repair))

    def _receipts(self, bundles: Sequence[Arrived], placed: Sequence[_Placed]) -> Iterator[OutgoingMessage]:
        """One receipt a bundle, for all of its messages; receipts themselves are not receipted."""
        entries: dict[int, list[ReceiptEntry]] = {id(bundle): [] for _, bundle in bundles}
        for one in placed:
            if not one.is_ours:
                entries[id(one.bundle)].append(_entry(one))
        for _, bundle in bundles:
            of_bundle = entries[id(bundle)] + [
                ReceiptEntry(refused.header.message_id, refused.leaf_hash, ReceiptStatus.FAILED, refused.code)
                for refused in bundle.refused
                if refused.header is not None
            ]
            if of_bundle:
                yield receipt_for(bundle.head, of_bundle, receipt_id=self._node.new_id())

    def _inbox_bundle(self, bundle: OpenedBundle) -> InboxBundle:
        return InboxBundle(
            bundle_id=bundle.head.bundle_id,
            sender=bundle.head.sender,
            signed_head=bundle.sealed.signed_head,
            signature=bundle.sealed.signature,
            received_at=self._at,
            leaf_hashes=bundle.leaves,
        )

    def _set_aside_message(
        self, one: _Placed, code: str, reason: str, *, state: QuarantineState = QuarantineState.OPEN
    ) -> None:
        message = one.opened.message
        self._aside.message(
            one.record,
            one.bundle.contents[one.opened.index],
            code=code,
            reason=reason,
            sender=message.sender,
            message_id=message.message_id,
            case_id=message.case_id,
            state=state,
        )

    def _refuse_item(
        self, record: StreamRecord, bundle: OpenedBundle, refused: RefusedItem, effect: TakingEffect
    ) -> None:
        """Set aside what its sender made wrongly; its lane waits for another message in its place."""
        header, sender = refused.header, bundle.head.sender
        self._aside.message(
            record,
            refused.item,
            code=refused.code,
            reason=refused.reason,
            sender=sender,
            message_id=header.message_id if header else None,
            case_id=header.case_id if header else None,
        )
        if header is not None and header.case_id != NO_CASE:
            lane = effect.lane((sender, header.case_id))
            put = lane.refuse if lane.is_full else lane.arrive_unusable
            put(header.message_id, case_seq=header.case_seq, at=self._at)


def _lanes(bundles: Sequence[Arrived]) -> Mapping[Lane, Collection[int]]:
    """The lanes that bundles touch, with the numbers that arrive in each."""
    lanes: dict[Lane, list[int]] = defaultdict(list)
    for _, bundle in bundles:
        for one in bundle.opened:
            lanes[one.message.lane].append(one.message.case_seq)
        for header in (one.header for one in bundle.refused if one.header):
            lanes[(bundle.head.sender, header.case_id)].append(header.case_seq)
    return {lane: numbers for lane, numbers in lanes.items() if lane[1] != NO_CASE}


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
