"""Void numbers: a sender says which of its numbers nothing will come under; their recipient accounts for the gap.

A void number is never shown as delivered. The place that it leaves in its case is passed, so that what waits behind it
has its turn. One that contradicts what its recipient holds changes nothing and is an alarm.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from portability.agreements.errors import GatewayError
from portability.services.exchange.business_status import status_messages
from portability.services.exchange.giving_up import refuse_what_came_late
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.set_aside import QuarantineState
from portability.services.exchange.model.voids import VoidNumber, lane_of_void
from portability.services.exchange.node import ExchangeNode, inbox_topic
from portability.services.exchange.outgoing import post
from portability.services.exchange.ports.work import ExchangeWork, MessageEffects
from portability.services.exchange.setting_aside import SettingAside
from portability.services.exchange.streams import DIGEST_ENTRIES, StreamDigest
from portability.services.exchange.taking_effect import KEPT_AS, TakingEffect

__all__ = ["VOID", "VOIDS_AT_ONCE", "digests_of_voids", "look_after_voids", "run_voids", "tell_contradictions"]

VOIDS_AT_ONCE: Final = DIGEST_ENTRIES
"""Void numbers said in one answer, the lowest first; whoever lacks more asks again."""
VOID: Final = "VOID_CONTRADICTED"
EVERY: Final = timedelta(minutes=1)
LANES_AT_ONCE: Final = 100
LOOKED_AT_ONCE: Final = 1000
"""Void numbers looked at in a round, for what came under them: a million have their turn in a day."""
PAUSE_AFTER_FAULT: Final = timedelta(seconds=1)


def digests_of_voids(voids: Sequence[VoidNumber]) -> Sequence[StreamDigest]:
    """What to say of void numbers: one digest for each case, so that it can be shown without telling of another."""
    by_case = defaultdict(list)
    for one in voids:
        by_case[one.case_id].append(one)
    return [StreamDigest(void=tuple(some)) for some in by_case.values()]


def tell_contradictions(sender: InstitutionId, numbers: Sequence[int], node: ExchangeNode) -> None:
    """Raise an alarm for each number that its sender calls void and that we hold a message for."""
    for number in numbers:
        node.observer.happened("void_contradicted", sender=sender, sequence=number, code=VOID)


async def look_after_voids(node: ExchangeNode, effects: MessageEffects) -> int:
    """Let lanes pass void numbers, notice what came under one, and refuse what came under one that was given up.

    Return how many were passed.
    """
    await refuse_what_came_late(node)
    async with node.unit_of_work() as work:
        belied = await work.voids_received.belied(limit=LOOKED_AT_ONCE, at=node.clock.now())
    for sender, number in belied:
        tell_contradictions(sender, [number], node)
    passed = 0
    while now := await _pass(node, effects):
        passed += now
    return passed


async def _pass(node: ExchangeNode, effects: MessageEffects) -> int:
    """Pass the next void number of each lane in which something waits for it, in one transaction."""
    at = node.clock.now()
    async with node.unit_of_work() as work:
        found = await work.voids_received.in_the_way(limit=LANES_AT_ONCE)
        lanes = {lane_of_void(sender, one): (one.case_seq,) for sender, one in found}
        effect = await TakingEffect.of(lanes, work, effects, at=at)
        for sender, one in found:
            effect.lane(lane_of_void(sender, one)).refuse(one.message_id, case_seq=one.case_seq, at=at)
        await _settle(effect, node, work, at=at)
    return len(found)


async def _settle(effect: TakingEffect, node: ExchangeNode, work: ExchangeWork, *, at: datetime) -> None:
    """Let what is next in the lanes in hand take effect; set aside what fails, and tell the senders."""
    aside = SettingAside(node.new_id, at=at)
    await effect.run([], work)
    for outcome in (*effect.parked, *effect.rejected):
        if held := await work.inbox.find(*outcome.message.key):
            topic, state = inbox_topic(node.me), KEPT_AS[outcome.status]
            aside.held(held, code=outcome.code, reason=outcome.reason, topic=topic, state=state)
    await work.quarantine.add(aside.messages)
    await work.desk.close(effect.replaced, QuarantineState.REPLACED, at=at, by="")
    decided = [*effect.decided, *await effect.tell_replaced(work)]
    await post(status_messages(decided, new_id=node.new_id, at=at), outbox=work.outbox, me=node.me, at=at)


async def run_voids(node: ExchangeNode, effects: MessageEffects, *, every: timedelta = EVERY) -> None:
    """Look after void numbers every minute until cancelled; a fault of the store that may pass is waited out."""
    while True:
        wait = every
        try:
            await look_after_voids(node, effects)
        except GatewayError as error:
            if not error.retryable:
                raise
            wait = PAUSE_AFTER_FAULT
        await asyncio.sleep(wait.total_seconds())
