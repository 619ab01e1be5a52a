"""The signed directory, with the roots that prove it, in a file that is replaced in one step."""

import asyncio
import os
from pathlib import Path

from portability.agreements.errors import GatewayError
from portability.services.registry.mapping.roots import decode_chain, encode_chain
from portability.services.registry.roots import TrustChain

__all__ = ["DirectoryFile"]


class DirectoryFile:
    """The port `DirectoryStore` of the registry."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def load(self) -> TrustChain | None:
        """Read the file; None where there is none."""
        try:
            data = await asyncio.to_thread(self._path.read_bytes)
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise GatewayError(f"{self._path} cannot be read: {exc.strerror}.", retryable=False) from exc
        return decode_chain(data)

    async def save(self, chain: TrustChain) -> None:
        """Write beside and rename, so that a crash leaves the old one or the new one."""
        try:
            await asyncio.to_thread(self._replace, encode_chain(chain))
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
