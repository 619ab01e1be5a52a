"""Letting lanes try again whose next message builds on what was not here: another process may have taken it in."""

from collections.abc import Collection
from datetime import datetime

from portability.services.exchange.business_status import status_messages
from portability.services.exchange.model.messages import Lane
from portability.services.exchange.model.set_aside import QuarantineState
from portability.services.exchange.node import ExchangeNode, inbox_topic
from portability.services.exchange.outgoing import post
from portability.services.exchange.ports.work import ExchangeWork, MessageEffects
from portability.services.exchange.setting_aside import SettingAside
from portability.services.exchange.taking_effect import TakingEffect

__all__ = ["settle_lanes", "try_again"]


async def try_again(node: ExchangeNode, effects: MessageEffects, lanes: Collection[Lane]) -> int:
    """Let what is next in these lanes take effect where it can now, in a transaction of its own; return how much did.

    What waits still goes on waiting. What fails is set aside, and the senders are told, as when it arrives.
    """
    at = node.clock.now()
    async with node.unit_of_work() as work:
        effect = await TakingEffect.of(dict.fromkeys(lanes, ()), work, effects, at=at)
        await settle_lanes(effect, node, work, at=at)
    return len(effect.outcomes) - len(effect.parked)


async def settle_lanes(effect: TakingEffect, node: ExchangeNode, work: ExchangeWork, *, at: datetime) -> None:
    """Let what is next in the lanes in hand take effect; set aside what fails, and tell the senders."""
    aside = SettingAside(node.new_id, at=at)
    await effect.run([], work)
    for outcome in effect.parked:
        if held := await work.inbox.find(*outcome.message.key):
            aside.held(held, code=outcome.code, reason=outcome.reason, topic=inbox_topic(node.me))
    await work.quarantine.add(aside.messages)
    await work.desk.close(effect.replaced, QuarantineState.REPLACED, at=at, by="")
    decided = [*effect.decided, *await effect.tell_replaced(work)]
    await post(status_messages(decided, new_id=node.new_id, at=at), outbox=work.outbox, me=node.me, at=at)
