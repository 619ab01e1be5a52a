"""What nothing can make right is rejected to its sender with the reason; nobody has to act, and its case goes on."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from exchange_world import CASE, NO_WAIT, World, message_to

from portability.adapters.postgres.database import Database
from portability.adapters.postgres.exchange_work import exchange_unit_of_work
from portability.agreements.errors import CaseStateError, PortabilityError, RefusedContentError
from portability.services.exchange.consumer import consume_once
from portability.services.exchange.model.messages import ReceivedMessage
from portability.services.exchange.model.set_aside import QuarantineState
from portability.services.exchange.model.statuses import BusinessStatus
from portability.services.exchange.node import ExchangeNode
from portability.services.exchange.ports.work import ExchangeWork
from portability.services.exchange.quarantine import Clerk, replay_quarantined
from portability.services.exchange.relay import relay_once
from tests.at_rest import at_rest_on

ACCEPTED, REJECTED = BusinessStatus.ACCEPTED, BusinessStatus.REJECTED
WHY = "The claim is dated after today."
NEVER = RefusedContentError(WHY, field="claim.lodged_on")


class Judged:
    """Fails at its first message as it is told to."""

    def __init__(self) -> None:
        self.failure: PortabilityError | None = NEVER

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> None:
        if self.failure is not None and message.case_seq == 1:
            raise self.failure


class Rome:
    """The recipient, on a store in memory or in PostgreSQL."""

    def __init__(self, exchange: ExchangeNode) -> None:
        self.exchange, self.effects = exchange, Judged()

    async def consume(self) -> None:
        while await consume_once(self.exchange, self.effects, wait=NO_WAIT):
            pass

    async def made(self) -> list[BusinessStatus | None]:
        async with self.exchange.unit_of_work() as work:
            return [one.business for one in await work.timeline.of_case(CASE, after=None, limit=99)]

    async def aside(self) -> list[tuple[QuarantineState, str, str]]:
        async with self.exchange.unit_of_work() as work:
            entries = await work.quarantine.list(after=None, limit=99)
        return [(one.state, one.reason_code, one.reason) for one in entries]


@pytest.fixture(params=["memory", "postgres"])
async def rome(request: pytest.FixtureRequest, world: World) -> AsyncIterator[Rome]:
    exchange = world.node("it-inps").exchange
    if request.param == "memory":
        yield Rome(exchange)
        return
    database = await Database.open(request.getfixturevalue("new_database")())
    yield Rome(replace(exchange, unit_of_work=exchange_unit_of_work(database, await at_rest_on(database))))
    await database.close()


async def test_it_is_rejected_with_the_reason_and_what_comes_behind_it_takes_effect(world: World, rome: Rome) -> None:
    berlin = world.node("de-drv")
    for number in (1, 2):
        await berlin.submit(message_to("it-inps", number))
    await berlin.relay()
    await rome.consume()
    assert await rome.made() == [REJECTED, ACCEPTED]
    assert await rome.aside() == [(QuarantineState.REJECTED, "CONTENT_REFUSED", WHY)]
    await relay_once(rome.exchange)
    await berlin.consume()
    told = [(one.business, one.reasons) for one in await berlin.timeline()]
    assert told == [(REJECTED, ("CONTENT_REFUSED", WHY)), (ACCEPTED, ())]


async def test_so_is_what_was_parked_for_something_else_and_is_tried_again(world: World, rome: Rome) -> None:
    berlin = world.node("de-drv")
    rome.effects.failure = CaseStateError("No such case.", state="none")
    for number in (1, 2):
        await berlin.submit(message_to("it-inps", number))
    await berlin.relay()
    await rome.consume()
    rome.effects.failure = NEVER
    node = rome.exchange
    clerk = Clerk("karl", node.me, rome.effects, node.new_id, node.clock.now())
    async with node.unit_of_work() as work:
        (entry,) = await work.quarantine.list(after=None, limit=9)
        released = await replay_quarantined(entry.entry_id, work=work, clerk=clerk)
    assert (released.entry.state, released.took_effect, released.still_waiting) == (QuarantineState.REJECTED, 1, 0)
    assert await rome.made() == [REJECTED, ACCEPTED]
    assert await rome.aside() == [(QuarantineState.REJECTED, "CONTENT_REFUSED", WHY)]
