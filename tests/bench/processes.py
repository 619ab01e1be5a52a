"""What a process of ours takes of the machine."""

from pathlib import Path

__all__ = ["resident_mebibytes"]


def resident_mebibytes(pid: int) -> float:
    """Resident memory of a running process, in MiB, as Linux counts it (VmRSS)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"Process {pid} has ended.")
