"""Many schedules: over several processes, with progress, and with all that is needed to see a failure again."""

import gc
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.simulation.crypto import cheap_primitives
from tests.simulation.schedule import Outcome, run_schedule

__all__ = ["Report", "describe", "run_campaign", "trace_of"]

AT_ONCE = 250
TRACE_LINES = 60


@dataclass(frozen=True, slots=True)
class Report:
    """What a campaign came to."""

    schedules: int
    broken: tuple[Outcome, ...]
    steps: int
    messages: int
    crashes: int
    virtual_seconds: float
    cpu_seconds: float  # of all processes
    seconds: float

    @property
    def line(self) -> str:
        """One line for people."""
        rate = self.schedules / self.cpu_seconds
        return (
            f"{self.schedules} schedules: {len(self.broken)} broken; {self.messages} messages, {self.crashes} crashes, "
            f"{self.steps} steps, {self.virtual_seconds / 86400:.1f} simulated days; "
            f"{rate:.0f} schedules a second and core, {self.seconds:.0f} s"
        )


def run_campaign(first: int, count: int, *, processes: int = 2, progress: bool = False) -> Report:
    """Run `count` schedules from seed `first` on."""
    begun = time.monotonic()
    seeds = [range(at, min(at + AT_ONCE, first + count)) for at in range(first, first + count, AT_ONCE)]
    outcomes: list[Outcome] = []
    done, cpu = [0, 0, 0, 0], 0.0
    seconds = 0.0
    # Spawned, since a fork would copy what the caller's threads hold.
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for part, used in pool.imap_unordered(_run_part, seeds):
            cpu += used
            done = [have + more for have, more in zip(done, _totals(part), strict=True)]
            seconds += sum(one.seconds for one in part)
            outcomes += [one for one in part if one.broken]
            if progress:
                _show(done[0], count, len(outcomes), time.monotonic() - begun)
    if progress:
        print(file=sys.stderr)
    broken = tuple(sorted(outcomes, key=lambda one: one.seed))
    return Report(count, broken, done[1], done[2], done[3], seconds, cpu, time.monotonic() - begun)


def trace_of(seed: int) -> Outcome:
    """Run one schedule again, and write down all that happens."""
    with cheap_primitives():
        return run_schedule(seed, tracing=True)


def describe(broken: Sequence[Outcome]) -> str:
    """What a person needs to see a failure again; the first one with the end of its trace."""
    return "\n".join(_described(broken))


def _described(broken: Sequence[Outcome]) -> Iterator[str]:
    for outcome in broken[:20]:
        yield f"seed {outcome.seed}: {'; '.join(outcome.broken)}"
        yield f"    python -m tests.simulation --seed {outcome.seed}"
    if broken:
        yield f"the last {TRACE_LINES} lines of the first one:"
        yield from trace_of(broken[0].seed).trace[-TRACE_LINES:]


def _run_part(seeds: range) -> tuple[list[Outcome], float]:
    begun = time.process_time()
    # What a schedule leaves behind is full of cycles; it is swept once a part instead of in the middle of one.
    gc.disable()
    with cheap_primitives():
        outcomes = [run_schedule(seed) for seed in seeds]
    gc.collect()
    return outcomes, time.process_time() - begun


def _totals(part: Sequence[Outcome]) -> tuple[int, int, int, int]:
    return (
        len(part),
        sum(one.steps for one in part),
        sum(one.messages for one in part),
        sum(one.crashes for one in part),
    )


def _show(done: int, of: int, broken: int, seconds: float) -> None:
    left = (of - done) * seconds / done
    print(
        f"\r{done}/{of} schedules, {broken} broken, {done / seconds:.0f} a second, {left:.0f} s left   ",
        end="",
        file=sys.stderr,
        flush=True,
    )
