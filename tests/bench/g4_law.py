"""The law as a whole: determinations with and without their trace, reading every treaty file, and what they weigh.

Each figure stands beside something of the machine's own in the same run: a determination without its trace, the bare
parsing of the same files by libyaml, and as many periods one after the other as coincide.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import yaml

from portability.agreements import packaged
from portability.agreements.determination import determine
from portability.agreements.explanation import trace_bytes
from portability.agreements.loading import load_agreement
from portability.agreements.lookup import rule_in_force
from portability.agreements.overlap import resolve_overlaps
from portability.agreements.periods import InsurancePeriod, PeriodKind
from portability.agreements.rules import Overlap
from portability.agreements.values import Branch
from tests.bench.processes import resident_mebibytes
from tests.services.determination.samples import AWARD, facts

PAIRS = 7
SECONDS = 0.4
PERIODS = 2000
HELD = (
    "import sys\n"
    "from portability.agreements import packaged\n"
    "if sys.argv[1] == 'all': held = packaged.agreements(), packaged.legislations()\n"
    "print('ready', flush=True)\n"
    "sys.stdin.readline()\n"
)


def run() -> list[dict[str, Any]]:
    """Determinations a second, milliseconds to read all treaty files, and MiB that they take."""
    claim = facts()
    agreement, legislation = packaged.agreement("eu-883-2004"), packaged.legislation("DE")

    def plain() -> object:
        return determine(claim, agreement=agreement, legislation=legislation)

    def traced() -> object:
        return trace_bytes(determine(claim, agreement=agreement, legislation=legislation))

    rates = [(_a_second(traced), _a_second(plain)) for _ in range(PAIRS)]
    texts = packaged.packaged_texts("treaties")
    loads = [(_milliseconds(lambda: _load(texts)), _milliseconds(lambda: _parse(texts))) for _ in range(PAIRS)]
    coinciding, apart = _career(step=7, days=2000), _career(step=7, days=7)
    crowded = [
        (_milliseconds(lambda: _resolve(coinciding)), _milliseconds(lambda: _resolve(apart))) for _ in range(PAIRS)
    ]
    held, bare = _resident("all"), _resident("none")
    return [
        _line("g4_traced_determinations", "a second", rates),
        _line(f"g4_load_{len(texts)}_treaties", "ms", loads),
        _line(f"g4_{PERIODS}_coinciding_periods", "ms", crowded),
        {
            "name": f"g4_memory_of_{len(texts)}_treaties",
            "value": round(held - bare, 1),
            "unit": "MiB",
            "baseline": round(bare, 1),
            "ratio": round(held / bare, 2),
        },
    ]


def _line(name: str, unit: str, pairs: list[tuple[float, float]]) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(statistics.median(mine for mine, _ in pairs), 1),
        "unit": unit,
        "baseline": round(statistics.median(base for _, base in pairs), 1),
        "ratio": round(statistics.median(mine / base for mine, base in pairs), 3),
    }


def _a_second(once: Callable[[], object]) -> float:
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        once()
        count += 1
    return count / (time.perf_counter() - started)


def _milliseconds(once: Callable[[], object]) -> float:
    started = time.perf_counter()
    once()
    return (time.perf_counter() - started) * 1000


def _load(texts: dict[str, str]) -> None:
    for file, text in texts.items():
        load_agreement(text, file)


def _parse(texts: dict[str, str]) -> None:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for text in texts.values():
        for _ in yaml.parse(text, Loader=loader):
            pass


def _career(*, step: int, days: int) -> list[InsurancePeriod]:
    """Periods of all kinds, turn about in two states: a new one after each step, each of so many days."""
    first, kinds = date(1970, 1, 1), tuple(PeriodKind)
    starts = [first + timedelta(days=step * number) for number in range(PERIODS)]
    return [
        InsurancePeriod(
            f"p{number}", "DEIT"[number % 2 * 2 :][:2], kinds[number % 4], "x", start, start + timedelta(days)
        )
        for number, start in enumerate(starts)
    ]


def _resolve(career: list[InsurancePeriod]) -> None:
    rule = rule_in_force(packaged.agreement("eu-883-2004"), Overlap, branch=Branch.OLD_AGE, on=AWARD, state="DE")
    resolve_overlaps(career, rule=rule, applying_state="DE")


def _resident(what: str) -> float:
    command = [sys.executable, "-c", HELD, what]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = resident_mebibytes(process.pid)
        process.communicate("\n", timeout=20)
    return found
