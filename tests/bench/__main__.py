"""Run every measurement and print one JSON line each: `make bench` (or `python -m tests.bench g5`).

Each module `g*.py` has `run() -> list[dict]`; a ratio is the median of at least five interleaved pairs in one run,
because absolute times on shared machines say little.
"""

import importlib
import json
import os
import pkgutil
import sys
import traceback
from pathlib import Path

KEYS = {"name", "value", "unit", "baseline", "ratio"}


def main(wanted: list[str]) -> int:
    """Exit status 0 when every measurement wanted was made; a measurement that fails does not stop the others."""
    failed = 0
    print(f"# {machine()}", file=sys.stderr, flush=True)
    for module in sorted(pkgutil.iter_modules([str(Path(__file__).parent)]), key=lambda found: found.name):
        if (
            module.name[:1] not in "gm"
            or not module.name[1:2].isdigit()
            or (wanted and not module.name.startswith(tuple(wanted)))
        ):
            continue
        print(f"# {module.name}", file=sys.stderr, flush=True)
        try:
            for line in importlib.import_module(f"tests.bench.{module.name}").run():
                missing = KEYS - line.keys()
                if missing:
                    raise ValueError(f"{module.name}: a line lacks {sorted(missing)}")
                print(json.dumps(line), flush=True)
        except Exception:  # noqa: BLE001 - one broken measurement must not hide the others; it is counted below
            traceback.print_exc()
            failed += 1
    return 1 if failed else 0


def machine() -> str:
    """What the figures depend on. Distributions build Python guided by a profile, which takes a tenth off G1."""
    return f"{os.cpu_count()} cores, Python {' '.join(sys.version.split())}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
