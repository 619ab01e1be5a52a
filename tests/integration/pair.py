"""Two nodes as processes that tests start, kill and start again; what they did is read from their databases."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import psycopg

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.keys.at_rest import AtRest
from portability.adapters.keys.ring import FileKeyRing
from portability.adapters.keys.trust import DirectoryTrust
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.exchange_rows import STANDING, STATUS
from portability.adapters.postgres.exchange_work import exchange_unit_of_work
from portability.services.exchange.handlers import submit_many
from portability.services.exchange.model.messages import OutgoingMessage
from tests.at_rest import at_rest_on
from tests.integration.node_process import READY, NodeSettings, directory_of, message_of

BY_STATUS = f"SELECT {STATUS}, count(*) FROM outbox {STANDING} GROUP BY 1"  # noqa: S608 - constants
ROOT = Path(__file__).parents[2]


class NodeProcess:
    """One node; `kill` is SIGKILL, and `start` after it starts the node on the same database."""

    def __init__(self, settings: NodeSettings, folder: Path) -> None:
        self.settings = settings
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self.kills = 0
        self.answered: set[UUID] = set()  # what was submitted through its door and is durable

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self, **changes: Any) -> None:
        """Start, and wait until it runs."""
        path = replace(self.settings, **changes).save(self._folder / f"{self.settings.me}.json")
        self._process = subprocess.Popen(  # noqa: ASYNC220 - it returns at once
            [sys.executable, "-m", "tests.integration.node_process", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        assert self._process.stdout is not None
        line = await asyncio.to_thread(self._process.stdout.readline)
        assert line.strip() == READY, f"{self.settings.me} did not start; its error is above"
        self._listening = threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True)
        self._listening.start()

    def submit(self, ids: Sequence[UUID]) -> None:
        """Submit through the door of the process, at the same moment; one that is dead does not hear it."""
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(" ".join(map(str, ids)) + "\n")
            self._process.stdin.flush()

    def _listen(self, answers: IO[str]) -> None:
        for line in answers:
            self.answered.add(UUID(line.strip()))

    def kill(self) -> None:
        """SIGKILL, in the middle of whatever it does."""
        if self._process is None:
            return
        assert self._process.poll() is None, f"{self.settings.me} ended by itself"
        self._process.send_signal(signal.SIGKILL)
        self._end()

    @property
    def is_dead(self) -> bool:
        """Whether the process has ended."""
        return self._process is not None and self._process.poll() is not None

    def bury(self) -> None:
        """Let go of a process that has killed itself."""
        assert self._process is not None
        assert self._process.wait() == -signal.SIGKILL, f"{self.settings.me} ended otherwise than by its crash point"
        self._end()

    def _end(self) -> None:
        assert self._process is not None
        self._process.wait()
        self._listening.join()  # what it has answered is read
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        self._process = None
        self.kills += 1


class Pair:
    """A sender and a recipient, each with a database of its own, on one stream."""

    def __init__(
        self, sender: NodeProcess, recipient: NodeProcess, *, outbox: Database, at_rest: AtRest, trust: DirectoryTrust
    ) -> None:
        self.sender, self.recipient = sender, recipient
        self._outbox = outbox
        self._work = exchange_unit_of_work(outbox, at_rest)
        self._trust = trust

    @classmethod
    async def prepare(
        cls, folder: Path, new_database: Callable[[], str], stream_url: str, *, create_topics: bool, **settings: Any
    ) -> "Pair":
        now = SystemClock().now()
        # New names for each pair: what an earlier one left on the broker is not for them.
        mark = time_ordered_id().hex[-10:]
        names = (f"de-{mark}", f"it-{mark}")
        for name in names:
            FileKeyRing.generate(
                folder / "keys" / name, not_before=now - timedelta(days=1), not_after=now + timedelta(days=1)
            )
        nodes: list[NodeProcess] = []
        for name in names:
            url = new_database()
            with psycopg.connect(url) as connection:
                connection.execute("CREATE TABLE applied (message_id uuid NOT NULL)")
            own = NodeSettings(
                name, url, stream_url, str(folder / "keys"), names, create_topics=create_topics, **settings
            )
            nodes.append(NodeProcess(own, folder))
        sender, recipient = nodes
        directory = directory_of(sender.settings, SystemClock())
        outbox = await Database.open(sender.settings.database_url)
        trust = DirectoryTrust(lambda: directory, clock=SystemClock())
        return cls(sender, recipient, outbox=outbox, at_rest=await at_rest_on(outbox), trust=trust)

    async def close(self) -> None:
        for node in (self.sender, self.recipient):
            node.kill()
        await self._outbox.close()

    async def submit(self, count: int, *, size: int = 64, in_a_case: int = 1) -> list[UUID]:
        """Submit messages in one transaction, for the relay; they are durable when this returns."""
        messages = self.messages(count, size=size, in_a_case=in_a_case)
        async with self._work() as work:
            await submit_many(
                messages,
                me=self.sender.settings.me,
                outbox=work.outbox,
                recipients=self._trust,
                clock=SystemClock(),
            )
        return [one.message_id for one in messages]

    def messages(self, count: int, *, size: int, in_a_case: int = 1) -> list[OutgoingMessage]:
        """New messages for the recipient, so many of them in each case."""
        ids = [time_ordered_id() for _ in range(count)]
        to = self.recipient.settings.me
        return [
            message_of(message_id, to, case_id=ids[place - place % in_a_case], size=size)
            for place, message_id in enumerate(ids)
        ]

    async def by_status(self) -> dict[str, int]:
        """How many submitted messages stand where, as the sender knows."""
        async with self._outbox.transaction() as connection:
            rows = await connection.execute(BY_STATUS)
            return {row[0]: row[1] async for row in rows}

    async def applied(self) -> list[UUID]:
        """Ids of messages that had their effect at the recipient; one applied twice is there twice."""
        async with await psycopg.AsyncConnection.connect(self.recipient.settings.database_url) as connection:
            rows = await connection.execute("SELECT message_id FROM applied")
            return [row[0] async for row in rows]

    async def quarantined(self) -> list[tuple[str, str]]:
        """Reasons of what either node has set aside."""
        found: list[tuple[str, str]] = []
        for node in (self.sender, self.recipient):
            async with await psycopg.AsyncConnection.connect(node.settings.database_url) as connection:
                rows = await connection.execute("SELECT reason_code, reason FROM quarantine")
                found += [(row[0], row[1]) async for row in rows]
        return found

    async def wait_for_status(self, status: str, count: int, *, seconds: float = 40) -> None:
        """Wait until at least `count` of the sender's messages stand at `status`."""
        async with asyncio.timeout(seconds):
            while (await self.by_status()).get(status, 0) < count:  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(0.05)

    async def wait_until_receipted(self, *, seconds: float = 60) -> None:
        """Wait until the sender holds a signed receipt for every message submitted so far."""
        async with asyncio.timeout(seconds):
            while await self._open_messages():  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(0.05)

    async def _open_messages(self) -> int:
        async with self._outbox.transaction() as connection:
            rows = await connection.execute(
                "SELECT coalesce(sum(last_seq - unreceipted), 0) - (SELECT coalesce(sum(messages), 0) "
                "FROM exchange_settled) FROM exchange_sequences"
            )
            (waiting,) = await rows.fetchone() or (0,)
            return int(waiting)

    async def wait_until_applied(self, count: int, *, seconds: float = 40) -> int:
        """Wait until `count` effects are in; return how many there are."""
        async with asyncio.timeout(seconds):
            while len(await self.applied()) < count:  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(0.02)
        return len(await self.applied())
