"""The receiving node of G7 in a process of its own: `python -m tests.bench.recipient SETTINGS.json`.

For each message that it has committed it writes a line: its id, and when, by the clock that all processes share.
"""

import asyncio
import sys
import time
from pathlib import Path
from uuid import UUID

import uvloop

from portability.adapters.postgres.listening import PostgresOutboxSignal
from portability.app.garbage import collect_seldom
from portability.services.exchange.consumer import run_consumer
from portability.services.exchange.model.messages import ReceivedMessage
from portability.services.exchange.ports.work import ExchangeWork
from portability.services.exchange.relay import run_relay
from tests.integration.node_process import READY, NodeSettings, node_of


class Committed:
    """As MessageEffects and Observer it sees what is taken in, and its commit."""

    def __init__(self) -> None:
        self._uncommitted: list[UUID] = []

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> None:
        self._uncommitted.append(message.message_id)

    def happened(self, event: str, **ids: str | int) -> None:
        if event == "messages_new":
            now = time.perf_counter()
            sys.stdout.write("".join(f"{message_id} {now}\n" for message_id in self._uncommitted))
            sys.stdout.flush()
            self._uncommitted.clear()


async def run(settings: NodeSettings) -> None:
    committed = Committed()
    node, database = await node_of(settings, observer=committed)
    collect_seldom()
    print(READY, flush=True)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run_relay(node, PostgresOutboxSignal(database)))
        tasks.create_task(run_consumer(node, committed))


if __name__ == "__main__":
    uvloop.run(run(NodeSettings.load(Path(sys.argv[1]))))
