"""A disk of its own for a server, small enough to be filled to the last byte."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

__all__ = ["SmallDisk"]

BLOCK = bytes(1 << 20)


class SmallDisk:
    """A file system in memory; `mount` needs the right to mount, which root has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    @classmethod
    def mount(cls, *, megabytes: int) -> Self:
        """Mount it on a new folder. Raises PermissionError, with what mount says, where this is not allowed here."""
        folder = Path(tempfile.mkdtemp(prefix="small-disk-"))
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            folder.rmdir()
            raise PermissionError(done.stderr.strip())
        return cls(folder)

    @property
    def free_bytes(self) -> int:
        """How much may still be written."""
        return shutil.disk_usage(self.folder).free

    def fill(self) -> None:
        """Take all the room there is."""
        with self._ballast.open("ab", buffering=0) as ballast:
            try:
                while ballast.write(BLOCK):
                    pass
            except OSError:
                assert self.free_bytes < 4096

    def make_room(self) -> None:
        """Give it back."""
        self._ballast.unlink()

    def unmount(self) -> None:
        """End it, with all that is on it."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)
        self.folder.rmdir()
