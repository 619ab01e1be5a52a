"""FeedService over gRPC: from a token on, and then what comes."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from portability.api.feed.v1 import feed_pb2 as pb
from portability.api.feed.v1 import feed_pb2_grpc
from portability.services.feed.mapping import read_token, write_change
from portability.services.feed.ports import ChangeUnitOfWork

__all__ = ["FeedServicer"]

AT_ONCE = 200


class FeedServicer(feed_pb2_grpc.FeedServiceServicer):
    """`look_again`: how long after the last event the store is looked at again."""

    def __init__(self, unit_of_work: ChangeUnitOfWork, *, look_again: timedelta = timedelta(seconds=1)) -> None:
        self._unit_of_work = unit_of_work
        self._look_again = look_again

    async def WatchChanges(
        self, request: pb.WatchChangesRequest, context: Any
    ) -> AsyncIterator[pb.WatchChangesResponse]:
        number = read_token(request)
        while True:
            async with self._unit_of_work(True) as book:
                await book.number()
            async with self._unit_of_work(False) as book:
                changes = await book.after(number, limit=AT_ONCE)
            for change in changes:
                yield write_change(change)
                number = change.number
            if len(changes) < AT_ONCE:
                await asyncio.sleep(self._look_again.total_seconds())
