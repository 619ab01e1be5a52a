"""A short campaign on every reader of bytes from outside; `make fuzz` runs the long ones."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INPUTS = 2_000


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="ATHERIS IS NOT HERE: it has wheels for Linux only; nothing was fuzzed",
)
def test_readers_of_bytes_from_outside_end_in_a_value_or_a_declared_error() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--inputs", str(INPUTS)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    counted = [int(number.replace(",", "")) for number in re.findall(r"([\d,]+) inputs", ran.stdout)]
    assert len(counted) >= 20
    assert set(counted) == {INPUTS}
