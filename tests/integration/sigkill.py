"""Nodes that kill themselves at named points, on real PostgreSQL and a real broker, one schedule after the other.

    python -m tests.integration.sigkill --schedules 300

In each schedule the dice choose a node, a point and how often it is passed before the kill. Messages are submitted
until the node is dead; it is started again, and every message must be receipted, and have had its effect once.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import Random
from uuid import UUID

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.database import migrate
from portability.adapters.postgres.embedded import start_embedded
from tests.brokers import start_test_broker
from tests.integration.crash_points import POINTS
from tests.integration.pair import Pair

__all__ = ["run_schedules"]

TIMES = 4
DEAD_WITHIN_SECONDS = 40.0
Progress = Callable[[int, str], None]


async def run_schedules(pair: Pair, schedules: int, *, seed: int, progress: Progress = lambda *_: None) -> Counter[str]:
    """Run schedules one after the other; return how often each point has killed. AssertionError where one fails."""
    dice = Random(seed)  # noqa: S311 - a seed, not a secret
    killed: Counter[str] = Counter()
    submitted: list[UUID] = []
    await pair.sender.start()
    await pair.recipient.start()
    for number in range(schedules):
        # Each point in its turn, so that a small share of schedules meets all of them.
        point, times = POINTS[number % len(POINTS)], dice.randint(1, TIMES)
        # Only receipts come to the sender, and those have no effect; and only the sender submits.
        only = {"consumer.effect": pair.recipient} | {one: pair.sender for one in POINTS if one.startswith("door.")}
        victim = only.get(point) or dice.choice((pair.sender, pair.recipient))
        what = f"{'sender' if victim is pair.sender else 'recipient'} at {point}, passage {times}"
        victim.kill()
        by_door = point.startswith("door.")
        await victim.start(crash_at=point, crash_times=times, has_door=by_door)
        asked: list[UUID] = []
        async with asyncio.timeout(DEAD_WITHIN_SECONDS):
            while not victim.is_dead:
                if by_door:
                    asked += (ids := [time_ordered_id() for _ in range(dice.randint(1, 5))])
                    victim.submit(ids)
                else:
                    submitted += await pair.submit(dice.randint(1, 5))
                await asyncio.sleep(0.05)
        victim.bury()
        await victim.start(has_door=by_door)
        submitted += asked
        # Whoever had no answer asks again, under the same key.
        victim.submit([one for one in asked if one not in victim.answered])
        async with asyncio.timeout(DEAD_WITHIN_SECONDS):
            while not victim.answered.issuperset(asked):  # noqa: ASYNC110 - another process answers
                await asyncio.sleep(0.02)
        submitted += await pair.submit(1)
        await pair.wait_until_receipted(seconds=90)
        applied = await pair.applied()
        assert sorted(applied) == sorted(submitted), f"schedule {number} of seed {seed}: {what}"
        killed[point] += 1
        progress(number + 1, what)
    assert await pair.quarantined() == []
    return killed


async def _run(schedules: int, seed: int) -> None:
    server_folder, folder = Path(tempfile.mkdtemp(prefix="portability-pg-")), Path(tempfile.mkdtemp(prefix="sigkill-"))
    server, broker = start_embedded(server_folder), start_test_broker()
    begun, numbers = time.monotonic(), count(1)

    def new_database() -> str:
        url = server.url_for(f"killed_{next(numbers)}")
        migrate(url)
        return url

    def show(done: int, what: str) -> None:
        rate = (time.monotonic() - begun) / done
        left = rate * (schedules - done)
        print(f"\r{done}/{schedules}, {left:.0f} s left, last: {what}".ljust(110), end="", file=sys.stderr, flush=True)

    try:
        print(broker.line)
        pair = await Pair.prepare(
            folder, new_database, f"kafka:{broker.bootstrap}", create_topics=broker.has_admin, effect_seconds=0.001
        )
        killed = await run_schedules(pair, schedules, seed=seed, progress=show)
        applied = await pair.applied()
        await pair.close()
    finally:
        broker.stop()
        server.stop()
        shutil.rmtree(folder)
        shutil.rmtree(server_folder, ignore_errors=True)
    print(f"\n{sum(killed.values())} SIGKILLs, {len(applied)} messages: 0 lost, 0 applied twice", flush=True)
    print(", ".join(f"{point} {times}" for point, times in sorted(killed.items())))
    print(f"{time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schedules", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    asyncio.run(_run(asked.schedules, asked.seed))
