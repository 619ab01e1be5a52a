"""The same files and facts give the same bytes in another process, whatever order its sets and hashes have."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ALL_TRACES = """
import hashlib
from contextlib import suppress
from portability.agreements.determination import determine
from portability.agreements.explanation import render, trace_bytes
from portability.agreements.packaged import legislations
from tests.agreements.test_boundary_dates import CASES, NAMED, facts

found, made = hashlib.sha256(), 0
for case in CASES[::11]:
    agreement, state, on = case.values
    with suppress(*NAMED):
        result = determine(facts(agreement, state, on), agreement=agreement, legislation=legislations()[state])
        found.update(trace_bytes(result))
        found.update(render(result, "worker", "ar").encode())
        made += 1
print(made, found.hexdigest())
"""


def traces(seed: str) -> str:
    env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", ALL_TRACES], env=env, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout


def test_a_replay_in_another_process_gives_the_same_bytes() -> None:
    first, second = traces("1"), traces("2")

    assert int(first.split()[0]) > 50
    assert first == second
