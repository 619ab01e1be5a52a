"""In whatever order messages arrive, and however often, those of a case take effect in the order sent, once."""

import asyncio

import pytest
from exchange_world import World, message_to
from hypothesis import given, settings
from hypothesis import strategies as st
from lane_world import RECIPIENT, Place, Rome, bundles_of

from portability.services.exchange.model.messages import ReceivedMessage

CASES = 3
IN_CASE = 4
# Sent by turns: one of each case, then the next of each.
PLACES: list[Place] = [(case, place) for place in range(1, IN_CASE + 1) for case in range(1, CASES + 1)]
IDS = {place: message_to(RECIPIENT, number).message_id for number, place in enumerate(PLACES, start=1)}

arrivals = st.permutations(PLACES).flatmap(
    lambda order: st.lists(st.sampled_from(PLACES), max_size=6).flatmap(
        lambda repeats: st.permutations([*order, *repeats])
    )
)
some_places = st.sets(st.sampled_from(PLACES), max_size=5)


@pytest.fixture(scope="module")
def sent(keys: dict[str, object]) -> tuple[World, dict[Place, bytes]]:
    world = World(keys)
    return world, asyncio.run(bundles_of(world, PLACES))


def poisoned(bad: set[Place], message: ReceivedMessage) -> bool:
    return message.message_id in {IDS[place] for place in bad}


@settings(max_examples=150, deadline=None)
@given(order=arrivals, crashes=some_places, at_once=st.integers(1, 7))
def test_any_order_of_arrival_gives_the_order_of_sending_in_each_case(
    sent: tuple[World, dict[Place, bytes]], order: list[Place], crashes: set[Place], at_once: int
) -> None:
    world, bundles = sent

    async def run() -> None:
        rome = Rome.at(world)
        rome.effects.crashes = {IDS[place] for place in crashes}
        await rome.receive([bundles[place] for place in order], at_once=at_once)
        assert await rome.order(PLACES) == {place: place[1] - 1 for place in PLACES}
        assert await rome.parked() == []

    asyncio.run(run())


@settings(max_examples=150, deadline=None)
@given(order=arrivals, cut=st.integers(0, len(PLACES)), bad=some_places, at_once=st.integers(1, 7))
def test_what_is_lost_or_bad_in_one_case_never_stops_another_and_all_is_right_once_it_is_mended(
    sent: tuple[World, dict[Place, bytes]], order: list[Place], cut: int, bad: set[Place], at_once: int
) -> None:
    world, bundles = sent

    async def run() -> None:
        rome = Rome.at(world)
        rome.effects.poison = lambda message: poisoned(bad, message)
        here = set(order[:cut])
        await rome.receive([bundles[place] for place in order[:cut]], at_once=at_once)
        for case in range(1, CASES + 1):
            # What can have its effect has had it: all before the first that is missing or bad.
            stop = next((one for one in range(1, IN_CASE + 1) if (case, one) in bad or (case, one) not in here), 5)
            assert await rome.done(case) == stop - 1
        await rome.receive([bundles[place] for place in order], at_once=at_once)
        rome.effects.poison = lambda _: False
        while parked := await rome.parked():
            assert await rome.replay(parked[0]) >= 1
        assert await rome.order(PLACES) == {place: place[1] - 1 for place in PLACES}

    asyncio.run(run())
