"""No worker is told twice of one event: two processes at once, each killed again and again (SIGKILL)."""

import asyncio
import random
import sys
from collections import Counter
from pathlib import Path

import psycopg

from portability.adapters.postgres.database import Database
from portability.adapters.postgres.workers_store import PostgresWorkers
from portability.services.workers.model import WorkerOnFile, parse_contact
from tests.at_rest import AT_REST
from tests.conftest import NewDatabase
from tests.integration.notice_teller import WORKERS

KILLS = 8
PATIENCE_SECONDS = 60


async def started(url: str, file: Path) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.notice_teller", url, str(file), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), PATIENCE_SECONDS) == b"up\n"
    return process


async def test_no_event_is_told_twice_by_two_processes_that_are_killed(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    url, file, chance = new_database(), tmp_path / "told.txt", random.Random(2026)  # noqa: S311 (when to kill)
    database = await Database.open(url, pool_size=2)
    async with database.transaction() as connection:
        for number, worker_id in enumerate(WORKERS):
            worker = WorkerOnFile(worker_id, parse_contact(f"w{number}@example.org"))
            await PostgresWorkers(connection, AT_REST).keep(worker)
    await database.close()

    killed = 0
    while killed < KILLS:
        pair = await asyncio.gather(started(url, file), started(url, file))
        await asyncio.sleep(chance.uniform(0.02, 0.12))
        for process in pair:
            if process.returncode is None:
                process.kill()
                killed += 1
            await process.wait()
        if len(file.read_text().splitlines() if file.exists() else ()) >= len(WORKERS) - 10:
            break  # the rest is told by those who live
    last = await asyncio.gather(started(url, file), started(url, file))
    assert [await asyncio.wait_for(process.wait(), PATIENCE_SECONDS) for process in last] == [0, 0]

    told = Counter(line.split(" ")[0] for line in file.read_text().splitlines())
    assert max(told.values()) == 1
    assert killed >= 2
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT worker_id, outcome FROM worker_notice_texts").fetchall()
        events = connection.execute("SELECT count(*) FROM worker_notices WHERE text_id IS NOT NULL").fetchone()
    assert events == (len(WORKERS),)  # every event was taken, once
    unsettled = {str(worker_id) for worker_id, outcome in rows if outcome == "taken"}
    # What is not told was in the hands of a process that was killed, and stands there as not settled.
    assert {str(worker_id) for worker_id in WORKERS} - told.keys() <= unsettled
    assert len(unsettled) <= killed
