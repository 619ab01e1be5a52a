"""A worker takes all that is kept about her; the ZIP grows while it is sent, and one file of it is held at a time."""

import io
import zipfile
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from portability.services.workers.room import Room
from portability.services.workers.takeout.ports import Clock, KeptFile, Reader, TakeoutLog, WhatIsKept

__all__ = ["PART_BYTES", "TakeoutUseCases"]

PART_BYTES: Final = 64 * 1024
MOST_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeoutUseCases:
    """`zone` is where the institution is: files carry the time there."""

    kept: WhatIsKept
    log: TakeoutLog
    clock: Clock
    zone: tzinfo = UTC
    room: Room = field(default_factory=lambda: Room(most=MOST_AT_ONCE))

    async def everything(self, reader: Reader) -> AsyncGenerator[bytes, None]:
        """The parts of one ZIP file. Raises OverloadError before the first where one of hers is still on its way."""
        with self.room.place(reader.worker_id):
            now = self.clock.now()
            await self.log.note(reader, at=now)
            made = _Growing()
            with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
                async for file in self.kept.files(reader):
                    _add(archive, file, at=now.astimezone(self.zone))
                    for part in made.take():
                        yield part
            for part in made.take():
                yield part


class _Growing(io.RawIOBase):
    """What was written and not taken yet. It cannot be gone back in, so that sizes stand behind each file."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: Any, /) -> int:
        self._written += content
        return len(content)

    def take(self) -> list[bytes]:
        whole = bytes(self._written)
        self._written.clear()
        return [whole[place : place + PART_BYTES] for place in range(0, len(whole), PART_BYTES)]


def _add(archive: zipfile.ZipFile, file: KeptFile, *, at: datetime) -> None:
    info = zipfile.ZipInfo(file.name, at.timetuple()[:6])
    info.compress_type = zipfile.ZIP_STORED if file.is_packed else zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    archive.writestr(info, file.content)
