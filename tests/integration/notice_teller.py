"""A process that tells what is due until nothing is: `python -m tests.integration.notice_teller DATABASE FILE`."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from uuid import UUID

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.notices_store import PostgresChoices, PostgresNotices
from portability.services.notices.handlers import Notices
from portability.services.notices.model import Channel, Choice, Happening, Kind

__all__ = ["WORKERS"]

WORKERS = [UUID(int=number) for number in range(1, 81)]
AT_ONCE = 0.003  # seconds that a gateway takes


class Everybody:
    """Happenings: the same event for each worker, found anew by every process."""

    async def workers_after(self, worker_id: UUID | None, *, limit: int) -> Sequence[UUID]:
        begun = WORKERS.index(worker_id) + 1 if worker_id else 0
        return WORKERS[begun : begun + limit]

    async def touched(self) -> Sequence[UUID]:
        return WORKERS

    async def of(self, worker_id: UUID) -> Sequence[Happening]:
        return [Happening(Kind.DONE, f"{worker_id}:1", SystemClock().now())]


@dataclass(frozen=True)
class Work:
    happenings: Everybody
    book: PostgresNotices
    choices: "AlwaysAwake"


class AlwaysAwake(PostgresChoices):
    async def of(self, worker_id: UUID) -> Choice:
        return Choice(quiet_from=Choice().quiet_until, quiet_until=Choice().quiet_until)


class File:
    """NoticeSender: one line a text, written at once; then the answer takes its time, as a gateway's does."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, worker_id: UUID, kind: Kind, *, several: bool, case_id: UUID | None) -> Channel | None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, f"{worker_id} {kind}\n".encode())
        os.close(descriptor)
        await asyncio.sleep(AT_ONCE)
        return None


async def main(url: str, path: Path) -> None:
    database = await Database.open(url, pool_size=2)

    @asynccontextmanager
    async def work() -> AsyncIterator[Work]:
        async with database.transaction(acting="node") as connection:
            yield Work(Everybody(), PostgresNotices(connection), AlwaysAwake(connection))

    notices = Notices(unit_of_work=work, sender=File(path), clock=SystemClock(), new_id=time_ordered_id, zone=UTC)
    print("up", flush=True)
    await notices.note_all()
    await notices.send_due()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
