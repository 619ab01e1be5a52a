"""Telling senders that what they sent was read here: a receipt OPENED, once for each message, whoever reads first."""

from collections import defaultdict
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portability.services.exchange.mapping.wire import decode_head
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.receiving import BundleKey, OpenedMessage
from portability.services.exchange.model.statuses import ReceiptEntry, ReceiptStatus
from portability.services.exchange.outgoing import post
from portability.services.exchange.ports.receipt_levels import Openings
from portability.services.exchange.ports.receiving import Inbox
from portability.services.exchange.ports.sending import Outbox
from portability.services.exchange.ports.world import NewId
from portability.services.exchange.receipts import receipt_for

__all__ = ["OpeningWork", "tell_opened"]


class OpeningWork(Protocol):
    """The ports of a transaction in which somebody reads."""

    @property
    def openings(self) -> Openings: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def outbox(self) -> Outbox: ...


async def tell_opened(case_id: UUID, *, work: OpeningWork, me: InstitutionId, new_id: NewId, at: datetime) -> int:
    """Note that a person or system of the institution reads a case, and tell the senders of what it holds.

    Returns how many messages were read for the first time. What is parked or held is in no case yet, so nobody has
    read it.
    """
    by_bundle: dict[BundleKey, list[OpenedMessage]] = defaultdict(list)
    for one in await work.openings.take(case_id, at=at):
        by_bundle[one.sender, one.bundle_id].append(one)
    if not by_bundle:
        return 0
    bundles = await work.inbox.bundles(sorted(by_bundle))
    receipts = []
    for key, messages in sorted(by_bundle.items()):
        entries = [ReceiptEntry(one.message_id, one.leaf_hash, ReceiptStatus.OPENED) for one in messages]
        receipts.append(receipt_for(decode_head(bundles[key].signed_head), entries, receipt_id=new_id()))
    await post(receipts, outbox=work.outbox, me=me, at=at)
    return sum(len(messages) for messages in by_bundle.values())
