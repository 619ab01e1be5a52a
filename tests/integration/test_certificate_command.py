"""A certificate's whole way: issued at a node, drawn as a QR code, verified with the network off, revoked, refused."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import httpx
import pypdfium2
import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.stream import PostgresStream
from portability.adapters.postgres.workers_store import PostgresWorkerCases, PostgresWorkers
from portability.agreements.careers import PersonIdentifier
from portability.app.bootstrap import open_node
from portability.app.node import Node
from portability.app.wiring.certificates import certificate_printer, certificate_use_cases
from portability.services.cases.model import Claim, DeclaredPeriod, Person
from portability.services.workers.model import WorkerOnFile, parse_contact
from tests.integration.witnessed_nodes import prepare, settings_of
from tests.services.cases.kept import keep_claim

PORTABILITY = Path(sys.executable).parent / "portability"
NUMBER = "CNTRSM61D42H501X"
CONTENT = {
    "coverage": {
        "agreement_id": "eu-883-2004",
        "legislation_state": "IT",
        "status": "CERTIFICATE_STATUS_POSTED_EMPLOYED",
        "first_day": {"year": 2026, "month": 10, "day": 1},
        "last_day": {"year": 2099, "month": 9, "day": 30},
        "employers": [{"employer_id": "IT-1", "name": "Trasporti Conti S.r.l.", "country": "IT"}],
        "workplaces": [{"country": "DE", "locality": "Hamburg"}],
    }
}
NO_NETWORK = ["unshare", "--net", "--map-root-user"]
OFFLINE = shutil.which("unshare") is not None and subprocess.run([*NO_NETWORK, "true"], check=False).returncode == 0


async def run(*arguments: object, offline: bool = False, **environment: object) -> tuple[int, str]:
    """The command, where asked in a network of its own in which there is nothing, not even itself."""
    variables = {f"PORTABILITY_{name.upper()}": str(value) for name, value in environment.items()}
    process = await asyncio.create_subprocess_exec(
        *(NO_NETWORK if offline else []),
        str(PORTABILITY),
        *map(str, arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **variables},
    )
    told, _ = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode or 0, told.decode()


async def lodge(node: Node) -> tuple[UUID, WorkerOnFile]:
    """A claim as the node knows it, and its worker on file."""
    person = Person("Conti", "Rosa Maria", date(1961, 4, 2), "IT", (PersonIdentifier("IT", "social_security", NUMBER),))
    worked = DeclaredPeriod("IT", date(1985, 1, 1), date(2026, 10, 1))
    claim, case_id = Claim(person, date(2026, 11, 20), date(2026, 12, 1), (worked,)), time_ordered_id()
    worker = WorkerOnFile(time_ordered_id(), parse_contact("rosa@example.org"), (NUMBER,))
    async with node.database.transaction() as connection:
        at = datetime(2026, 11, 20, tzinfo=UTC)
        await keep_claim(connection, node.parts.at_rest, case_id, claim, me="it-inps", at=at)
        await PostgresWorkers(connection, node.parts.at_rest).keep(worker)
        await PostgresWorkerCases(connection).link(worker.worker_id, case_id)
    return case_id, worker


@pytest.mark.skipif(not OFFLINE, reason="NO NETWORK CAN BE SWITCHED OFF HERE: unshare is missing or not allowed")
async def test_issued_drawn_verified_offline_revoked_and_refused(
    new_database: Callable[[], str], empty_database: Callable[[], str], tmp_path: Path
) -> None:
    await prepare(tmp_path)
    settings = settings_of(
        tmp_path, "it-inps", new_database(), public_address="https://my.inps.example", keys_url=empty_database()
    ).model_copy(update={"web_listen": "127.0.0.1:0"})
    stream = await PostgresStream.open(empty_database())
    async with open_node(settings, stream=stream) as node:
        port = await node.server.start()
        assert node.page is not None
        pages = asyncio.create_task(node.page.run())
        case_id, worker = await lodge(node)
        (tmp_path / "content.json").write_text(json.dumps(CONTENT))
        at_node = {"institution": "it-inps", "data_folder": tmp_path / "it-inps"}

        # Issued by a caseworker.
        file = tmp_path / "rosa.jwt"
        staff = ("--as", "anna", "--node", f"localhost:{port}")
        more = ("--kind", "coverage", "--content", tmp_path / "content.json", "--out", file)
        code, told = await run("certificate", "issue", case_id, *staff, *more, **at_node)
        assert code == 0, told
        certificate_id = told.splitlines()[-2].split()[0]
        text = told.splitlines()[-1]

        # Printed by the worker; somebody takes a picture of the paper.
        use_cases = certificate_use_cases(
            node.database, node.parts, node.keys, address=settings.public_address, wallet_secret=b"w" * 32
        )
        kept = await use_cases.one_of_mine(worker.worker_id, UUID(certificate_id))
        pdf = await certificate_printer(use_cases)(kept, "ar")
        picture = tmp_path / "paper.png"
        pypdfium2.PdfDocument(pdf)[0].render(scale=2).to_pil().save(picture)

        # Verified with the network off by an inspector who has the directory and its root, and no node.
        abroad = {"data_folder": tmp_path / "nothing"}
        believed = ("--directory", tmp_path / "it-inps" / "directory.bin", "--root", tmp_path / "it-inps" / "root.bin")
        for shown in (file, picture, text):
            code, told = await run("certificate", "verify", shown, *believed, offline=True, **abroad)
            assert code == 0, told
            assert "This certificate is genuine and valid." in told and "30 September 2099" in told
        before = await published(node, tmp_path / "before.jwt")
        code, told = await run("certificate", "verify", text, *believed, "--status", before, offline=True, **abroad)
        assert code == 0 and "It was not withdrawn" in told

        # Revoked, and refused with the list of the same hour, in the inspector's language.
        code, told = await run("certificate", "revoke", certificate_id, *staff, **at_node)
        assert code == 0, told
        after = await published(node, tmp_path / "after.jwt")
        for shown in (file, picture, text):
            status = (*believed, "--status", after, "--language", "es")
            code, told = await run("certificate", "verify", shown, *status, offline=True, **abroad)
            assert code == 1 and "Quien lo emitió lo ha retirado." in told and "[revoked]" in told
        code, told = await run("certificate", "list", case_id, *staff, **at_node)
        assert certificate_id in told and "coverage" in told and "by anna" in told

        # Forged, and by a stranger.
        wrong = text[:-3] + ("AAA" if text[-3:] != "AAA" else "BBB")
        code, told = await run("certificate", "verify", wrong, *believed, offline=True, **abroad)
        assert code == 1 and "Do not rely on this certificate." in told
        node.page._server.should_exit = True
        await asyncio.wait_for(pages, 30)
        await node.server.stop(grace_seconds=0)
    await stream.close()


async def published(node: Node, file: Path) -> Path:
    """The status list as the institution's site gives it to everybody."""
    assert node.page is not None
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{node.page.url}certificates/status/1")
    await asyncio.to_thread(file.write_text, answer.text)
    return file
