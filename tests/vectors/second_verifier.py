"""Two verifiers, one in Python and one in Java, on the same changed evidence files: they take and refuse the same.

python -m tests.vectors.second_verifier --packages 10000 --seed 1     prints figures; exit status 1 where they differ

One in ten of them is changed before it is signed: it says odd things in a report, which its recipient has signed.
"""

import argparse
import asyncio
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from portability.agreements.errors import VerificationError
from portability.app.evidence.verifying import verify_evidence
from portability.services.registry.mapping.roots import decode_signed

from .mutations import mutated
from .odd_reports import signed_reports

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "docs" / "spec" / "vectors"
LAUNCHER = ROOT / "verifier" / "verify"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many of the files both took and both refused, and where they differ."""

    taken: int
    refused: int
    differences: tuple[str, ...]


def missing() -> list[str]:
    """What this machine lacks to run the second verifier."""
    return [name for name in ("java", "javac", "mvn") if shutil.which(name) is None]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the second verifier."""
    command = [str(one) for one in (LAUNCHER, *arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=3600)


def compare(files: Sequence[bytes], root: bytes) -> Outcome:
    """Both verifiers on all files, the second in one process."""
    with tempfile.TemporaryDirectory() as folder:
        packages = Path(folder, "packages")
        packages.mkdir()
        Path(folder, "root.bin").write_bytes(root)
        for number, data in enumerate(files):
            (packages / f"{number:08d}").write_bytes(data)
        done = run("batch", packages, "--root", Path(folder, "root.bin"))
    second = done.stdout.splitlines()
    if done.returncode or len(second) != len(files):
        raise AssertionError(f"the second verifier broke down at file {len(second)}: {done.stderr[-2000:]}")
    differences, taken = [], 0
    for line, said in zip(second, (_first(one, root) for one in files), strict=True):
        same = line.split(" ", 1)[1] == said if said.startswith("taken") else " refused: " in line
        taken += said.startswith("taken")
        if not same:
            differences.append(f"second: {line}; first: {said}")
    return Outcome(taken, len(files) - taken, tuple(differences))


def _first(data: bytes, root: bytes) -> str:
    try:
        return f"taken: {len(verify_evidence(data, anchor=decode_signed(root)).sentences)} sentences"
    except VerificationError as refused:
        return f"refused: {refused}"


def changed(packages: int, seed: int) -> Iterator[bytes]:
    """The files of the vectors, one in twenty as they are, the others changed."""
    chance = random.Random(seed)  # noqa: S311 (repeatable on purpose)
    good = [bytes.fromhex(one["file"]) for one in json.loads((VECTORS / "evidence.json").read_text())["accepted"]]
    for number in range(packages):
        file = good[number % len(good)]
        yield file if number % 20 == 0 else mutated(file, chance)


def root_of_vectors() -> bytes:
    """The root that the vectors of evidence are verified by."""
    return bytes.fromhex(json.loads((VECTORS / "evidence.json").read_text())["root_bin"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    odd = wanted.packages // 10
    outcomes = [
        compare(list(changed(wanted.packages - odd, wanted.seed)), root_of_vectors()),
        compare(*asyncio.run(signed_reports(odd, wanted.seed))),
    ]
    for outcome, what in zip(outcomes, ("changed", "signed with an odd report"), strict=True):
        print(f"seed {wanted.seed}, {what}: {outcome.taken} files taken, {outcome.refused} refused; differences:")
        print("\n".join(outcome.differences) or "none")
    return 1 if any(outcome.differences for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
