"""One target under libFuzzer in a process of its own, and what came of it.

The child measures each input: its CPU time, and by how much it raised the most memory the process ever held.
"""

import json
import os
import resource
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

import atheris

from tests.fuzz.target import Target

__all__ = ["MEBIBYTES", "MILLISECONDS", "Outcome", "Running", "outcome_of", "start"]

MILLISECONDS = 100.0
MEBIBYTES = 64.0
WARM_UP = 200  # inputs whose memory is that of caches being filled


@dataclass(frozen=True, slots=True)
class Running:
    """A campaign under way: its process, and the pipe on which it tells its outcome."""

    target: str
    pid: int
    reading: int


@dataclass(slots=True)
class Outcome:
    """Figures of one campaign; `finding` says what went wrong and how to see it again."""

    target: str
    inputs: int = 0
    declared: int = 0  # how many ended in a declared error
    slowest_ms: float = 0.0
    largest_growth_mib: float = 0.0
    seconds: float = 0.0
    finding: str = ""


def start(target: Target, *, inputs: int, seed: int) -> Running:
    """Start the campaign of one target in a process of its own, which shares what is loaded already."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libFuzzer tells its progress there
        _fuzz(target, inputs=inputs, seed=seed, writing=writing)
    os.close(writing)
    return Running(target.name, pid, reading)


def _fuzz(target: Target, *, inputs: int, seed: int, writing: int) -> NoReturn:
    """Fuzz in this process until `inputs` are done or one of them is a finding."""
    watched = _Watched(target, inputs, writing)
    folder = Path(tempfile.mkdtemp(prefix="portability-fuzz-"))
    for number, content in enumerate(target.seeds):
        (folder / f"seed-{number}").write_bytes(content)
    arguments = [sys.argv[0], str(folder), f"-seed={seed}", f"-max_len={target.largest}", f"-artifact_prefix={folder}/"]
    options = {"custom_mutator": target.mutate} if target.mutate else {}
    atheris.Setup([*arguments, "-verbosity=0"], watched, **options)
    atheris.Fuzz()
    os._exit(1)  # libFuzzer does not come back


class _Watched:
    """Calls the target, measures, and ends the process after the last input or at the first finding.

    libFuzzer ends a process without Python's own way out, so what was found is told before that.
    """

    def __init__(self, target: Target, inputs: int, writing: int) -> None:
        self._target = target
        self._inputs = inputs
        self._writing = writing
        self._outcome = Outcome(target.name)
        self._peak = _peak_mebibytes()
        self._started = time.monotonic()

    def __call__(self, data: bytes) -> None:
        milliseconds, declared = self._read(data)
        if milliseconds > MILLISECONDS:
            # A busy machine or the collector of garbage was slow, unless the input is so again.
            milliseconds = min(self._read(data)[0] for _ in range(2))
        self._outcome.declared += declared
        self._measure(data, milliseconds)
        if self._outcome.inputs >= self._inputs:
            self._tell()

    def _read(self, data: bytes) -> tuple[float, bool]:
        """CPU time in milliseconds, and whether it ended in a declared error."""
        before, declared = time.thread_time(), False
        try:
            self._target.read(data)
        except self._target.declared:
            declared = True
        except BaseException as error:  # noqa: BLE001 (whatever was not declared is what is looked for)
            self._found(f"{type(error).__name__}: {error}", data)
        return (time.thread_time() - before) * 1000, declared

    def _measure(self, data: bytes, milliseconds: float) -> None:
        outcome = self._outcome
        outcome.inputs += 1
        peak = _peak_mebibytes()
        growth, self._peak = peak - self._peak, peak
        if outcome.inputs <= WARM_UP:
            return
        outcome.slowest_ms = max(outcome.slowest_ms, milliseconds)
        outcome.largest_growth_mib = max(outcome.largest_growth_mib, growth)
        if milliseconds > MILLISECONDS or growth > MEBIBYTES:
            self._found(f"{milliseconds:.0f} ms and {growth:.0f} MiB", data)

    def _found(self, what: str, data: bytes) -> NoReturn:
        self._outcome.finding = f"{what}; see it again with: --replay {data.hex()}"
        self._tell()

    def _tell(self) -> NoReturn:
        self._outcome.seconds = round(time.monotonic() - self._started, 1)
        self._outcome.slowest_ms = round(self._outcome.slowest_ms, 1)
        self._outcome.largest_growth_mib = round(self._outcome.largest_growth_mib, 1)
        with os.fdopen(self._writing, "w") as pipe:
            json.dump(asdict(self._outcome), pipe)
        os._exit(0)


def _peak_mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def outcome_of(running: Running) -> Outcome:
    """Wait for a campaign and read what it told last; a process that died without a word is a finding."""
    with os.fdopen(running.reading) as pipe:
        told = pipe.read()
    _, status = os.waitpid(running.pid, 0)
    if not told:
        return Outcome(running.target, finding=f"the process ended with {status} and said nothing")
    return Outcome(**json.loads(told))
