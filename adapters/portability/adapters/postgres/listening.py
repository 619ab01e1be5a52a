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
SOON_SECONDS = 0.2
SOON = "soon"
OUTBOX_CHANNEL = "portability_outbox"


class Listener:
    """Listens to one channel from the first wait on; `close` ends it.

    What is notified as SOON ends a wait a fifth of a second later, with all that has come meanwhile.
    """

    def __init__(self, database: Database, channel: str) -> None:
        self._database = database
        self._channel = channel
        self._notified = asyncio.Event()
        self._later: asyncio.TimerHandle | None = None
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def forget(self) -> None:
        """Let only what is notified from now on end a wait."""
        self._notified.clear()
        if self._later is not None:
            self._later.cancel()
            self._later = None

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
                    async for one in connection.notifies(timeout=TURN_SECONDS):
                        self._heard(one.payload)
        except (psycopg.Error, GatewayError):
            return

    def _heard(self, payload: str) -> None:
        if payload != SOON:
            self._notified.set()
        elif self._later is None:
            self._later = asyncio.get_running_loop().call_later(SOON_SECONDS, self._notified.set)


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


async def notify_outbox(connection: Connection, *, soon: bool = False) -> None:
    """Wake the relay once the caller's transaction commits; `soon`: for what may wait for others to go with it."""
    await connection.execute("SELECT pg_notify(%s, %s)", (OUTBOX_CHANNEL, SOON if soon else ""))
