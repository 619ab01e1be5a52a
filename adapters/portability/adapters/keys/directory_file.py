"""The signed directory in a file, replaced in one step."""

import asyncio
import os
from pathlib import Path

from portability.agreements.errors import GatewayError
from portability.services.registry.mapping import decode_signed, encode_signed
from portability.services.registry.model import SignedDirectory

__all__ = ["DirectoryFile"]


class DirectoryFile:
    """The port `DirectoryStore` of the registry."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def load(self) -> SignedDirectory | None:
        """Read the file; None where there is none."""
        try:
            data = await asyncio.to_thread(self._path.read_bytes)
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise GatewayError(f"{self._path} cannot be read: {exc.strerror}.", retryable=False) from exc
        return decode_signed(data)

    async def save(self, signed: SignedDirectory) -> None:
        """Write beside and rename, so that a crash leaves the old one or the new one."""
        try:
            await asyncio.to_thread(self._replace, encode_signed(signed))
        except OSError as exc:
            raise GatewayError(f"{self._path} cannot be written: {exc.strerror}.", retryable=False) from exc

    def _replace(self, data: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_suffix(".new")
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
