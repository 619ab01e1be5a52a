"""The room on the disk of the data folder."""

import shutil
from pathlib import Path

__all__ = ["free_part"]


def free_part(folder: Path) -> float:
    """Which part of the folder's volume is free, from 0 to 1."""
    usage = shutil.disk_usage(folder)
    return usage.free / usage.total
