"""What README.md shows runs: each block marked `console` is run line by line, and says what it is shown to say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from repository import ROOT

BLOCK = re.compile(r"^```console\n(?P<body>.*?)^```", re.MULTILINE | re.DOTALL)
SECONDS = 240


def blocks() -> list[str]:
    return [found["body"] for found in BLOCK.finditer((ROOT / "README.md").read_text())]


@pytest.mark.parametrize("block", [pytest.param(block, id=block.splitlines()[0][:60]) for block in blocks()])
def test_a_block_of_the_readme_runs(block: str, tmp_path: Path) -> None:
    """Lines that start with `$ ` are commands, the others what they print; a line `...` stands for any lines."""
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    shown = [line.strip() for line in block.splitlines() if not line.startswith("$ ")]
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PORTABILITY_DATA_FOLDER": str(tmp_path),
    }
    finished = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(commands)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    printed = [line.strip() for line in (finished.stdout + finished.stderr).splitlines()]
    assert [line for line in shown if line not in {"", "..."} and line not in printed] == []


def test_readme_has_something_to_run() -> None:
    assert blocks()
