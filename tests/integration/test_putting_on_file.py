"""A caseworker puts workers on file on a running node, and erases them: what is told of a number tells of nobody."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import grpc
import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.api.privacy.v1 import privacy_pb2, privacy_pb2_grpc
from portability.api.records.v1.messages_pb2 import PersonIdentifier
from portability.api.workers.v1 import linking_pb2 as pb
from portability.api.workers.v1 import linking_pb2_grpc, workers_pb2, workers_pb2_grpc
from portability.app.demo.desks import lodge_claim
from portability.app.demo.nodes import DemoNode, demo_nodes
from portability.app.rpc.client import open_channel
from portability.services.access import Role
from portability.services.workers.model import AskForCode, SignInRefused

NODE = "it-inps"
ROSA, MIRA, ADA, NEW = (f"{who}@example.org" for who in ("rosa", "mira", "ada", "new"))
CODICE = "RSSMRA85T10A562S"  # made up, with the right check character


@pytest.fixture
async def desk(tmp_path: Path, postgres_server: EmbeddedServer) -> AsyncIterator[DemoNode]:
    url = postgres_server.url_for("postgres")
    async with demo_nodes(tmp_path, kafka="", pages=False, database_url=url, only=NODE) as nodes:
        yield nodes[NODE]


def of(contact: str, *numbers: str, **given: Any) -> pb.RegisterWorkerRequest:
    found = [PersonIdentifier(country="IT", sector="social_security", value=one) for one in numbers]
    made = {"request_id": str(time_ordered_id()), "contact": contact, "numbers": found, "language": "it"} | given
    return pb.RegisterWorkerRequest(known_by=pb.KNOWN_BY_DOCUMENT, **made)


async def cases_of(desk: DemoNode, contact: str, number: str = "") -> set[str] | None:
    """What she reads among her cases once she has signed in by a code; None where no code comes."""
    page, codes = desk.node.worker, desk.node.settings.data_folder / "worker-codes.jsonl"
    before = codes.read_bytes() if codes.exists() else b""
    asked = await page.request_sign_in_code(AskForCode(str(time_ordered_id()), contact, number))
    await desk.node.codes.drain()
    if not codes.exists() or codes.read_bytes() == before:
        return None
    code = json.loads(codes.read_text().splitlines()[-1])
    assert code["language"] == "it"
    opened = await page.sign_in(challenge=asked.challenge, code=code["code"], origin="")
    assert not isinstance(opened, SignInRefused)
    files = desk.node.tls.caller(Role.WORKER, "page")
    async with open_channel(f"localhost:{desk.node.port}", files) as channel:
        mine: Any = workers_pb2_grpc.WorkerServiceStub(channel)
        told = await mine.ListMyCases(
            workers_pb2.ListMyCasesRequest(), metadata=(("authorization", f"Bearer {opened.token}"),)
        )
    return {one.case_id for one in told.cases}


async def refused(call: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as told:
        await call
    return told.value.code(), str(told.value.details())


async def test_she_signs_in_once_she_is_on_file_and_reads_a_case_once_it_is_hers(desk: DemoNode) -> None:
    stub: Any = linking_pb2_grpc.WorkerDeskServiceStub(desk.caseworker)
    assert await cases_of(desk, ROSA) is None
    entered = of(ROSA, CODICE.lower(), "RSSMRA85T10A562X")
    told = [await stub.RegisterWorker(entered) for _ in range(2)]
    assert [list(one.doubts) for one in told] == [
        ["The number of IT (social_security) has not the form or check digit that it should."]
    ] * 2
    assert await cases_of(desk, ROSA, CODICE) == set()
    case_id = await lodge_claim(desk, today=date(2026, 11, 21), award_on=date(2026, 12, 1))
    # Whoever has put her on file goes on with the id that she was told.
    (worker_id,) = {one.worker_id for one in told}
    await stub.LinkCase(pb.LinkCaseRequest(request_id=str(time_ordered_id()), case_id=case_id, worker_id=worker_id))
    assert await cases_of(desk, ROSA, CODICE) == {case_id}
    program: Any = linking_pb2_grpc.WorkerDeskServiceStub(desk.system)
    assert (await refused(program.RegisterWorker(of(MIRA, "M1"))))[0] is grpc.StatusCode.PERMISSION_DENIED


async def test_she_is_erased_by_command_and_signs_in_no_more(desk: DemoNode) -> None:
    stub: Any = linking_pb2_grpc.WorkerDeskServiceStub(desk.caseworker)
    for contact, number in ((ROSA, CODICE), (ROSA, "MIRA1")):
        await stub.RegisterWorker(of(contact, number))
    assert await cases_of(desk, ROSA, CODICE) == set()
    case_id = await lodge_claim(desk, today=date(2026, 11, 21), award_on=date(2026, 12, 1))
    mira = pb.WorkerOnFile(contact=ROSA, insurance_number="MIRA1")
    await stub.LinkCase(pb.LinkCaseRequest(request_id=str(time_ordered_id()), case_id=case_id, on_file=mira))
    code, told = await erase_person(desk, ROSA, CODICE)
    assert (code, "She is off file." in told) == (0, True), told
    assert await cases_of(desk, ROSA, CODICE) is None
    assert await cases_of(desk, ROSA, "MIRA1") == {case_id}  # who shares her phone
    code, told = await erase_person(desk, ROSA, CODICE)
    assert (code, "Nobody is on file here by what you gave" in told) == (1, True), told
    # Of one whose case is open everything has to stay.
    code, told = await erase_person(desk, ROSA, "MIRA1")
    assert (code, "no receipt yet" in told or "is open" in told) == (1, True), told
    assert await cases_of(desk, ROSA, "MIRA1") == {case_id}


async def erase_person(desk: DemoNode, contact: str, number: str) -> tuple[int, str]:
    """What `portability privacy erase-person` prints for who is on file so."""
    environment = {
        **os.environ,
        "PORTABILITY_INSTITUTION": NODE,
        "PORTABILITY_DATA_FOLDER": str(desk.node.settings.data_folder),
        "PORTABILITY_LISTEN": f"127.0.0.1:{desk.node.port}",
    }
    started = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).parent / "portability"), "privacy", "erase-person", "--as", "anna"),
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await asyncio.wait_for(started.communicate(f"{contact}\n{number}\n".encode()), 60)
    return started.returncode or 0, told.decode()


async def test_of_two_who_enter_one_person_the_second_finds_the_first(desk: DemoNode) -> None:
    stub: Any = linking_pb2_grpc.WorkerDeskServiceStub(desk.caseworker)
    tries = [stub.RegisterWorker(of(f"rosa{one}@example.org", "N2", "N1" if one % 2 else "N3")) for one in range(8)]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    codes = [one.code() for one in ended if isinstance(one, grpc.aio.AioRpcError)]
    assert codes == [grpc.StatusCode.FAILED_PRECONDITION] * 7


async def test_nobody_learns_of_a_protected_person_and_nobody_is_locked_out(desk: DemoNode) -> None:
    anna: Any = linking_pb2_grpc.WorkerDeskServiceStub(desk.caseworker)
    rosa = (await anna.RegisterWorker(of(ROSA, "ROSA1"))).worker_id
    await anna.RegisterWorker(of(ADA, "ADA1"))
    other_case = await lodge_claim(desk, today=date(2026, 11, 21), award_on=date(2026, 12, 1))
    case_id = await lodge_claim(desk, today=date(2026, 11, 21), award_on=date(2026, 12, 1))
    on_file = pb.WorkerOnFile(contact=ROSA, insurance_number="ROSA1")
    await anna.LinkCase(pb.LinkCaseRequest(request_id=str(time_ordered_id()), case_id=case_id, on_file=on_file))
    files = desk.node.tls.caller(Role.CLEARED_CASEWORKER, "vera")
    async with open_channel(f"localhost:{desk.node.port}", files) as cleared:
        privacy: Any = privacy_pb2_grpc.PrivacyServiceStub(cleared)
        await privacy.ProtectPerson(
            privacy_pb2.ProtectPersonRequest(
                request_id=str(time_ordered_id()), case_id=case_id, is_protected=True, reason="threatened"
            )
        )
        # Rosa is protected and Ada is not: by a new contact, by her own, and beside a number of nobody.
        told = {
            await refused(anna.RegisterWorker(of(contact, *numbers)))
            for contact, numbers in (
                (NEW, ("ROSA1",)), (NEW, ("ADA1",)), (ROSA, ("ROSA1",)), (ADA, ("ADA1",)), (NEW, ("X", "ROSA1")),
                (NEW, ("X", "ADA1")),
            )
        }  # fmt: skip
        ((code, words),) = told
        assert (code, "turn to them" in words) == (grpc.StatusCode.FAILED_PRECONDITION, True)
        # Nor by the id of who is protected since she was entered: nobody has it, as nobody has an id made up.
        named = {who: pb.LinkCaseRequest(case_id=other_case, worker_id=who) for who in (rosa, str(time_ordered_id()))}
        said = set()
        for who, naming in named.items():
            naming.request_id = str(time_ordered_id())
            code, words = await refused(anna.LinkCase(naming))
            said.add((code, words.replace(who, "ID")))
        assert [code for code, _ in said] == [grpc.StatusCode.NOT_FOUND]
        # Whoever shares her phone is put on file as anybody is, and both sign in.
        await anna.RegisterWorker(of(ROSA, "MIRA1"))
        assert await cases_of(desk, ROSA, "MIRA1") == set()
        assert await cases_of(desk, ROSA, "ROSA1") == {case_id}
        # Whose a number is, she may not say; cleared staff says it.
        for number in ("ROSA1", "ADA1", "NOBODY1"):
            saying = of(NEW, number, number_on_file=pb.NUMBER_ON_FILE_HERS)
            assert (await refused(anna.RegisterWorker(saying)))[0] is grpc.StatusCode.PERMISSION_DENIED
        vera: Any = linking_pb2_grpc.WorkerDeskServiceStub(cleared)
        await vera.RegisterWorker(of(NEW, "ROSA1", number_on_file=pb.NUMBER_ON_FILE_HERS))
        await vera.RegisterWorker(of(MIRA, "ROSA1", number_on_file=pb.NUMBER_ON_FILE_ANOTHERS))
    assert await cases_of(desk, NEW, "ROSA1") == {case_id}
    assert await cases_of(desk, MIRA, "ROSA1") == set()
    assert await cases_of(desk, ROSA, "ROSA1") is None
