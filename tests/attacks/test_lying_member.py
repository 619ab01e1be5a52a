"""What a member signs rightly and says wrongly never stops a node on real PostgreSQL, nor holds up what is true."""

import os
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest

from portability.adapters.clock.fake import ManualClock, counting_ids
from portability.adapters.keys.trust import DirectoryTrust
from portability.adapters.memory.stream import MemoryStream
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.exchange_work import exchange_unit_of_work
from portability.services.exchange.consumer import consume_once
from portability.services.exchange.handlers import submit
from portability.services.exchange.model.messages import ReceivedMessage
from portability.services.exchange.node import ExchangeNode, inbox_topic
from portability.services.exchange.ports.work import ExchangeWork
from portability.services.exchange.relay import relay_once
from portability.services.exchange.repair import repair_once
from portability.services.exchange.voids import look_after_voids
from tests.at_rest import at_rest_on
from tests.attacks.lying_member import LyingMember
from tests.services.exchange.exchange_world import message_to
from tests.simulation.crypto import START, SimulatedKeyRing, cheap_primitives, directory_of

LIAR, HONEST, ME = "xx-liar", "de-drv", "it-inps"
BUNDLES = int(os.environ.get("PORTABILITY_LIES", "750"))
SEED = int(os.environ.get("PORTABILITY_LIES_SEED", "1"))
AT_ONCE = 5
NO_WAIT = timedelta(0)


class Remembered:
    """Effects are remembered; none fails."""

    def __init__(self) -> None:
        self.applied: list[UUID] = []

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> None:
        self.applied.append(message.message_id)


class Nodes:
    """The node that is lied to and an honest one, each on a database of its own, on one stream."""

    def __init__(self, databases: dict[str, Database], at_rest: dict) -> None:
        self.rings = {name: SimulatedKeyRing(name) for name in (LIAR, HONEST, ME)}
        self.clock = ManualClock(START)
        self.stream = MemoryStream()
        directory = directory_of(self.rings)
        self.trust = DirectoryTrust(lambda: directory, clock=self.clock)
        self.databases = databases
        new_id = counting_ids()
        self.nodes = {
            name: ExchangeNode(
                me=name,
                process=new_id(),
                unit_of_work=exchange_unit_of_work(database, at_rest[name]),
                stream=self.stream,
                keys=self.rings[name],
                trust=self.trust,
                clock=self.clock,
                new_id=new_id,
            )
            for name, database in databases.items()
        }

    async def send(self, sender: str, recipient: str, number: int) -> UUID:
        message = message_to(recipient, number, case_id=UUID(int=number))
        node = self.nodes[sender]
        async with node.unit_of_work() as work:
            await submit(message, me=sender, outbox=work.outbox, recipients=self.trust, clock=self.clock)
        return message.message_id


@pytest.fixture
async def nodes(new_database: Callable[[], str]) -> AsyncIterator[Nodes]:
    databases = {name: await Database.open(new_database()) for name in (HONEST, ME)}
    yield Nodes(databases, {name: await at_rest_on(database) for name, database in databases.items()})
    for database in databases.values():
        await database.close()


async def test_whatever_a_member_says_the_node_goes_on_and_others_are_heard(nodes: Nodes) -> None:
    liar = LyingMember(LIAR, nodes.rings[LIAR], ME, nodes.trust.encryption_key(ME, START), Random(SEED))  # noqa: S311
    me, effects, true = nodes.nodes[ME], Remembered(), []
    with cheap_primitives():
        for number in range(1, 4):
            await nodes.send(ME, LIAR, number)
        async with nodes.databases[ME].transaction() as connection:
            found = await connection.execute("SELECT message_id, leaf_hash FROM outbox")
            liar.known = [(row[0], bytes(row[1])) async for row in found]
        for turn in range(BUNDLES // AT_ONCE):
            nodes.clock.advance(timedelta(seconds=1))
            lies = [(LIAR.encode(), liar.bundle(at=nodes.clock.now())) for _ in range(AT_ONCE)]
            await nodes.stream.append(inbox_topic(ME), lies)
            if turn % 10 == 0:
                true.append(await nodes.send(HONEST, ME, 1000 + turn))
                await relay_once(nodes.nodes[HONEST])
            while await consume_once(me, effects, wait=NO_WAIT):
                pass
            await relay_once(me)
            if turn % 50 == 0:
                nodes.clock.advance(timedelta(hours=1))
                await repair_once(me)
                await look_after_voids(me, effects)
    assert set(true) <= set(effects.applied)
    assert len(effects.applied) == len(set(effects.applied))
