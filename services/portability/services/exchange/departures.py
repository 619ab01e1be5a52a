"""Leaving at once: what is submitted is sealed in the transaction that makes it durable, and goes out as it commits.

Only where nothing waits before it, and in one bundle; everything else is the relay's, and so is whatever does not get
through from here: a bundle in a committed transaction is due to the relay after IN_HAND, whoever had it in hand.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from portability.agreements.errors import GatewayError
from portability.services.exchange.dispatch import (
    Ready,
    fits_one_bundle,
    keep_bundle,
    note_sent,
    put_on_stream,
    seal_for,
)
from portability.services.exchange.model.sending import OutboxMessage, SealedBundle, Turns
from portability.services.exchange.node import ExchangeNode
from portability.services.exchange.ports.work import ExchangeWork

__all__ = ["IN_LINE", "NOTED_TOGETHER", "Departures"]

IN_LINE: Final = (
    8  # bundles that wait for the stream; what comes then is the relay's, which reads no more than it sends
)
NOTED_TOGETHER: Final = timedelta(milliseconds=50)
"""Far below IN_HAND: so long the note that the stream has a bundle may wait for others to share its transaction."""


class Departures:
    """Bundles of one process on their way to the stream, one after the other; `run` sends them."""

    def __init__(self, node: ExchangeNode) -> None:
        self._node = node
        self._in_line: list[Ready] = []
        self._come = asyncio.Event()
        self._gone: list[tuple[Ready, bool]] = []  # and whether the stream has acknowledged it
        self._to_note = asyncio.Event()
        self._runs = False

    @property
    def has_room(self) -> bool:
        """Whether what is put now may leave from here; what may not leaves its sealing to the relay."""
        return self._runs and len(self._in_line) < IN_LINE

    async def put(self, messages: Sequence[OutboxMessage], turns: Turns, work: ExchangeWork) -> Ready | None:
        """Put messages for one recipient into the outbox, whose turn the caller holds; sealed, where that may be.

        What is returned is for `leave`, once the transaction has committed.
        """
        if not _may_leave(messages, turns):
            await work.outbox.add(messages)
            return None
        # Beside the insert, which it does not depend on. Where it fails, the relay finds them within a second.
        sealing = asyncio.create_task(self._seal(messages))
        async with work.together():
            await work.outbox.add(messages, wakes=False)
            bundle = await sealing
            if bundle is None:
                return None
            await keep_bundle(bundle, work)
        return Ready((bundle.recipient, bundle.first_seq), 0, bundle.value)

    def leave(self, bundle: Ready) -> None:
        """Have a bundle sent that is durable."""
        self._in_line.append(bundle)
        self._come.set()

    async def run(self) -> None:
        """Send until cancelled. Before and after, all that is put is left to the relay."""
        self._runs = True
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._send())
                tasks.create_task(self._note())
        finally:
            self._runs = False

    async def _seal(self, messages: Sequence[OutboxMessage]) -> SealedBundle | None:
        try:
            return await seal_for(messages[0].recipient, [one.sealable for one in messages], self._node)
        except GatewayError:
            return None  # a key device out of reach keeps nobody from submitting: the relay waits for it

    async def _send(self) -> None:
        while True:
            await self._come.wait()
            self._come.clear()
            going, self._in_line = self._in_line, []
            acknowledged, _ = await put_on_stream(going, self._node)
            there = {one.key for one in acknowledged}
            self._gone += [(one, one.key in there) for one in going]
            self._to_note.set()

    async def _note(self) -> None:
        while True:
            await self._to_note.wait()
            await asyncio.sleep(NOTED_TOGETHER.total_seconds())
            self._to_note.clear()
            gone, self._gone = self._gone, []
            try:
                await note_sent(
                    self._node, [one for one, _ in gone], acknowledged={one.key for one, is_there in gone if is_there}
                )
            except GatewayError as error:
                if not error.retryable:
                    raise
                # Not noted: it goes out again after IN_HAND, and its recipient knows it.


def _may_leave(messages: Sequence[OutboxMessage], turns: Turns) -> bool:
    """Whether nothing before messages waits to be sealed, the caller may seal them, and one bundle holds them."""
    if not messages or not fits_one_bundle([one.sealable for one in messages]):
        return False
    return turns.bundled_seqs.get(messages[0].recipient) == messages[0].sealable.stream_seq - 1
