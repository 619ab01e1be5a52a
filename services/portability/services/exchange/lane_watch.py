"""An alarm for lanes in which something waits for long: for a person, or for a message that has not come."""

import asyncio
from datetime import timedelta
from typing import Final

from portability.agreements.errors import GatewayError
from portability.services.exchange.node import ExchangeNode

__all__ = ["report_waiting_lanes", "run_lane_watch"]

EVERY: Final = timedelta(hours=1)
AT_MOST: Final = 100
"""Lanes told at a time, those that wait the longest."""


async def report_waiting_lanes(node: ExchangeNode, *, longest: timedelta) -> int:
    """Tell the observer `lane_waits` of each lane in which something waits for longer; return of how many.

    `code` is PARKED where a person has to act and HELD where a message before it is missing.
    """
    async with node.unit_of_work() as work:
        late = await work.lanes.held_since(node.clock.now() - longest, limit=AT_MOST)
    for (sender, case_id), first in late:
        ids = {"sender": sender, "case_id": str(case_id), "message_id": str(first.message_id)}
        node.observer.happened("lane_waits", **ids, code=first.state.name)
    return len(late)


async def run_lane_watch(node: ExchangeNode, *, longest: timedelta, every: timedelta = EVERY) -> None:
    """Report until cancelled; a fault that may pass is waited out."""
    while True:
        try:
            await report_waiting_lanes(node, longest=longest)
        except GatewayError as error:
            if not error.retryable:
                raise
        await asyncio.sleep(every.total_seconds())
