"""A paper form at the desk: its picture is scanned into a new case of a running node."""

import asyncio
import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pypdfium2

from portability.adapters.paper.claim_form import print_claim_form
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.adapters.workers.web.claim_form_pages import claim_of
from portability.app.demo.desks import read_case
from portability.app.demo.nodes import demo_nodes
from portability.services.workers.words import words_for

PORTABILITY = Path(sys.executable).parent / "portability"
FILLED = {
    "family_name": "Conti",
    "given_names": "Rosa",
    "birth_date": "1961-04-02",
    "residence": "IT",
    "award_on": "2026-12-01",
    "state1": "IT",
    "number1": "CNTRSM61D42H501X",
    "from1": "1981-03-01",
    "until1": "1992-05-31",
    "work1": "in a kitchen",
}


async def test_a_picture_of_the_paper_becomes_a_case_on_the_day_it_came_in(
    tmp_path: Path, postgres_server: EmbeddedServer
) -> None:
    claim = claim_of(FILLED, today=date(2026, 11, 1), language="hi")
    pdf = await print_claim_form(claim, institution="INPS", words=words_for(["hi"]))
    picture = tmp_path / "paper.png"
    pypdfium2.PdfDocument(pdf)[0].render(scale=2).to_pil().save(picture)
    today = datetime.now(UTC).date().isoformat()  # noqa: TID251 (the node's own clock)
    url = postgres_server.url_for("postgres")
    async with demo_nodes(tmp_path / "nodes", kafka="", pages=False, database_url=url, only="it-inps") as desks:
        desk = desks["it-inps"]
        process = await asyncio.create_subprocess_exec(
            str(PORTABILITY), "cases", "scan", str(picture), "--as", "anna", "--lodged-on", today,
            "--node", f"localhost:{desk.node.port}",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={
                **os.environ,
                "PORTABILITY_INSTITUTION": "it-inps",
                "PORTABILITY_DATA_FOLDER": str(desk.node.settings.data_folder),
            },
        )  # fmt: skip
        told, _ = await asyncio.wait_for(process.communicate(b"y\n"), 120)
        assert process.returncode == 0, told.decode()
        assert "Rosa Conti, born 1961-04-02, in IT" in told.decode()
        case = await read_case(desk, told.decode().split()[-1])
    assert case.claim.person.identifiers[0].value == "CNTRSM61D42H501X"
    assert f"{case.claim.lodged_on.year}-{case.claim.lodged_on.month:02}-{case.claim.lodged_on.day:02}" == today
    assert case.claim.language == "hi" and case.claim.asks_in_writing
