"""One process of a node: the production loops over ports that fail, and its death at any await on the outside world."""

import asyncio
import contextvars
from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, TypeVar
from uuid import UUID

from portability.agreements.errors import GatewayError
from tests.simulation.loop import OWNER, Owner

__all__ = ["Process", "Turn"]

T = TypeVar("T")
TURNS_IN_GOOD_TIMES = 0.2  # most of what is left to meet there is waiting


class Turn:
    """Awaited, it lets everything else that is ready have its turn."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class Process(Owner):
    """Tasks of one process of one node; `number` counts the node's processes from the first start on."""

    def __init__(self, schedule, node: str, number: int) -> None:
        super().__init__()
        self.schedule = schedule
        self.name = f"{node}/{number}"
        self.id = UUID(int=number)
        self._calls: set[asyncio.Future[Any]] = set()

    async def point(self, what: str) -> None:
        """An await on the outside world: others go on meanwhile, and this process may be dead before it returns."""
        if not self.alive:
            raise GatewayError("A dead process asks.", retryable=True)
        schedule = self.schedule
        if schedule.tracing:
            self.note(what)
        if schedule.is_bad or schedule.dice.random() < TURNS_IN_GOOD_TIMES:
            await Turn()
        if schedule.chance(schedule.faults.crash):
            schedule.loop.call_soon(schedule.crash, self, context=contextvars.Context())
            await schedule.loop.create_future()

    def note(self, what: str) -> None:
        """Write into the trace."""
        self.schedule.note(f"{self.name} {what}")

    def run(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a task of this process."""
        context = contextvars.copy_context()
        context.run(OWNER.set, self)
        return self.schedule.loop.create_task(coroutine, context=context)

    async def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Have the process do something for a caller outside, who hears a GatewayError where it dies over it."""
        answer: asyncio.Future[T] = self.schedule.loop.create_future()
        self._calls.add(answer)
        self.run(_answer(coroutine, answer))
        try:
            return await answer
        finally:
            self._calls.discard(answer)

    def kill(self) -> None:
        """Die; whoever waits for an answer hears so."""
        super().kill()
        for answer in sorted(self._calls, key=id):
            if not answer.done():
                answer.set_exception(GatewayError("The process is gone.", retryable=True))


async def _answer(coroutine: Awaitable[T], answer: asyncio.Future[T]) -> None:
    try:
        result = await coroutine
    except Exception as error:  # noqa: BLE001 - the caller gets it
        if not answer.done():
            answer.set_exception(error)
    else:
        if not answer.done():
            answer.set_result(result)
