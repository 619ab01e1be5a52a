"""Publishing the feed: what was committed is numbered and sent; what could not be sent is sent again."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta

from portability.agreements.errors import GatewayError
from portability.services.feed.ports import ChangeTopic, ChangeUnitOfWork, OldChanges

__all__ = ["forget_changes", "publish_changes", "run_feed"]

AT_ONCE = 500
LOOK_AGAIN = timedelta(seconds=0.5)
AFTER_TROUBLE = timedelta(seconds=2)


async def publish_changes(*, unit_of_work: ChangeUnitOfWork, topic: ChangeTopic) -> int:
    """Number and send what there is, at most 500; how many were sent."""
    async with unit_of_work(True) as book:
        await book.number()
    async with unit_of_work(True) as book:
        return await book.publish(limit=AT_ONCE, send=topic)


async def forget_changes(
    *, work: Callable[[], AbstractAsyncContextManager[OldChanges]], before: datetime, published: bool
) -> int:
    """Delete what was kept long enough, part by part, each in a transaction of its own; how many."""
    total = 0
    while True:
        async with work() as changes:
            gone = await changes.forget(before=before, published=published)
        if not gone:
            return total
        total += gone


async def run_feed(*, unit_of_work: ChangeUnitOfWork, topic: ChangeTopic) -> None:
    """Publish until cancelled. A store or a broker that is away for a while is waited for."""
    while True:
        try:
            sent = await publish_changes(unit_of_work=unit_of_work, topic=topic)
        except GatewayError as error:
            if not error.retryable:
                raise
            await asyncio.sleep(AFTER_TROUBLE.total_seconds())
            continue
        if sent < AT_ONCE:
            await asyncio.sleep(LOOK_AGAIN.total_seconds())
