"""A lane in which thousands wait costs no more a message than one in which few do; and its numbers stay its own."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from exchange_world import World, message_to
from lane_world import RECIPIENT, SENDER, Rome, case_of

from portability.adapters.clock.system import SystemClock
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.exchange_work import PostgresExchangeWork, exchange_unit_of_work
from portability.services.exchange.lanes import LaneEntry, LaneEntryState, LaneInHand, LaneStanding
from portability.services.exchange.node import inbox_topic
from portability.services.exchange.relay import relay_once
from tests.at_rest import at_rest_on

NOW = SystemClock().now()
LANE = (SENDER, case_of(1))
WRITTEN = "SELECT n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables WHERE relname = 'lane_entries'"


@pytest.fixture
async def database(new_database: Callable[[], str]) -> AsyncIterator[Database]:
    opened = await Database.open(new_database())
    yield opened
    await opened.close()


def waiting(number: int) -> LaneEntry:
    state = LaneEntryState.PARKED if number == 1 else LaneEntryState.HELD
    return LaneEntry(number, UUID(int=number), state, NOW)


async def one_more(work: PostgresExchangeWork, number: int) -> tuple[int, int]:
    """How many entries are read, and how many written, when a message arrives."""
    before = await written(work)
    standing = (await work.lanes.load({LANE: [number]}))[LANE]
    lane = LaneInHand(standing)
    assert lane.arrive(UUID(int=number), case_seq=number, replaces=None, at=NOW)
    await work.lanes.save({LANE: lane.standing})
    return len(standing.entries), await written(work) - before


async def written(work: PostgresExchangeWork) -> int:
    row = await (await work.connection.execute(WRITTEN)).fetchone()
    return int(row[0]) if row else 0


async def test_what_a_message_costs_does_not_grow_with_what_waits(database: Database) -> None:
    unit_of_work = exchange_unit_of_work(database, await at_rest_on(database))
    async with unit_of_work() as work:
        await work.lanes.load({LANE: ()})
        await work.lanes.save({LANE: LaneStanding(1, tuple(waiting(number) for number in range(1, 5001)))})
    async with unit_of_work() as work:
        read, wrote = await one_more(work, 5001)
        assert (read, wrote) == (256, 1)
    async with unit_of_work() as work:
        assert await work.lanes.waiting(LANE) == 5001
        # Far behind what is read of a lane, a number that was used is known all the same.
        lane = LaneInHand((await work.lanes.load({LANE: [4000]}))[LANE])
        assert not lane.arrive(UUID(int=9), case_seq=4000, replaces=None, at=NOW)
        ((late, first),) = await work.lanes.held_since(NOW + timedelta(hours=1), limit=5)
        assert (late, first.case_seq, first.state) == (LANE, 1, LaneEntryState.PARKED)


async def test_a_long_lane_is_let_go_to_its_end_in_order(world: World, database: Database) -> None:
    rome = Rome.at(world, exchange_unit_of_work(database, await at_rest_on(database)))
    berlin = world.node(SENDER)
    for number in range(1, 601):
        await berlin.submit(message_to(RECIPIENT, number, case_id=case_of(1)))
    while await relay_once(berlin.exchange):
        pass
    sent = await world.stream.read(inbox_topic(RECIPIENT), after={0: -1}, limit=100, wait=timedelta())
    rome.effects.poison = lambda _: True
    for record in sent:
        await rome.receive([record.value])
    rome.effects.poison = lambda _: False
    (parked,) = await rome.parked()
    assert await rome.replay(parked) == 600
    places = [(1, number) for number in range(1, 601)]
    assert await rome.order(places) == {place: place[1] - 1 for place in places}


def test_with_two_parked_in_a_lane_the_one_that_is_named_is_replaced() -> None:
    lane = LaneInHand(LaneStanding(1, (waiting(1), waiting(2))))
    lane.arrive_unusable(UUID(int=3), case_seq=3, at=NOW)
    assert lane.arrive(UUID(int=4), case_seq=4, replaces=UUID(int=3), at=NOW)
    assert lane.replaced == [UUID(int=3)]
    assert [one.message_id.int for one in lane.standing.entries] == [1, 2, 4, 4]
    lane.reject(UUID(int=1))
    assert [one.message_id.int for one in lane.ready()] == [2, 4]
