"""Calls that submit at once share transactions, and each has its own answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from exchange_world import World, message_to

from portability.adapters.memory.exchange_store import MemoryExchangeWork
from portability.agreements.errors import GatewayError, IdempotencyConflictError, InputError
from portability.services.exchange.gathering import AT_ONCE, GatheredSubmits


class Counting:
    """Counts transactions; each ends once `disk` lets it. The next `faults` of them fail."""

    def __init__(self, node) -> None:
        self._node = node
        self.transactions = 0
        self.faults = 0
        self.disk = asyncio.Event()
        self.disk.set()

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[MemoryExchangeWork]:
        self.transactions += 1
        async with self._node.store.transaction() as work:
            yield work
            await self.disk.wait()
            if self.faults:
                self.faults -= 1
                raise GatewayError("The database is away.", retryable=True)


@pytest.fixture
def counting(world: World) -> Counting:
    return Counting(world.node("de-drv"))


@pytest.fixture
def gathered(world: World, counting: Counting) -> GatheredSubmits:
    return GatheredSubmits(counting, me="de-drv", recipients=world.trust, clock=world.clock)


async def all_of(gathered: GatheredSubmits, messages: list) -> list:
    return await asyncio.gather(*(gathered.submit(one) for one in messages), return_exceptions=True)


async def test_whoever_comes_while_one_commits_goes_with_the_next(gathered, counting) -> None:
    counting.disk.clear()
    first = asyncio.create_task(gathered.submit(message_to("it-inps", 1)))
    while not counting.transactions:  # noqa: ASYNC110 (until the first one waits for the disk)
        await asyncio.sleep(0)
    rest = asyncio.create_task(all_of(gathered, [message_to("it-inps", number) for number in range(2, 102)]))
    await asyncio.sleep(0.01)
    assert not first.done()
    counting.disk.set()
    async with asyncio.timeout(5):
        assert [(await first).stream_seq, *[one.stream_seq for one in await rest]] == list(range(1, 102))
    assert counting.transactions == 2


async def test_one_alone_waits_for_nobody(gathered, counting) -> None:
    for number in range(1, 4):
        assert (await gathered.submit(message_to("it-inps", number))).stream_seq == number
    assert counting.transactions == 3


async def test_no_transaction_grows_beyond_its_limit_and_recipients_do_not_wait_for_each_other(
    gathered, counting
) -> None:
    messages = [message_to("it-inps", number) for number in range(1, AT_ONCE + 2)]
    answers = await all_of(gathered, [*messages, message_to("ca-sc", 999)])
    assert [one.stream_seq for one in answers] == [*range(1, AT_ONCE + 2), 1]
    assert counting.transactions == 3


async def test_an_error_is_its_own_callers_alone(gathered) -> None:
    one, two = message_to("it-inps", 1), message_to("it-inps", 2)
    answers = await all_of(
        gathered,
        [
            one,
            replace(two, idempotency_key="key-1"),
            replace(two, type="NO"),
            two,
            replace(one, message_id=two.message_id),
        ],
    )
    assert isinstance(answers[1], IdempotencyConflictError)
    assert isinstance(answers[2], InputError)
    assert [answers[0].stream_seq, answers[3].stream_seq] == [1, 2]
    assert answers[4] == answers[0]


async def test_a_transaction_that_fails_fails_for_all_in_it_and_for_nobody_after(gathered, counting, world) -> None:
    counting.faults = 1
    answers = await all_of(gathered, [message_to("it-inps", number) for number in (1, 2)])
    assert [type(one) for one in answers] == [GatewayError, GatewayError]
    answers = await all_of(gathered, [message_to("it-inps", number) for number in (1, 2)])
    assert [one.stream_seq for one in answers] == [1, 2]


async def test_a_caller_that_leaves_does_not_take_the_others_with_it(gathered) -> None:
    calls = [asyncio.create_task(gathered.submit(message_to("it-inps", number))) for number in (1, 2, 3)]
    await asyncio.sleep(0)
    calls[1].cancel()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [answers[0].stream_seq, answers[2].stream_seq] == [1, 3]
    assert (await gathered.submit(message_to("it-inps", 2))).stream_seq == 2  # it was taken on all the same


async def test_an_error_that_nobody_foresaw_reaches_its_callers_and_the_next_ones_are_served(world: World) -> None:
    class Broken:
        calls = 0

        @asynccontextmanager
        async def __call__(self) -> AsyncIterator[MemoryExchangeWork]:
            self.calls += 1
            if self.calls == 1:
                raise ZeroDivisionError
            async with world_node.store.transaction() as work:
                yield work

    world_node = world.node("de-drv")
    gathered = GatheredSubmits(Broken(), me="de-drv", recipients=world.trust, clock=world.clock)
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context["exception"]))
    answers = await all_of(gathered, [message_to("it-inps", number) for number in (1, 2)])
    assert [type(one) for one in answers] == [ZeroDivisionError, ZeroDivisionError]
    assert (await gathered.submit(message_to("it-inps", 1))).stream_seq == 1
