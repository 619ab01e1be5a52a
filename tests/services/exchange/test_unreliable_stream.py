"""Three nodes over a stream that loses, repeats and reorders: nothing is lost, nothing has its effect twice."""

from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from exchange_world import INSTITUTIONS, World, message_to

from portability.adapters.memory.stream import MemoryStream, UnreliableStream
from portability.services.exchange.model.statuses import ReceiptStatus

MESSAGES = 120


@pytest.mark.parametrize("seed", range(8))
async def test_everything_arrives_exactly_once(keys: dict, seed: int) -> None:
    stream = UnreliableStream(MemoryStream(), seed=seed, loss=0.4, repeat=0.3, delay=0.3)
    world = World(keys, stream)
    nodes = {name: world.node(name) for name in INSTITUTIONS}
    dice = Random(seed)  # noqa: S311 (a test that can be repeated)
    for number in range(1, MESSAGES + 1):
        sender, recipient = dice.sample(INSTITUTIONS, 2)
        await nodes[sender].submit(message_to(recipient, number))
        if dice.random() < 0.3:
            await _step(nodes, dice)
    # Each day brings at least ten attempts; at 0.4 loss all is through long before sixty.
    for _ in range(60 * 24):
        world.clock.advance(timedelta(hours=1))
        await _step(nodes, dice)
        if not await _unsettled(nodes):
            break
    assert await _unsettled(nodes) == 0
    applied = Counter(one.record for node in nodes.values() for one in node.ledger.applied)
    assert applied == {b"periods of number %d" % number: 1 for number in range(1, MESSAGES + 1)}
    assert [await node.quarantined() for node in nodes.values()] == [[], [], []]


async def _step(nodes: dict, dice: Random) -> None:
    for name in dice.sample(INSTITUTIONS, len(INSTITUTIONS)):
        await nodes[name].relay()
        await nodes[name].consume()


async def _unsettled(nodes: dict) -> int:
    statuses = [entry.status for node in nodes.values() for entry in await node.timeline() if entry.direction == "sent"]
    return sum(status is not ReceiptStatus.DELIVERED for status in statuses)
