"""A message that builds on what another sender has not sent yet waits in its lane for that, and then has its turn."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from exchange_world import CASE, NO_WAIT, TestNode, World, message_to

from portability.adapters.postgres.database import Database
from portability.adapters.postgres.exchange_work import exchange_unit_of_work
from portability.agreements.errors import CaseStateError, InputError, NotFoundError, NotYetError
from portability.services.exchange.consumer import consume_once
from portability.services.exchange.lane_watch import report_waiting_lanes
from portability.services.exchange.model.messages import ReceivedMessage
from portability.services.exchange.model.set_aside import QuarantineEntry, QuarantineState
from portability.services.exchange.model.statuses import BusinessStatus, Unchecked
from portability.services.exchange.node import ExchangeNode
from portability.services.exchange.ports.work import ExchangeWork
from portability.services.exchange.quarantine import Clerk
from portability.services.exchange.rejecting_held import reject_held
from portability.services.exchange.relay import relay_once
from portability.services.exchange.trying_again import try_again
from tests.at_rest import at_rest_on

CLAIM = "claim.old_age"
HELD, ACCEPTED, PARKED = BusinessStatus.HELD, BusinessStatus.ACCEPTED, BusinessStatus.PARKED
REJECTED = BusinessStatus.REJECTED


class NeedsTheClaim:
    """Nothing of a case has an effect before its claim; records in `refused` have none even then."""

    def __init__(self) -> None:
        self.refused: set[bytes] = set()

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> Unchecked | None:
        if message.type == CLAIM:
            await work.offsets.save("claim", 0, 0)
        elif await work.offsets.load("claim", 0) < 0:
            raise NotYetError("The claim has not come yet.", state="unknown")
        elif message.record in self.refused:
            raise CaseStateError("It takes no part.", state="open")
        before = await work.offsets.load("done", 0) + 1
        await work.offsets.save("done", 0, before)
        await work.offsets.save(f"place/{message.message_id}", 0, before)
        return None


class Rome:
    """The recipient, on a store in memory or in PostgreSQL."""

    def __init__(self, exchange: ExchangeNode) -> None:
        self.exchange = exchange
        self.effects = NeedsTheClaim()

    async def consume(self) -> None:
        while await consume_once(self.exchange, self.effects, wait=NO_WAIT):
            pass

    async def made(self) -> list[tuple[BusinessStatus | None, str]]:
        async with self.exchange.unit_of_work() as work:
            return [(one.business, one.partner) for one in await work.timeline.of_case(CASE, after=None, limit=99)]

    async def order(self, *numbers: int) -> list[int]:
        async with self.exchange.unit_of_work() as work:
            ids = [message_to("it-inps", number).message_id for number in numbers]
            return [await work.offsets.load(f"place/{one}", 0) for one in ids]

    async def aside(self) -> list[QuarantineEntry]:
        async with self.exchange.unit_of_work() as work:
            return list(await work.quarantine.list(after=None, limit=99))


@pytest.fixture(params=["memory", "postgres"])
async def rome(request: pytest.FixtureRequest, world: World) -> AsyncIterator[Rome]:
    exchange = world.node("it-inps").exchange
    if request.param == "memory":
        yield Rome(exchange)
        return
    database = await Database.open(request.getfixturevalue("new_database")())
    yield Rome(replace(exchange, unit_of_work=exchange_unit_of_work(database, await at_rest_on(database))))
    await database.close()


async def send(node: TestNode, *numbers: int, **changes: object) -> None:
    for number in numbers:
        await node.submit(message_to("it-inps", number, **changes))
    await node.relay()


async def test_it_waits_with_those_behind_it_and_all_have_their_turn_when_it_comes(world: World, rome: Rome) -> None:
    berlin, ottawa = world.node("de-drv"), world.node("ca-sc")
    await send(berlin, 1, 2)
    await rome.consume()
    assert await rome.made() == [(HELD, "de-drv")] * 2
    assert await rome.aside() == []  # nobody has to act
    await relay_once(rome.exchange)
    await berlin.consume()
    told = [(one.business, one.reasons) for one in await berlin.timeline()]
    assert told == [(HELD, ("NOT_YET", "The claim has not come yet.")), (HELD, ())]
    await send(berlin, 3)  # tries again, for nothing
    await rome.consume()
    await send(ottawa, 7, type=CLAIM)
    await send(ottawa, 8)
    await rome.consume()
    assert [business for business, _ in await rome.made()] == [ACCEPTED] * 5
    order = await rome.order(7, 1, 2, 3)
    assert order == sorted(order)
    assert order[0] == 0
    await relay_once(rome.exchange)
    await berlin.consume()
    assert [one.business for one in await berlin.timeline()] == [ACCEPTED] * 3


async def test_what_is_refused_when_its_turn_has_come_is_set_aside_and_its_sender_reads_why(
    world: World, rome: Rome
) -> None:
    berlin, ottawa = world.node("de-drv"), world.node("ca-sc")
    await send(berlin, 1, 2)
    await rome.consume()
    rome.effects.refused = {message_to("it-inps", 1).record}
    await send(ottawa, 7, type=CLAIM)
    await rome.consume()
    assert await rome.made() == [(PARKED, "de-drv"), (HELD, "de-drv"), (ACCEPTED, "ca-sc")]
    (entry,) = await rome.aside()
    assert (entry.reason_code, entry.message_id) == ("CASE_STATE", message_to("it-inps", 1).message_id)
    await relay_once(rome.exchange)
    await berlin.consume()
    first = (await berlin.timeline())[0]
    assert (first.business, first.reasons) == (PARKED, ("CASE_STATE", "It takes no part."))


async def test_what_waits_for_long_is_an_alarm(world: World, rome: Rome) -> None:
    await send(world.node("de-drv"), 1)
    await rome.consume()
    world.clock.advance(timedelta(hours=25))
    assert await report_waiting_lanes(rome.exchange, longest=timedelta(hours=24)) == 1


async def test_what_comes_beside_it_to_another_consumer_is_not_missed(world: World, rome: Rome) -> None:
    class TakenInBeside(NeedsTheClaim):
        """The other consumer commits the claim between our commit and our second look."""

        tries = 0

        async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> Unchecked | None:
            self.tries += 1
            if self.tries > 1:
                await work.offsets.save("claim", 0, 0)
            return await super().apply(message, work)

    rome.effects = TakenInBeside()
    berlin = world.node("de-drv")
    await send(berlin, 1)
    await rome.consume()
    assert await rome.made() == [(ACCEPTED, "de-drv")]
    await relay_once(rome.exchange)
    await berlin.consume()
    assert [one.business for one in await berlin.timeline()] == [ACCEPTED]


async def test_trying_again_in_vain_changes_nothing_and_tells_nobody(world: World, rome: Rome) -> None:
    await send(world.node("de-drv"), 1, 2)
    await rome.consume()
    await relay_once(rome.exchange)
    assert await try_again(rome.exchange, rome.effects, [("de-drv", CASE)]) == 0
    assert await rome.made() == [(HELD, "de-drv")] * 2
    assert await relay_once(rome.exchange) == 0


def clerk_of(rome: Rome) -> Clerk:
    return Clerk("karl", "it-inps", rome.effects, rome.exchange.new_id, rome.exchange.clock.now())


async def test_what_waits_for_what_never_comes_is_rejected_by_a_person_and_what_is_behind_it_has_its_turn(
    world: World, rome: Rome
) -> None:
    berlin = world.node("de-drv")
    await send(berlin, 1, 2)
    await rome.consume()
    await relay_once(rome.exchange)
    await berlin.consume()
    first, second = (message_to("it-inps", number).message_id for number in (1, 2))

    async with rome.exchange.unit_of_work() as work:
        with pytest.raises(InputError, match="Say why"):
            await reject_held("de-drv", first, reasons=[], work=work, clerk=clerk_of(rome))
        with pytest.raises(NotFoundError, match="ca-sc has sent no message"):
            await reject_held("ca-sc", first, reasons=["no claim"], work=work, clerk=clerk_of(rome))
    async with rome.exchange.unit_of_work() as work:
        released = await reject_held(
            "de-drv", first, reasons=["No claim came in a month."], work=work, clerk=clerk_of(rome)
        )
    assert (released.took_effect, released.still_waiting) == (0, 1)
    assert await rome.made() == [(REJECTED, "de-drv"), (HELD, "de-drv")]
    (entry,) = await rome.aside()
    assert (entry.state, entry.closed_by, entry.reason_code) == (
        QuarantineState.REJECTED,
        "karl",
        "REJECTED_WHILE_HELD",
    )
    async with rome.exchange.unit_of_work() as work:
        with pytest.raises(CaseStateError, match="does not wait for another one"):
            await reject_held("de-drv", first, reasons=["again"], work=work, clerk=clerk_of(rome))
    await relay_once(rome.exchange)
    await berlin.consume()
    told = [(one.business, one.reasons) for one in await berlin.timeline()]
    assert told == [(REJECTED, ("No claim came in a month.",)), (HELD, ())]

    # Its claim comes after all: the one behind it has its turn, and the rejected one none.
    await send(world.node("ca-sc"), 7, type=CLAIM)
    await rome.consume()
    assert await rome.made() == [(REJECTED, "de-drv"), (ACCEPTED, "de-drv"), (ACCEPTED, "ca-sc")]
    assert await rome.order(1) == [-1]
    async with rome.exchange.unit_of_work() as work:
        with pytest.raises(CaseStateError):  # it has had its effect
            await reject_held("de-drv", second, reasons=["late"], work=work, clerk=clerk_of(rome))


async def test_one_that_waits_behind_another_is_rejected_alone(world: World, rome: Rome) -> None:
    await send(world.node("de-drv"), 1, 2, 3)
    await rome.consume()
    second = message_to("it-inps", 2).message_id
    async with rome.exchange.unit_of_work() as work:
        released = await reject_held("de-drv", second, reasons=["Sent twice."], work=work, clerk=clerk_of(rome))
    assert released.still_waiting == 2
    await send(world.node("ca-sc"), 7, type=CLAIM)
    await rome.consume()
    assert [business for business, _ in await rome.made()] == [ACCEPTED, REJECTED, ACCEPTED, ACCEPTED]
