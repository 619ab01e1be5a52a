"""`portability records import` and `portability map`, as an office runs them, against a node on real PostgreSQL.

PORTABILITY_SHARED aside, one variable changes what is run: BIG_IMPORT=1000000 makes the file of the last test as long.
"""

import asyncio
import csv
import os
import re
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import NewDatabase

from .files import HEADER, line, written
from .world import Door, import_door

LINES = int(os.environ.get("BIG_IMPORT", "12000"))


@pytest.fixture
async def door(tmp_path: Path, new_database: NewDatabase) -> AsyncIterator[Door]:
    async with import_door(tmp_path / "node", new_database()) as opened:
        yield opened


async def run(door: Door, *arguments: str | Path) -> tuple[int, str, str]:
    return await ended(door.start(*map(str, arguments)))


async def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    said, complained = await asyncio.to_thread(process.communicate, timeout=280)
    return process.returncode, said, complained


def peak_mebibytes(process: subprocess.Popen[str]) -> float:
    """The most memory that a process held until it ended. What wait() tells counts that of who started it as well."""
    peak = 0
    while process.poll() is None:
        with suppress(FileNotFoundError):  # it has ended meanwhile
            told = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
            peak = int(told[1]) if told else peak
        time.sleep(0.05)
    return peak / 1024


def importing(file: Path) -> list[str | Path]:
    return ["records", "import", file, "--map", file.with_name("map.yaml")]


def set_aside(rejects: Path) -> list[dict[str, str]]:
    with rejects.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=";"))


async def test_what_is_wrong_is_told_by_its_line_and_what_was_set_aside_is_corrected_and_run_again(
    door: Door, tmp_path: Path
) -> None:
    file = written(
        tmp_path,
        line(2000),
        line(2001, bis="31.12.1999"),
        line(2002, von="31.02.2002"),
        line(2003),
        line(2004, geboren="11.03.1958"),
    )
    code, said, complained = await run(door, *importing(file))
    assert (code, said.splitlines()[0]) == (3, "5 lines read: 2 accepted, 0 known already.")
    told = complained.splitlines()
    assert [each.partition("  ")[0] for each in told] == [f"contributions.csv:{number}" for number in (3, 4, 6)]
    assert "Column 'bis': period" in told[0]
    assert "There is no day '31.02.2002'" in told[1]
    assert "Column 'geboren': The account has another birth date" in told[2]
    account = await door.account("K-1")
    assert account is not None
    assert [each.period.start.year for each in account.periods if each.period.start] == [2000, 2003]

    rejects = file.with_name("contributions.csv.rejects.csv")
    rows = set_aside(rejects)
    assert [row["_line"] for row in rows] == ["3", "4", "6"]
    assert rows[0]["bis"] == "31.12.1999"
    corrected = rejects.read_text().replace("31.12.1999", "31.12.2001").replace("31.02.2002", "01.02.2002")
    rejects.write_text(corrected.replace("11.03.1958", "10.03.1958"))
    code, said, complained = await run(door, *importing(rejects)[:-1], file.with_name("map.yaml"))
    assert (code, said, complained) == (0, "3 lines read: 3 accepted, 0 known already.\n", "")
    assert await door.count() == 5
    # The same file again: the same import, which holds everything; its rejects are written again.
    code, said, _ = await run(door, *importing(file))
    assert (code, said.splitlines()[0]) == (3, "5 lines read: 0 accepted, 0 known already, 2 sent before.")
    assert [row["_line"] for row in set_aside(rejects)] == ["3", "4", "6"]
    assert await door.count() == 5


async def test_a_dry_run_finds_what_can_be_found_and_sends_nothing(door: Door, tmp_path: Path) -> None:
    file = written(tmp_path, line(2000), line(2001, bis="31.12.1999"))
    code, said, complained = await run(door, *importing(file), "--dry-run")
    assert (code, said.splitlines()[0]) == (3, "2 lines read: 1 can be sent; nothing was sent.")
    assert complained.startswith("contributions.csv:3  Column 'bis'")
    assert await door.count() == 0


