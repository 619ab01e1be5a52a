"""`portability declarations` and `portability workers` at a running node: time is answered, and a case becomes hers."""

import asyncio
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.api.declarations.v1 import declarations_pb2 as pb
from portability.api.declarations.v1 import declarations_pb2_grpc
from portability.api.persons.v1 import messages_pb2 as persons
from portability.api.workers.v1 import workers_pb2, workers_pb2_grpc
from portability.app.demo.desks import lodge_claim
from portability.app.demo.nodes import DemoNode, demo_nodes
from portability.app.demo.run import enrol, sign_in
from portability.app.demo.story import WORKER
from portability.app.rpc.client import open_channel
from portability.services.access import Role
from tests.services.workers.papers import PDF

PORTABILITY = Path(sys.executable).parent / "portability"
NODE = "it-inps"
TODAY = date(2026, 11, 21)


async def said(desk: DemoNode, *arguments: str, typed: str = "") -> tuple[int, str]:
    """What `portability ... --as anna` ends with and prints at this node."""
    environment = {
        "PORTABILITY_INSTITUTION": NODE,
        "PORTABILITY_DATA_FOLDER": str(desk.node.settings.data_folder),
        "PORTABILITY_LISTEN": f"127.0.0.1:{desk.node.port}",
        "COLUMNS": "200",
    }
    running = await asyncio.create_subprocess_exec(
        str(PORTABILITY), *arguments, "--as", "anna", env=os.environ | environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    told, _ = await asyncio.wait_for(running.communicate(typed.encode()), timeout=60)
    return running.returncode or 0, told.decode()


async def declared(channel: Any, session: Any) -> str:
    stub: Any = declarations_pb2_grpc.MyDeclarationServiceStub(channel)
    day = persons.PartialDate(year=1984, month=5, precision=persons.DATE_PRECISION_MONTH)
    told = await stub.DeclarePeriod(
        pb.DeclarePeriodRequest(
            request_id=str(time_ordered_id()), state="TN", first_day=day, last_day=day, employer="Farm"
        ),
        metadata=session,
    )
    which: str = told.declaration.declaration_id
    paper = pb.AddDocumentRequest(
        request_id=str(time_ordered_id()), declaration_id=which, content=PDF, about="pay slip"
    )
    await stub.AddDocument(paper, metadata=session)
    return which


async def test_a_caseworker_answers_declared_time_and_says_whose_a_case_is(
    tmp_path: Path, postgres_server: EmbeddedServer
) -> None:
    url = postgres_server.url_for("postgres")
    async with demo_nodes(tmp_path, kafka="", pages=False, database_url=url, only=NODE) as nodes:
        desk = nodes[NODE]
        first, second, third = [await lodge_claim(desk, today=TODAY, award_on=date(2026, 12, 1)) for _ in range(3)]
        await enrol(desk, first)
        session = (("authorization", f"Bearer {(await sign_in(desk)).token}"),)
        files = desk.node.tls.caller(Role.WORKER, "page")
        async with open_channel(f"localhost:{desk.node.port}", files) as channel:
            await answering(desk, channel, session, tmp_path / "papers")
            await adding(desk, (await lodge_claim(desk, today=TODAY, award_on=date(2026, 12, 1))))
            await linking(desk, first, second, third)
            await finding(desk, {first, second, third})
            mine: Any = workers_pb2_grpc.WorkerServiceStub(channel)
            listed = await mine.ListMyCases(workers_pb2.ListMyCasesRequest(), metadata=session)
        assert {one.case_id for one in listed.cases} == {first, second, third}


async def answering(desk: DemoNode, channel: Any, session: Any, papers: Path) -> None:
    assert await said(desk, "declarations", "list") == (0, "Nothing waits for a person.\n")
    which = await declared(channel, session)
    code, told = await said(desk, "declarations", "list")
    assert (code, told.split()[0]) == (0, which)
    assert "TN  1984-05 to 1984-05  waiting" in told
    code, told = await said(desk, "declarations", "show", which, "--papers", str(papers))
    assert code == 0
    assert "employer: Farm" in told
    assert "pay slip" in told
    assert in_folder(papers) == [(".pdf", PDF)]
    answers = ("declarations", "answer", which, "--not-on-record", "--because", "No agreement binds Tunisia.")
    assert await said(desk, *answers) == (0, f"{which} is not on record, by anna.\n")
    code, told = await said(desk, *answers)
    assert code == 1
    assert "This declaration is answered" in told
    assert await said(desk, "declarations", "list") == (0, "Nothing waits for a person.\n")
    code, told = await said(desk, "declarations", "show", which)
    assert "not on record" in told
    assert "reason: No agreement binds Tunisia." in told
    assert "saved" not in told


def in_folder(folder: Path) -> list[tuple[str, bytes]]:
    return [(one.suffix, one.read_bytes()) for one in folder.iterdir()]


async def finding(desk: DemoNode, hers: set[str]) -> None:
    sector, number = desk.institution.account.number
    code, told = await said(desk, "cases", "list", "--of-person", typed=f"IT\n{sector}\n{number}\n")
    assert code == 0
    assert {word for word in told.split() if word in hers} == hers
    code, told = await said(desk, "cases", "list", "--of-person", typed=f"IT\n{sector}\nNOBODY1\n")
    assert code == 0
    assert not any(one in told for one in hers)


async def adding(desk: DemoNode, case: str) -> None:
    typed = "ada@example.org\nIT\nsocial_security\nada 1\nDE\npension\nada 2\n\n"
    assert (await said(desk, "workers", "add", typed=typed))[0] == 2
    code, told = await said(desk, "workers", "add", "--known-by", "document", "--language", "it", typed=typed)
    assert code == 0
    assert "Look again: The number of IT (social_security)" in told
    assert "She can sign in; where others share the contact, with a number of hers.\n" in told
    (hers,) = re.findall(r"She is on file as ([0-9a-f-]{36})\.\n", told)
    assert told.endswith(f"`portability workers link-case CASE --worker {hers} --as anna`.\n")
    for which in (("--worker", hers), ("--on-file",)):
        code, told = await said(desk, "workers", "link-case", case, *which, typed="ada@example.org\nADA2\n")
        assert code == 0
    code, told = await said(desk, "workers", "add", "--known-by", "person", typed=typed)
    assert code == 1
    assert "--number-on-file" in told
    assert hers not in told
    again = ("workers", "add", "--known-by", "person", "--number-on-file", "hers")
    assert (await said(desk, *again, typed=f"new@example.org\n{typed.partition(chr(10))[2]}"))[0] == 0
    code, told = await said(desk, "workers", "link-case", case, "--on-file", typed="new@example.org\nADA1\n")
    assert code == 0


async def linking(desk: DemoNode, first: str, second: str, third: str) -> None:
    assert (await said(desk, "workers", "link-case", second))[0] == 2
    assert (await said(desk, "workers", "link-case", second, "--same-as", first, "--on-file"))[0] == 2
    assert await said(desk, "workers", "link-case", second, "--same-as", first) == (0, f"Case {second} is hers now.\n")
    code, told = await said(desk, "workers", "link-case", third, "--on-file", typed=f"{WORKER.phone}\nNOBODY1\n")
    assert code == 1
    assert "NOBODY1" not in told
    number = desk.institution.account.number[1]
    code, told = await said(desk, "workers", "link-case", third, "--on-file", typed=f"{WORKER.phone}\n{number}\n")
    assert code == 0
    assert told.endswith(f"Case {third} is hers now.\n")
