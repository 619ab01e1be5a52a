"""Starts a server to be attacked, in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portability.adapters.clock.system import SystemClock
from portability.app.rpc.credentials import CallerFiles, NodeTls
from portability.services.access import Role

ROOT = Path(__file__).parents[2]


@dataclass
class Victim:
    """A running server, seen from outside."""

    process: subprocess.Popen[str]
    folder: Path
    port: int
    tls: NodeTls

    @property
    def address(self) -> str:
        return f"localhost:{self.port}"

    def caller(self, role: Role = Role.CASEWORKER, name: str = "anna", institution: str = "") -> CallerFiles:
        return self.tls.caller(role, name, institution=institution)

    def reached(self) -> int:
        """How many calls have come through to a handler."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def events(self) -> list[dict[str, Any]]:
        """What the server has logged."""
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]

    def forget_peak(self) -> int:
        """Begin to measure the peak of memory anew; returns what is resident now, in bytes (proc(5), clear_refs)."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        return self._status("VmRSS")

    def peak(self) -> int:
        """The most that was resident since, in bytes."""
        return self._status("VmHWM")

    def _status(self, name: str) -> int:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"no {name}")


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    tls = NodeTls(tmp_path / "tls", "de-drv", hosts=("localhost",), clock=SystemClock())
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.attacks.victim", str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stdin
    try:
        yield Victim(process, tmp_path, int(process.stdout.readline()), tls)
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
