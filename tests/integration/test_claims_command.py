"""`portability claims` at a running node: what waits is listed with the reason, opened and refused by a caseworker."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, date, timedelta
from pathlib import Path

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.agreements.careers import PersonIdentifier
from portability.app.demo.desks import put_records
from portability.app.demo.nodes import DemoNode, demo_nodes
from portability.app.demo.run import put_on_file
from portability.app.demo.story import AWARD_ON, BIRTH, WORKER
from portability.app.wiring.sent_claims import claim_use_cases
from portability.services.exchange.limits import USUAL
from portability.services.workers.claims.handlers import StartClaim
from portability.services.workers.claims.model import Claimant, SentClaim, Standing, Told, Wanted

PORTABILITY = Path(sys.executable).parent / "portability"
NODE = "it-inps"


@pytest.fixture
async def desk(tmp_path: Path, postgres_server: EmbeddedServer) -> AsyncIterator[DemoNode]:
    served = postgres_server.url_for("postgres")
    async with demo_nodes(tmp_path, kafka="", pages=False, database_url=served, only=NODE) as nodes:
        yield nodes[NODE]


async def claims(desk: DemoNode, *arguments: str) -> tuple[int, str]:
    """What `portability claims ... --as anna` ends with and prints at this node."""
    settings = desk.node.settings
    environment = {
        "PORTABILITY_INSTITUTION": NODE,
        "PORTABILITY_DATA_FOLDER": str(settings.data_folder),
        "PORTABILITY_LISTEN": f"127.0.0.1:{desk.node.port}",
        "COLUMNS": "200",
    }
    running = await asyncio.create_subprocess_exec(
        str(PORTABILITY),
        "claims",
        *arguments,
        "--as",
        "anna",
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    told, _ = await asyncio.wait_for(running.communicate(), timeout=60)
    return running.returncode or 0, told.decode()


async def test_what_waits_is_listed_with_the_reason_opened_and_refused(desk: DemoNode) -> None:
    node, worker_id = desk.node, await put_on_file(desk)
    hers = claim_use_cases(node.database, node.parts, limits=USUAL, zone=UTC)
    number = PersonIdentifier("IT", *desk.institution.account.number)

    async def sends(born: date, state: str) -> SentClaim:
        herself = Claimant(WORKER.family_name, WORKER.given_names, born, "IT", (number,))
        wanted = Wanted(herself, AWARD_ON, (Told(state, date(1990, 1, 1), date(1995, 1, 1)),))
        return (await hers.start(StartClaim(time_ordered_id(), worker_id, wanted))).claim

    # The register does not know her yet, so that nothing shows who she is.
    assert await claims(desk, "list") == (0, "No claim waits for a person.\n")
    first = await sends(BIRTH, "IT")
    code, told = await claims(desk, "list")
    assert (code, first.number in told, str(first.claimed_on) in told, "identity" in told) == (0, True, True, True)
    code, told = await claims(desk, "refuse", str(first.claim_id), "--because", "Please come with your passport.")
    assert (code, told) == (0, f"{first.number} is refused, with your reason.\n")
    assert await node.notices.note_all() == 1  # she has no case, and is told all the same
    assert await node.notices.note_all() == 0
    second = await sends(BIRTH + timedelta(days=1), "TN")
    code, told = await claims(desk, "open", str(second.claim_id), "--because", "Seen.")
    assert code == 1
    assert "cannot be the contact institution" in told
    await put_records(desk, first.claimed_on)
    await hers.withdraw(worker_id, second.claim_id)
    third = await sends(BIRTH + timedelta(days=1), "IT")
    code, told = await claims(desk, "open", str(third.claim_id), "--because", "You showed your passport.")
    assert (code, told.startswith(f"{third.number} is open as case ")) == (0, True), told
    assert f"dated {third.claimed_on}" in told
    assert await node.notices.note_all() >= 1
    assert [one.claim.standing for one in await hers.list_mine(worker_id)] == [
        Standing.OPENED,
        Standing.WITHDRAWN,
        Standing.REFUSED,
    ]
