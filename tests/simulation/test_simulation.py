"""The delivery protocol under thousands of schedules: nothing lost, nothing applied twice, always quiet in the end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.campaign import describe, run_campaign, trace_of
from tests.simulation.crypto import cheap_primitives
from tests.simulation.mutants import MUTANTS, schedules_until_found
from tests.simulation.schedule import run_schedule

ROOT = Path(__file__).parents[2]
SCHEDULES = 10_000
MUTANT_SCHEDULES = 2_000


@pytest.mark.timeout(1800)
def test_every_invariant_holds_in_every_schedule() -> None:
    report = run_campaign(0, SCHEDULES)
    assert not report.broken, describe(report.broken)
    assert report.messages > SCHEDULES * 4
    assert report.crashes > SCHEDULES


def test_the_same_seed_gives_the_same_trace_also_in_another_process_with_other_hashes() -> None:
    for seed in (1, 7, 4711):
        here = trace_of(seed)
        there = subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--seed", str(seed)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": "7"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert here.trace
        assert there.stdout.splitlines()[: len(here.trace)] == list(here.trace)
        with cheap_primitives():
            assert run_schedule(seed).steps == here.steps


@pytest.mark.parametrize("name", MUTANTS)
@pytest.mark.timeout(900)
def test_a_planted_mistake_is_found(name: str) -> None:
    assert schedules_until_found(name, at_most=MUTANT_SCHEDULES), f"{name} went unnoticed: {MUTANTS[name].__doc__}"


def test_there_are_at_least_twenty_mistakes_to_be_found() -> None:
    assert len(MUTANTS) >= 20


def test_a_failure_says_how_to_see_it_again() -> None:
    with cheap_primitives(), MUTANTS["no_dedupe"]():
        broken = next(one for one in map(run_schedule, range(100)) if one.broken)
    # The mistake is planted here too, or the trace would be that of another run.
    with MUTANTS["no_dedupe"]():
        told, last = describe([broken]), trace_of(broken.seed).trace[-1]
    assert f"python -m tests.simulation --seed {broken.seed}" in told
    assert broken.broken[0] in told
    assert told.endswith(last)
