"""Run simulated schedules, replay one of them, or show how soon each planted mistake is found.

python -m tests.simulation --schedules 10000 --processes 2
python -m tests.simulation --seed 4711
python -m tests.simulation --mutants
"""

import argparse
import sys

from tests.simulation.campaign import describe, run_campaign, trace_of
from tests.simulation.mutants import MUTANTS, schedules_until_found


def main() -> int:
    """Exit status 0 where every invariant held, or where every mutant was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schedules", type=int, default=10_000)
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, help="run this one alone and print its trace")
    parser.add_argument("--mutants", nargs="*", help="all of them, or those named")
    asked = parser.parse_args()
    if asked.seed is not None:
        return _replay(asked.seed)
    if asked.mutants is not None:
        return _mutants(asked.mutants or list(MUTANTS))
    report = run_campaign(asked.first, asked.schedules, processes=asked.processes, progress=True)
    print(report.line)
    if report.broken:
        print(describe(report.broken))
    return 1 if report.broken else 0


def _replay(seed: int) -> int:
    outcome = trace_of(seed)
    print("\n".join(outcome.trace))
    print("\n".join(outcome.broken) or "every invariant held")
    return 1 if outcome.broken else 0


def _mutants(names: list[str]) -> int:
    missed = 0
    for name in names:
        found = schedules_until_found(name)
        missed += found is None
        took = "NOT FOUND" if found is None else f"{found.schedules:5} schedules: {found.outcome.broken[0]}"
        print(f"{name:36} {took[:150]}", flush=True)
    print(f"{len(names) - missed} of {len(names)} found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
