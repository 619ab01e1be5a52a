"""Repair: what was lost between two nodes is noticed, found to the message, and sent again.

A gap in the numbers of a stream is asked for once it is older than what may still be on its way. Each day the sender
also says what it has sent, as digests over ranges; where its recipient holds something else, both go down by parts
to the very messages.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from portability.agreements.errors import GatewayError
from portability.services.exchange.asking import digest_message, resend_requests
from portability.services.exchange.mapping.repair import decode_digest, decode_resend, encode_resend
from portability.services.exchange.model.messages import (
    RESEND_TYPE,
    Direction,
    InstitutionId,
    OutgoingMessage,
    ReceivedMessage,
)
from portability.services.exchange.model.reconciliations import Comparison, Difference, DifferenceKind, joined
from portability.services.exchange.model.set_aside import GAP, QuarantineEntry, QuarantineState
from portability.services.exchange.node import ExchangeNode, inbox_topic
from portability.services.exchange.outgoing import post
from portability.services.exchange.ports.repair import Digests
from portability.services.exchange.ports.work import ExchangeWork
from portability.services.exchange.ports.world import NewId
from portability.services.exchange.streams import (
    DIGEST_ENTRIES,
    DIGEST_SPAN,
    GAP_AGE,
    PARTS_ASKED,
    RESEND_RANGES,
    DigestRound,
    RangeDigest,
    SequenceRange,
    StreamDigest,
    StreamWatch,
    digest_of,
    parts_of,
    spans,
    watched,
)
from portability.services.exchange.voids import VOIDS_AT_ONCE, digests_of_voids, tell_contradictions

__all__ = ["Repair", "ask_for_gaps", "reconcile", "repair_once", "run_repair"]

EVERY: Final = timedelta(minutes=1)
RECONCILE_EVERY: Final = timedelta(days=1)
PAUSE_AFTER_FAULT: Final = timedelta(seconds=1)
_DIFFERS: Final = "DIGEST_DIFFERS"


@dataclass(slots=True)
class Repair:
    """What one message of repair leads to.

    `differing` are numbers whose messages differ at the two ends, `contradicted` numbers that are said to be void and
    whose message is here.
    """

    answers: list[OutgoingMessage] = field(default_factory=list)
    missing: list[SequenceRange] = field(default_factory=list)
    differing: list[int] = field(default_factory=list)
    contradicted: list[int] = field(default_factory=list)
    void: int = 0  # numbers that are accounted for as void
    sent_again: int = 0
    asked_too_often: bool = False

    @classmethod
    async def of(cls, message: ReceivedMessage, work: ExchangeWork, *, new_id: NewId, at: datetime) -> "Repair":
        """Do what a message asks for, and find what differs. Raises VerificationError where it cannot be read."""
        repair = cls()
        if message.type == RESEND_TYPE:
            asked_again = decode_resend(message.record)
            ranges = [(one.first, one.last) for one in asked_again]
            repair.sent_again = await work.resends.send_again(message.sender, ranges, now=at)
            repair.asked_too_often = await work.resends.left_out(message.sender, ranges, now=at)
            void = await work.voids_sent.among(message.sender, asked_again, limit=VOIDS_AT_ONCE)
            repair.answers += [digest_message(message.sender, one, new_id) for one in digests_of_voids(void)]
            return repair
        digest = decode_digest(message.record)
        contradicted = await work.voids_received.add(message.sender, digest.void, at=at) if digest.void else ()
        repair.contradicted += [one.stream_seq for one in contradicted]
        repair.void = len(digest.void) - len(contradicted)
        asked = await repair._compare(digest.stated, message.sender, work, at=at)
        if digest.asked:
            questions = Comparison(message.sender, Direction.SENT, at, questions=len(digest.asked))
            await work.reconciliation_report.note(questions)
        stated = [await _digest_sent(one, message.sender, work.digests) for one in digest.asked]
        if stated:
            repair.answers.append(digest_message(message.sender, StreamDigest(stated=tuple(stated)), new_id))
        for first in range(0, len(asked), DIGEST_ENTRIES):
            part = StreamDigest(asked=tuple(asked[first : first + DIGEST_ENTRIES]))
            repair.answers.append(digest_message(message.sender, part, new_id))
        repair.answers += resend_requests(message.sender, repair.missing, new_id)
        return repair

    async def _compare(
        self, stated: Sequence[RangeDigest], sender: InstitutionId, work: ExchangeWork, *, at: datetime
    ) -> Sequence[SequenceRange]:
        """Return the parts to ask about; what differs is kept, and goes into the report of the day."""
        asked: list[SequenceRange] = []
        missing: list[RangeDigest] = []
        others: list[Difference] = []
        for one in stated:
            leaves = await work.digests.received(sender, one.range)
            if digest_of(one.range, leaves) == one:
                continue
            if not leaves:
                missing.append(one)
            elif one.range.first == one.range.last:
                self.differing.append(one.range.first)
                others.append(Difference(DifferenceKind.DIFFERING, one.range, one.count, one.root))
            else:
                if len(asked) < PARTS_ASKED:
                    asked += parts_of(one.range)
                others.append(Difference(DifferenceKind.UNSETTLED, one.range, one.count, one.root))
        self.missing += [one.range for one in missing]
        if stated:
            compared = tuple(one.range for one in stated)
            whole = SequenceRange(min(one.first for one in compared), max(one.last for one in compared))
            differences = (*joined(missing), *others)
            came = Comparison(sender, Direction.RECEIVED, at, whole, 1, compared=compared, differences=differences)
            await work.reconciliation_report.note(came)
        return asked[:PARTS_ASKED]

    def tell(self, sender: InstitutionId, node: ExchangeNode) -> None:
        """Tell the observer; after the commit, for before it nothing of this has happened."""
        if self.sent_again:
            node.observer.happened("consignments_sent_again", recipient=sender, count=self.sent_again)
        if self.asked_too_often:
            node.observer.happened("asked_too_often", sender=sender, code=RESEND_TYPE)
        if self.missing:
            count = sum(one.last - one.first + 1 for one in self.missing)
            node.observer.happened("messages_missing", sender=sender, count=count, code=_DIFFERS)
        if self.void:
            node.observer.happened("numbers_void", sender=sender, count=self.void)
        tell_contradictions(sender, self.contradicted, node)
        for number in self.differing:
            node.observer.happened("message_differs", sender=sender, sequence=number, code=_DIFFERS)


async def ask_for_gaps(node: ExchangeNode) -> int:
    """Ask each sender for what has been missing for a quarter of an hour; return how many were asked.

    It is asked again after an hour, then after twice as long each time, a day at most. What is missing for a day is set
    aside besides: a person who rejects that entry gives it up.
    """
    now = node.clock.now()
    told: list[tuple[str, InstitutionId, int]] = []
    async with node.unit_of_work() as work:
        for known in await work.gaps.due(now=now):
            watch = await _unless_given_up(known, work)
            came = await work.gaps.arrivals(watch.sender, after=watch.complete_seq, limit=RESEND_RANGES)
            stands, is_time = watched(watch, came, now=now)
            if watch.aside is not None and stands.aside is None:
                await work.desk.close_entry(watch.aside, QuarantineState.APPLIED, at=now, by="")
            if is_time:
                requests = resend_requests(watch.sender, came.missing, node.new_id)
                await post(requests, outbox=work.outbox, me=node.me, at=now)
                told.append(("gap_asked_for", watch.sender, stands.complete_seq + 1))
            if is_time and stands.stays(now=now):
                stands = replace(stands, aside=await _set_aside(came.missing[0], watch.sender, node, work))
                told.append(("gap_stays", watch.sender, stands.complete_seq + 1))
            await work.gaps.save(stands)
    for event, sender, first in told:
        node.observer.happened(event, sender=sender, sequence=first, code=GAP)
    return sum(event == "gap_asked_for" for event, _, _ in told)


async def _unless_given_up(watch: StreamWatch, work: ExchangeWork) -> StreamWatch:
    """How a stream stands, behind the gap that a person has given up."""
    entry = await work.desk.find(watch.aside) if watch.aside else None
    if entry is None or entry.state is not QuarantineState.REJECTED:
        return watch
    return StreamWatch(watch.sender, decode_resend(entry.value)[0].last)


async def _set_aside(gap: SequenceRange, sender: InstitutionId, node: ExchangeNode, work: ExchangeWork) -> UUID:
    """Show a gap among what was set aside; the id of its entry."""
    entry = QuarantineEntry(
        entry_id=node.new_id(),
        reason_code=GAP,
        reason=f"Messages {gap.first} to {gap.last} of its stream have not come, though they were asked for.",
        topic=f"{inbox_topic(node.me)} from {sender}",
        partition=0,
        offset=gap.first,
        value=encode_resend([gap]),
        set_aside_at=node.clock.now(),
        sender=sender,
    )
    await work.quarantine.add([entry])
    return entry.entry_id


async def reconcile(node: ExchangeNode, *, every: timedelta = RECONCILE_EVERY) -> int:
    """Say to each recipient, once in `every`, what it was sent; return to how many.

    What was sent in the last quarter of an hour may be on its way and is left to the next round. Each message is
    told of in two rounds, so a round that is lost leaves nothing out.
    """
    now = node.clock.now()
    told = 0
    async with node.unit_of_work() as work:
        for one in await work.reconciliations.due(now=now, sent_before=now - GAP_AGE):
            messages = await _round(one, work, node.new_id)
            await post(messages, outbox=work.outbox, me=node.me, at=now)
            await work.reconciliations.done(one, next_at=now + every)
            if messages:
                whole = SequenceRange(one.first_seq, one.last_seq)
                sent = Comparison(one.recipient, Direction.SENT, now, whole, len(messages))
                await work.reconciliation_report.note(sent)
                told += 1
    if told:
        node.observer.happened("streams_reconciled", count=told)
    return told


async def repair_once(node: ExchangeNode, *, reconcile_every: timedelta = RECONCILE_EVERY) -> int:
    """Ask for gaps and reconcile what is due; return how many partners were written to."""
    return await ask_for_gaps(node) + await reconcile(node, every=reconcile_every)


async def run_repair(node: ExchangeNode, *, every: timedelta = EVERY) -> None:
    """Repair every minute until cancelled; a fault of the store that may pass is waited out."""
    while True:
        try:
            await repair_once(node)
        except GatewayError as error:
            if not error.retryable:
                raise
            await asyncio.sleep(PAUSE_AFTER_FAULT.total_seconds())
            continue
        await asyncio.sleep(every.total_seconds())


async def _round(one: DigestRound, work: ExchangeWork, new_id: NewId) -> Sequence[OutgoingMessage]:
    if one.last_seq < one.first_seq:
        return []
    whole = SequenceRange(one.first_seq, one.last_seq)
    # Before the digests, so that its recipient can account for a number before it compares.
    digests = [*digests_of_voids(await work.voids_sent.among(one.recipient, [whole], limit=VOIDS_AT_ONCE))]
    for block in spans(whole, DIGEST_SPAN):
        stated = [await _digest_sent(part, one.recipient, work.digests) for part in parts_of(block)]
        digests.append(StreamDigest(stated=tuple(stated)))
    return [digest_message(one.recipient, digest, new_id) for digest in digests]


async def _digest_sent(span: SequenceRange, recipient: InstitutionId, digests: Digests) -> RangeDigest:
    return digest_of(span, await digests.sent(recipient, span))
