"""Waking up when something happens in PostgreSQL: LISTEN on one channel, for the stream's readers and the relay.

A notification only saves time: whoever waits looks again after a while in case one was missed.
"""

import asyncio
from datetime import timedelta

import psycopg

from portability.adapters.postgres.database import Connection, Database
from portability.agreements.errors import GatewayError

__all__ = ["Listener", "PostgresOutboxSignal", "notify_outbox"]

TURN_SECONDS = 0.25
OUTBOX_CHANNEL = "portability_outbox"


class Listener:
    """Listens to one channel from the first wait on; `close` ends it."""

    def __init__(self, database: Database, channel: str) -> None:
        self._database = database
        self._channel = channel
        self._notified = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def forget(self) -> None:
        """Let only what is notified from now on end a wait."""
        self._notified.clear()

    async def wait(self, *, at_most: timedelta) -> None:
        """Return when the channel was notified since `forget`, or after `at_most`."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen(), name=f"listen-{self._channel}")
        try:
            async with asyncio.timeout(at_most.total_seconds()):
                await self._notified.wait()
        except TimeoutError:
            return

    async def close(self) -> None:
        """Stop listening; takes up to a quarter of a second."""
        self._closing = True
        if self._task is not None:
            await self._task

    async def _listen(self) -> None:
        """A lost connection ends the task, and the next wait starts another."""
        try:
            async with self._database.session() as connection:
                await connection.execute("LISTEN " + self._channel)
                while not self._closing:
                    # In short turns: a driver that is cancelled while it waits takes seconds to let go.
                    async for _ in connection.notifies(timeout=TURN_SECONDS):
                        self._notified.set()
        except (psycopg.Error, GatewayError):
            return


class PostgresOutboxSignal:
    """The port `OutboxSignal`: wakes the relay of any process of the node when an outbox row has been committed."""

    def __init__(self, database: Database) -> None:
        self._listener = Listener(database, OUTBOX_CHANNEL)

    async def wait(self, *, at_most: timedelta) -> None:
        """Return when something was submitted since the last call, or after `at_most`."""
        await self._listener.wait(at_most=at_most)
        self._listener.forget()

    async def close(self) -> None:
        """Stop listening."""
        await self._listener.close()


async def notify_outbox(connection: Connection) -> None:
    """Wake the relay once the caller's transaction commits."""
    await connection.execute("SELECT pg_notify(%s, '')", (OUTBOX_CHANNEL,))
