"""Fuzz the readers of bytes from outside: `python -m tests.fuzz [TARGET ...] [--inputs N] [--seed N] [--jobs N]`.

Without names all targets run, each with as many inputs as its campaign has (a million on the wire). One line a target.
"""

import argparse
import sys
from collections import deque
from collections.abc import Sequence

import atheris

from tests.fuzz.campaign import Running, outcome_of, start
from tests.fuzz.target import Target


def main() -> int:
    """Return 1 where a target has a finding."""
    options = _parser().parse_args()
    with atheris.instrument_imports(include=["portability"]):
        from tests.fuzz.all_targets import all_targets
    targets = all_targets()
    unknown = set(options.targets) - set(targets)
    if unknown:
        sys.stderr.write(f"No target {', '.join(sorted(unknown))}: choose of {', '.join(targets)}.\n")
        return 2
    if options.replay:
        (name,) = options.targets
        targets[name].read(bytes.fromhex(options.replay))
        return 0
    chosen = [targets[name] for name in options.targets or targets]
    return _campaigns(chosen, inputs=options.inputs, seed=options.seed, jobs=options.jobs)


def _campaigns(targets: Sequence[Target], *, inputs: int, seed: int, jobs: int) -> int:
    """Run the campaigns, `jobs` at a time, and print one line each as they end."""
    waiting, running, findings = list(targets), deque[Running](), 0
    while waiting or running:
        while waiting and len(running) < jobs:
            target = waiting.pop(0)
            running.append(start(target, inputs=inputs or target.inputs, seed=seed))
        outcome = outcome_of(running.popleft())
        findings += bool(outcome.finding)
        sys.stdout.write(
            f"{outcome.target:24} {outcome.inputs:>9,} inputs  {outcome.declared:>9,} refused  slowest "
            f"{outcome.slowest_ms:5.1f} ms  growth {outcome.largest_growth_mib:4.1f} MiB  "
            f"{outcome.seconds:7.1f} s  {outcome.finding or 'no finding'}\n"
        )
        sys.stdout.flush()
    sys.stdout.write(f"{len(targets)} readers, {findings} findings.\n")
    return int(findings > 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", help="names of targets; none: all")
    parser.add_argument("--inputs", type=int, default=0, help="inputs a target; 0: as many as its campaign has")
    parser.add_argument("--seed", type=int, default=1, help="of libFuzzer; the same seed gives the same inputs")
    parser.add_argument("--jobs", type=int, default=2, help="targets at once")
    parser.add_argument("--replay", default="", metavar="HEX", help="read one input of the one target named, and end")
    return parser


if __name__ == "__main__":
    sys.exit(main())
