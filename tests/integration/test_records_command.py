"""`portability records` at a running node: a document is entered, what fails is listed, and a person settles it."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from portability.adapters.postgres.embedded import EmbeddedServer
from portability.app.demo.desks import lodge_claim, put_records
from portability.app.demo.nodes import DemoNode, demo_nodes

PORTABILITY = Path(sys.executable).parent / "portability"
DOCUMENTS = Path(__file__).parents[1] / "eessi" / "documents"
NODE = "it-inps"
TODAY = date(2026, 11, 21)


@pytest.fixture
async def desk(tmp_path: Path, postgres_server: EmbeddedServer) -> AsyncIterator[DemoNode]:
    served = postgres_server.url_for("postgres")
    async with demo_nodes(tmp_path, kafka="", pages=False, database_url=served, only=NODE) as nodes:
        await put_records(nodes[NODE], TODAY)
        yield nodes[NODE]


async def records(desk: DemoNode, *arguments: str) -> tuple[int, str]:
    """What `portability records ... --as anna` ends with and prints at this node."""
    settings = desk.node.settings
    environment = {
        "PORTABILITY_INSTITUTION": NODE,
        "PORTABILITY_DATA_FOLDER": str(settings.data_folder),
        "PORTABILITY_LISTEN": f"127.0.0.1:{desk.node.port}",
        "COLUMNS": "200",
    }
    running = await asyncio.create_subprocess_exec(
        str(PORTABILITY),
        "records",
        *arguments,
        "--as",
        "anna",
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    told, _ = await asyncio.wait_for(running.communicate(), timeout=60)
    return running.returncode or 0, told.decode()


def french(folder: Path) -> Path:
    """A P5000 of France: its first period begins before the person was born, another is of the United Kingdom."""
    document = json.loads((DOCUMENTS / "P5000.json").read_text(encoding="utf-8"))
    first, _, third = document["pensjon"]["medlemskapboarbeid"]["medlemskap"]
    first["land"] = third["land"] = "FR"
    first["periode"]["fom"] = "1900-03-01"
    (folder / "P5000-fr.json").write_text(json.dumps(document), encoding="utf-8")
    return folder / "P5000-fr.json"


async def test_a_document_is_entered_judged_and_settled_by_a_person(desk: DemoNode, tmp_path: Path) -> None:
    case_id = await lodge_claim(desk, today=TODAY, award_on=date(2026, 12, 1))
    code, told = await records(desk, "to-review")
    assert (code, told.strip()) == (0, "Nothing waits for a person.")

    file = french(tmp_path)
    enters = ("--case", case_id, "--institution", "fr-cnav")
    code, told = await records(desk, "enter", str(file), *enters)
    assert code == 3  # one is of another state, and is named
    assert "of fr-cnav entered from EESSI P5000." in told
    assert "not entered: It is of GB, and the statement of FR" in told

    code, told = await records(desk, "to-review")
    assert code == 0
    first, reason, *_ = told.splitlines()
    case, state, period, *_ = first.split()
    assert (case, state) == (case_id, "FR")
    assert reason.strip() == "plausible: It begins before the person was born."

    code, told = await records(
        desk, "settle", case, state, period, "--does-not-stand", "--because", "a slip of the pen"
    )
    assert (code, told.strip()) == (0, f"FR {period} is left out, by anna.")
    assert (await records(desk, "to-review"))[1].strip() == "Nothing waits for a person."
    code, told = await records(desk, "settle", case, state, "no-such-period", "--stands", "--because", "I looked")
    assert code == 1
    assert "Nothing of that period waits for a person" in told


async def test_what_is_no_statement_of_an_institution_is_refused_and_so_is_one_for_no_case(
    desk: DemoNode, tmp_path: Path
) -> None:
    enters = ("--case", "01936e00-0000-7000-8000-00000000ca5e", "--institution", "fr-cnav")
    code, told = await records(desk, "enter", str(DOCUMENTS / "P4000.json"), *enters)
    assert code == 1
    assert "it tells what the person says of her own time" in told
    code, told = await records(desk, "enter", str(DOCUMENTS / "P6000.json"), *enters)
    assert code == 1
    assert "is a P6000 and states no periods" in told
    code, told = await records(desk, "enter", str(DOCUMENTS / "P5000.json"), *enters, "--evidence", "hearsay")
    assert code == 2
    assert "'hearsay' is no evidence" in told
    code, told = await records(desk, "enter", str(DOCUMENTS / "P5000.json"), *enters)
    assert code == 1
    assert "says that there are periods, and has none of FR" in told
    code, told = await records(desk, "enter", str(french(tmp_path)), *enters)
    assert code == 1
    assert "No career is known for case" in told
