"""A member says of numbers that nothing will come under them, though that is not its to say, or not so."""

from collections.abc import Sequence
from random import Random
from typing import Any
from uuid import UUID

import pytest

from portability.api.exchange.v1 import repair_pb2 as pb
from portability.services.exchange.consumer import consume_once
from portability.services.exchange.model.messages import DIGEST_TYPE
from portability.services.exchange.node import inbox_topic
from portability.services.exchange.relay import relay_once
from portability.services.exchange.repair import ask_for_gaps
from portability.services.exchange.streams import SequenceRange
from portability.services.exchange.voids import look_after_voids
from tests.attacks.lying_member import LyingMember
from tests.attacks.test_lying_member import HONEST, LIAR, ME, NO_WAIT, Nodes, Remembered, nodes
from tests.simulation.crypto import START, cheap_primitives

__all__ = ["nodes"]

Rows = Sequence[tuple[Any, ...]]


def void(number: int, **changes: Any) -> pb.VoidNumber:
    values = {
        "stream_seq": number,
        "message_id": UUID(int=number % 2**64).bytes,
        "leaf_hash": bytes(32),
        "case_id": UUID(int=9).bytes,
        "case_seq": 1,
        "reason": pb.VOID_REASON_ERASED_BEFORE_SENT,
    }
    return pb.VoidNumber(**{**values, **changes})


async def read(nodes: Nodes, query: str) -> Rows:
    async with nodes.databases[ME].transaction(acting="node") as connection:
        return await (await connection.execute(query.encode())).fetchall()


async def hear(nodes: Nodes, record: pb.StreamDigest) -> Remembered:
    """The liar's digest reaches me; what took effect of it."""
    liar = LyingMember(LIAR, nodes.rings[LIAR], ME, nodes.trust.encryption_key(ME, START), Random(1))  # noqa: S311
    effects = Remembered()
    with cheap_primitives():
        said = liar.saying(DIGEST_TYPE, record.SerializeToString(deterministic=True), at=nodes.clock.now())
        await nodes.stream.append(inbox_topic(ME), [(LIAR.encode(), said)])
        while await consume_once(nodes.nodes[ME], effects, wait=NO_WAIT):
            pass
        await look_after_voids(nodes.nodes[ME], effects)
    return effects


async def deliver(nodes: Nodes, *numbers: int) -> list[UUID]:
    """Honest messages, relayed and taken in."""
    with cheap_primitives():
        ids = [await nodes.send(HONEST, ME, number) for number in numbers]
        await relay_once(nodes.nodes[HONEST])
        while await consume_once(nodes.nodes[ME], Remembered(), wait=NO_WAIT):
            pass
    return ids


async def test_nobody_voids_the_numbers_of_another(nodes: Nodes) -> None:
    (message_id,) = await deliver(nodes, 1)
    await hear(nodes, pb.StreamDigest(void=[void(1, message_id=message_id.bytes, case_id=UUID(int=1).bytes), void(2)]))
    assert {row[0] for row in await read(nodes, "SELECT sender FROM stream_voids")} == {LIAR}
    async with nodes.nodes[ME].unit_of_work() as work:
        assert (await work.digests.received(HONEST, SequenceRange(2, 2))) == []
        assert (await work.gaps.arrivals(HONEST, after=0, limit=9)).highest == 1
    assert await read(nodes, "SELECT FROM lanes") == []


@pytest.mark.parametrize(
    "record",
    [
        pb.StreamDigest(void=[void(2**63)]),
        pb.StreamDigest(void=[void(1, case_seq=2**63)]),
        pb.StreamDigest(void=[void(2**53)]),
        pb.StreamDigest(void=[void(2), void(1)]),
        pb.StreamDigest(void=[void(number) for number in range(1, 514)]),
        pb.StreamDigest(void=[void(1, reason=3)]),
    ],
    ids=["2^63", "place-2^63", "2^53", "descending", "513", "no-reason"],
)
async def test_a_claim_beyond_the_limits_is_set_aside_whole(nodes: Nodes, record: pb.StreamDigest) -> None:
    await hear(nodes, record)
    assert await read(nodes, "SELECT FROM stream_voids") == []
    assert await read(nodes, "SELECT sender, state FROM quarantine") == [(LIAR, "open")]


async def test_a_claim_about_the_far_end_of_the_numbers_costs_nothing(nodes: Nodes) -> None:
    await hear(nodes, pb.StreamDigest(void=[void(2**53 - 1)]))
    async with nodes.nodes[ME].unit_of_work() as work:
        came = await work.gaps.arrivals(LIAR, after=0, limit=9)
    assert came.highest == 1
    assert await ask_for_gaps(nodes.nodes[ME]) == 0


async def test_what_was_delivered_stays_delivered(nodes: Nodes) -> None:
    await deliver(nodes, 1)
    (header,) = [row[0] for row in await read(nodes, "SELECT message_id FROM inbox")]
    before = await read(nodes, "SELECT sender, message_id, leaf_hash FROM inbox ORDER BY 1, 2")
    honest = LyingMember(HONEST, nodes.rings[HONEST], ME, nodes.trust.encryption_key(ME, START), Random(2))  # noqa: S311
    claim = pb.StreamDigest(void=[void(1, message_id=header.bytes, case_id=UUID(int=1).bytes)])
    with cheap_primitives():
        said = honest.saying(DIGEST_TYPE, claim.SerializeToString(deterministic=True), at=nodes.clock.now())
        await nodes.stream.append(inbox_topic(ME), [(HONEST.encode(), said)])
        await consume_once(nodes.nodes[ME], Remembered(), wait=NO_WAIT)
    assert await read(nodes, "SELECT FROM stream_voids") == []
    after = await read(nodes, "SELECT sender, message_id, leaf_hash FROM inbox WHERE case_seq > 0 ORDER BY 1, 2")
    assert after == before
