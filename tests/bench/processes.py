"""What a process of ours takes of the machine."""

import os
from pathlib import Path

__all__ = ["cpu_seconds", "postmaster", "resident_mebibytes"]

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def resident_mebibytes(pid: int) -> float:
    """Resident memory of a running process, in MiB, as Linux counts it (VmRSS)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"Process {pid} has ended.")


def postmaster(folder: Path) -> int:
    """The process id of the PostgreSQL server whose data stand below `folder`."""
    return int(next(folder.rglob("postmaster.pid")).read_text().split()[0])


def cpu_seconds(pid: int) -> float:
    """CPU time, in user and kernel, of a running process, its threads and all of its children, ended or running.

    On a machine that others use too it says more than the wall clock.
    """
    own = _times(pid)
    children = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and _parent(path) == pid]
    return own + sum(cpu_seconds(child) for child in children)


def _times(pid: int) -> float:
    """utime, stime, cutime and cstime of proc(5)."""
    return sum(int(ticks) for ticks in _stat(Path(f"/proc/{pid}"))[11:15]) / TICKS_A_SECOND


def _parent(path: Path) -> int | None:
    try:
        return int(_stat(path)[1])
    except (FileNotFoundError, ProcessLookupError):
        return None  # it ended while we looked


def _stat(path: Path) -> list[str]:
    """The fields after the name, which may hold anything but a closing bracket at its end."""
    return (path / "stat").read_text().rpartition(")")[2].split()
