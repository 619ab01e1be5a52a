"""Schedules in which cases are erased at their senders while messages wait to be sent, or wait for their receipt.

Days of repair follow. Then no recipient lacks a number, what follows in an erased case has had its effect, and no
number is void whose message was there when it was said.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from portability.services.exchange.mapping.repair import decode_digest
from portability.services.exchange.model.messages import DIGEST_TYPE
from portability.services.exchange.model.statuses import ReceiptStatus
from portability.services.exchange.model.voids import VoidNumber
from tests.simulation.afterwards import LongSchedule, outcome_of
from tests.simulation.node import Node
from tests.simulation.schedule import Outcome

__all__ = ["ErasingSchedule", "run_with_erasures"]

LIKELY = 0.3
AT_MOST = 0.5  # seconds until a case is erased: about as long as a message and its receipt take


def run_with_erasures(seed: int) -> Outcome:
    """Run the schedule of a seed with erasures in it, and the days after it."""
    return outcome_of(seed, ErasingSchedule(seed, tracing=False))


class ErasingSchedule(LongSchedule):
    """Whoever has submitted a message may find that its case is erased at once, or while its receipt is on its way."""

    # In steps of hours: a gap that first shows in these days is asked for more than once before it stays for a day.
    days = (timedelta(hours=8),) * 10

    def __init__(self, seed: int, *, tracing: bool) -> None:
        super().__init__(seed, tracing=tracing)
        # Nobody lies, and times can be compared.
        self.faults = replace(self.faults, liars=0, jumps=0)

    def run(self) -> None:
        """The days, and what was said of void numbers in them."""
        super().run()
        for sender in self.nodes.values():
            for recipient in self.nodes.values():
                if sender is not recipient:
                    self._judge_voids(sender, recipient)

    def _compare(self, when: str, *, whole: bool) -> None:
        # Each answer may be the first to show that one more is missing: there is no telling after how many hours.
        if whole:
            super()._compare(when, whole=whole)

    def _may_lie_still(self) -> bool:
        return True

    def _open(self) -> list[str]:
        return [key for key in super()._open() if key not in self.accepted or not self._has_expired(key)]

    def _has_expired(self, key: str) -> bool:
        outcome = self.nodes[self.senders[key]].store._state.outcomes.get(self.accepted[key][1].message_id)
        return outcome is not None and outcome.status is ReceiptStatus.EXPIRED

    async def _client(self, key: str, sender: str, recipient: str, case_id: UUID) -> None:
        await super()._client(key, sender, recipient, case_id)
        if self.chance(LIKELY):
            await self.nodes[sender].erase(case_id)
        elif self.chance(LIKELY):
            await asyncio.sleep(self.dice.random() * AT_MOST)
            await self.nodes[sender].erase(case_id)

    def _judge_voids(self, sender: Node, recipient: Node) -> None:
        state = recipient.store._state
        came = {
            one.message.stream_seq: one.message.received_at
            for one in state.inbox.values()
            if one.message.sender == sender.name
        }
        for (name, number), row in state.voids.items():
            if name != sender.name:
                continue
            if number in came and came[number] <= row.said_at:
                self.broken(f"{recipient.name} takes {number} of {name} for void, which it has")
        for one in state.inbox.values():
            if one.message.sender == sender.name and one.message.type == DIGEST_TYPE:
                self._judge_said(sender, decode_digest(one.message.record).void)

    def _judge_said(self, sender: Node, voids: Sequence[VoidNumber]) -> None:
        for void in voids:
            if void.message_id not in self.erased:
                self.broken(f"{sender.name} says that {void.stream_seq} is void, which it has not erased")