async def test_a_wrong_map_or_no_node_ends_before_anything_is_sent(door: Door, tmp_path: Path) -> None:
    file = written(tmp_path, line(2000), header=HEADER.replace("bis", "Ende"))
    code, _, complained = await run(door, *importing(file))
    assert (code, "no column 'bis'" in complained) == (1, True)
    door.port = 1
    code, _, complained = await run(door, *importing(written(tmp_path, line(2000))))
    assert (code, "No node answers at localhost:1" in complained) == (1, True)


async def test_a_map_is_proposed_corrected_and_checked(door: Door, tmp_path: Path) -> None:
    file = written(tmp_path, line(2000, Art="11"), line(2001, Monate="zwölf"))
    target = file.with_name("contributions.csv.map.yaml")
    assert (await run(door, "map", "new", file))[0] == 0
    code, _, complained = await run(door, "map", "check", file, "--map", target)
    assert (code, "`state` is neither a column" in complained) == (1, True)
    assert (await run(door, "map", "new", file))[0] == 1
    text = target.read_text().replace('state: ""', "state: DE").replace('scheme: ""', "scheme: de-rente")
    text = text.replace('identifier_country: ""', "identifier_country: DE").replace(
        "words: {}", "words: {kind: {'11': voluntary}}"
    )
    target.write_text(text.replace('identifier_sector: ""', "identifier_sector: pension"))
    code, said, _ = await run(door, "map", "check", file, "--map", target)
    assert code == 1
    assert 'account_id: "K-1"' in said
    assert "contributions.csv:3  Column 'Monate': 'zwölf' is not a number." in said
    assert "2 lines looked at, 1 would be set aside." in said


async def test_a_long_file_with_a_broken_line_survives_sigkill_and_nothing_is_double(
    door: Door, tmp_path: Path
) -> None:
    """LINES lines, of which one at seven tenths is broken; killed on its way, run again, and once more."""
    broken = LINES * 7 // 10 + 1
    file = tmp_path / "contributions.csv"
    written(tmp_path)
    with file.open("w", encoding="utf-8") as out:
        out.write(HEADER + "\n")
        for number in range(1, LINES + 1):
            account, year = divmod(number - 1, 40)
            cells = {"Konto": f"K-{account}", "Versicherungsnummer": f"12 {account:06} R 501"}
            if number == broken:
                cells["bis"] = "31.12.1899"
            out.write(line(1980 + year, **cells) + "\n")
    process = door.start(*map(str, importing(file)))
    while await door.count() < LINES // 4:
        assert process.poll() is None, process.communicate()
        await asyncio.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.communicate)
    before = await door.count()
    assert before < LINES - 1

    started = time.perf_counter()
    process = door.start(*map(str, importing(file)))
    (code, said, complained), peak = await asyncio.gather(ended(process), asyncio.to_thread(peak_mebibytes, process))
    seconds = time.perf_counter() - started
    print(
        f"\n{LINES} lines, {LINES - 1 - before} after the kill in {seconds:.1f} s; peak of the command {peak:.0f} MiB"
    )
    assert code == 3, complained
    assert complained.startswith(f"contributions.csv:{broken + 1}  Column 'bis': period")
    assert said.startswith(f"{LINES} lines read: ")
    assert await door.count() == LINES - 1
    account = await door.account("K-7")
    assert account is not None
    assert len(account.periods) == 40
    rejects = file.with_name("contributions.csv.rejects.csv")
    assert [row["_line"] for row in set_aside(rejects)] == [str(broken + 1)]
    assert 20 < peak < 500
    code, said, _ = await run(door, *importing(file))
    assert (code, said.splitlines()[0]) == (
        3,
        f"{LINES} lines read: 0 accepted, 0 known already, {LINES - 1} sent before.",
    )
    assert await door.count() == LINES - 1
