"""An event loop without a world: one thread, virtual time, and whatever is ready runs in an order that dice choose.

Threads run inline. There is no I/O. A task belongs to the process in whose context it was made, and when that process
dies its tasks vanish where they stand.
"""

import asyncio
import contextvars
import heapq
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

__all__ = ["OWNER", "Killed", "Owner", "SimLoop"]

STEPS_AT_MOST = 30_000


class Killed(asyncio.CancelledError):
    """Unwinds a task of a process that has died, as its operating system would: locks are let go of, no more."""


class Owner:
    """Whoever tasks belong to; when it is not alive, none of them takes another step."""

    def __init__(self) -> None:
        self.alive = True
        self.tasks: list[asyncio.Task[Any]] = []

    def kill(self) -> None:
        """Let all tasks vanish."""
        self.alive = False
        tasks, self.tasks = self.tasks, []
        for task in tasks:
            if not task.done():
                _unwind(task.get_coro())


OWNER: contextvars.ContextVar[Owner | None] = contextvars.ContextVar("owner", default=None)


def _unwind(coroutine: Any) -> None:
    try:
        coroutine.throw(Killed())
        coroutine.close()
    except (Killed, StopIteration):
        return
    except (Exception, asyncio.CancelledError):  # noqa: BLE001 - what a dying task says is heard by nobody
        return


class _Handle:
    """A callback that waits for its turn, or for its time."""

    __slots__ = ("args", "callback", "cancelled_", "context", "when_")

    def __init__(self, callback: Any, args: Any, context: contextvars.Context | None, when: float = 0.0) -> None:
        self.callback = callback
        self.args = args
        self.context = contextvars.copy_context() if context is None else context
        self.cancelled_ = False
        self.when_ = when

    def cancel(self) -> None:
        self.cancelled_ = True

    def cancelled(self) -> bool:
        return self.cancelled_

    def when(self) -> float:
        return self.when_


class SimLoop(asyncio.AbstractEventLoop):
    """Runs what is ready in the order of `dice`; `calm_since` makes idle timers coarser the longer nothing happens.

    A coarse timer stands for a machine that is slow to wake: no promise of asyncio forbids it, and a day of
    waiting costs a hundred steps instead of a hundred thousand.
    """

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._ready: list[_Handle] = []
        self._timers: list[tuple[float, int, _Handle]] = []
        self._count = 0
        self._now = 0.0
        self.steps = 0
        self.calm_since: float | None = None

    def run_until(self, when: float, *, stop: Callable[[], bool] = lambda: False) -> bool:
        """Run until `stop` (asked whenever nothing is ready) or the virtual time `when`; say whether it stopped."""
        asyncio.events._set_running_loop(self)
        try:
            while True:
                self._run_ready()
                if stop():
                    return True
                if not self._timers or self._timers[0][0] > when:
                    self._now = when
                    return False
                self._now = max(self._now, self._timers[0][0])
                while self._timers and self._timers[0][0] <= self._now:
                    self._ready.append(heapq.heappop(self._timers)[2])
        finally:
            asyncio.events._set_running_loop(None)

    def complete(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run until one coroutine is done; return its result."""
        asyncio.events._set_running_loop(self)
        task = self.create_task(coroutine)
        self.run_until(self._now + 60, stop=task.done)
        return task.result()

    def _run_ready(self) -> None:
        ready, dice = self._ready, self._dice
        while ready:
            if len(ready) > 1:
                chosen = int(dice.random() * len(ready))
                ready[chosen], ready[-1] = ready[-1], ready[chosen]
            handle = ready.pop()
            if handle.cancelled_:
                continue
            owner = handle.context.get(OWNER)
            if owner is not None and not owner.alive:
                continue
            self.steps += 1
            if self.steps > STEPS_AT_MOST:
                raise RuntimeError(f"Not quiet after {STEPS_AT_MOST} steps, at {self._now:.3f} s.")
            handle.context.run(handle.callback, *handle.args)

    # What asyncio asks of a loop.

    def time(self) -> float:
        return self._now

    def call_soon(self, callback: Any, *args: Any, context: contextvars.Context | None = None) -> Any:
        handle = _Handle(callback, args, context)
        self._ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_later(self, delay: float, callback: Any, *args: Any, context: contextvars.Context | None = None) -> Any:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Any, *args: Any, context: contextvars.Context | None = None) -> Any:
        if self.calm_since is not None and when - self._now >= 0.5:
            when += self._now - self.calm_since
        handle = _Handle(callback, args, context, when)
        self._count += 1
        heapq.heappush(self._timers, (when, self._count, handle))
        return handle

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Any = None) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        owner = context.get(OWNER) if context is not None else OWNER.get()
        if owner is not None:
            owner.tasks.append(task)
        return task

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it is handed to whoever awaits the thread
            future.set_exception(error)
        return future

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Tasks that vanished are missed by nobody; errors of loops are seen where the loops are awaited."""
