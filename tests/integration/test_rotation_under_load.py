"""Keys of every kind change on two whole nodes while messages flow: none fails, and no retired key gets in (T55).

PORTABILITY_ROTATIONS=1000 pytest -s tests/integration/test_rotation_under_load.py runs as many as named.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import cycle
from pathlib import Path
from uuid import UUID

import psycopg

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.exchange_work import PostgresExchangeWork
from portability.adapters.postgres.stream import PostgresStream
from portability.api.exchange.v1 import exchange_pb2, exchange_pb2_grpc
from portability.app.bootstrap import open_node
from portability.app.node import Node
from portability.app.rpc.client import open_channel
from portability.services.access import Role
from portability.services.exchange.model.messages import ReceivedMessage
from portability.services.exchange.ports.work import ExchangeWork
from tests.integration.pair import BY_STATUS
from tests.integration.rotating_nodes import NAMES, ROTATIONS_IN_A_TURN, RotatingNodes
from tests.integration.witnessed_nodes import settings_of

ROTATIONS = int(os.environ.get("PORTABILITY_ROTATIONS", "30"))
CLIENTS = 2  # of each node
CALLS = 25  # on one connection; then a client connects anew
PAUSE_SECONDS = 0.05
REVOKED_EACH = 5  # turns; what is caught by it waits for its repeat
SETTLED_SECONDS = 420  # the first repeat comes after one minute, the second after five more


class Applied:
    """The effect of a message: a row in the transaction that takes it in."""

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> None:
        assert isinstance(work, PostgresExchangeWork)
        await work.connection.execute("INSERT INTO applied VALUES (%s)", (message.message_id,))


@asynccontextmanager
async def running(
    folder: Path, world: RotatingNodes, urls: dict[str, str], stream_url: str
) -> AsyncIterator[dict[str, Node]]:
    """Both nodes, serving."""
    async with AsyncExitStack() as opened:
        stream = await PostgresStream.open(stream_url)
        opened.push_async_callback(stream.close)
        for name in NAMES:
            node = await opened.enter_async_context(open_node(settings_of(folder, name, urls[name]), stream=stream))
            node.effects = Applied()  # type: ignore[assignment]  # the port is the same
            world.nodes[name] = node
        serving = await opened.enter_async_context(asyncio.TaskGroup())
        tasks = [serving.create_task(node.run()) for node in world.nodes.values()]
        for node in world.nodes.values():
            await node.started.wait()
        yield world.nodes
        for task in tasks:
            task.cancel()


async def client(node: Node, recipient: str, stop: asyncio.Event) -> list[UUID]:
    """A system of the institution that submits, and connects anew now and then; any error is the test's."""
    sent: list[UUID] = []
    while not stop.is_set():
        files = node.tls.caller(Role.SYSTEM, "pensions")
        async with open_channel(f"localhost:{node.port}", files) as channel:
            stub = exchange_pb2_grpc.ExchangeServiceStub(channel)
            for _ in range(CALLS):
                request = exchange_pb2.SubmitMessageRequest(
                    request_id=str(time_ordered_id()),
                    recipient=recipient,
                    case_id=str(time_ordered_id()),
                    type="record.note",
                    schema_version=1,
                    record=b"a note",
                    purpose="administrative-cooperation",
                )
                sent.append(UUID((await stub.SubmitMessage(request)).message_id))
                await asyncio.sleep(PAUSE_SECONDS)
    return sent


async def rows(url: str, query: str) -> list[tuple]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        return await (await connection.execute(query)).fetchall()  # type: ignore[arg-type]  # one of ours


async def settled(url: str, count: int) -> None:
    """Wait until the node holds a receipt for all that it has sent."""
    async with asyncio.timeout(SETTLED_SECONDS):
        while dict(await rows(url, BY_STATUS)).get("delivered", 0) < count:  # noqa: ASYNC110 - the node does it
            await asyncio.sleep(0.2)


async def test_keys_of_every_kind_change_under_load_and_no_message_fails(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    world = RotatingNodes(tmp_path)
    await world.prepare()
    urls = {name: new_database() for name in NAMES}
    for url in urls.values():
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE applied (message_id uuid NOT NULL)")
            connection.execute("GRANT INSERT ON applied TO public")
    began = time.monotonic()
    async with running(tmp_path, world, urls, new_database()) as nodes:
        stop, sent = asyncio.Event(), {}
        async with asyncio.TaskGroup() as load:
            pairs = dict(zip(NAMES, reversed(NAMES), strict=True))
            clients = {
                name: [load.create_task(client(nodes[name], recipient, stop)) for _ in range(CLIENTS)]
                for name, recipient in pairs.items()
            }
            for turn, name in zip(range(-(-ROTATIONS // ROTATIONS_IN_A_TURN)), cycle(NAMES), strict=False):
                await world.turn(revoked=name if turn % REVOKED_EACH == REVOKED_EACH - 1 else "")
            stop.set()
        for name, tasks in clients.items():
            sent[name] = [message_id for task in tasks for message_id in task.result()]
            await settled(urls[name], len(sent[name]))
        took = time.monotonic() - began
    assert world.rotations >= ROTATIONS
    for name, recipient in pairs.items():
        stood = {status: count for status, count in await rows(urls[name], BY_STATUS) if status != "relayed"}
        assert stood == {"delivered": len(sent[name])}
        applied = [message_id for (message_id,) in await rows(urls[recipient], "SELECT message_id FROM applied")]
        assert sorted(applied) == sorted(sent[name])
        taken_in = {one for (one,) in await rows(urls[recipient], "SELECT message_id FROM inbox")}
        assert not taken_in & set(world.forged[recipient])
        refused = await rows(urls[recipient], "SELECT reason_code FROM quarantine")
        assert len(refused) >= len(world.forged[recipient])
    print(f"{world.rotations} rotations, {sum(map(len, sent.values()))} messages, 0 failed, {took:.0f} s")
