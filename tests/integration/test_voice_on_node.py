"""How a closed case went, on running nodes: over gRPC, with the fence, by command, and erased with the case."""

import asyncio
import json
from datetime import UTC, date
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.adapters.postgres.notices_store import PostgresNotices
from portability.adapters.postgres.voices_store import PostgresFigures, PostgresVoices
from portability.adapters.postgres.workers_store import PostgresWorkerCases
from portability.api.indicators.v1 import indicators_pb2 as indicators
from portability.api.indicators.v1 import indicators_pb2_grpc
from portability.api.voice.v1 import voice_pb2 as pb
from portability.api.voice.v1 import voice_pb2_grpc
from portability.app.demo.desks import act, lodge_claim, put_records, read_case
from portability.app.demo.nodes import DemoNode, demo_nodes
from portability.app.demo.run import enrol, sign_in
from portability.app.demo.story import AWARD_ON, WORKER
from portability.app.rpc.client import open_channel
from portability.services.access import Role
from portability.services.notices.model import Kind, Notice
from portability.services.workers.texting.model import Channel, Incoming
from portability.services.workers.voice.model import Figure, Group, Score, Voice
from portability.services.workers.words import words_for
from tests.demo.test_canary_in_calls import told_by
from tests.integration.test_disputes_on_nodes import known

IT = "it-inps"
PATIENCE_SECONDS = 60


async def test_ten_answers_become_a_figure_and_words_are_read_by_people_alone(
    tmp_path: Path, postgres_server: EmbeddedServer
) -> None:
    url = postgres_server.url_for("postgres")
    async with demo_nodes(tmp_path, kafka="", pages=False, database_url=url) as desks:
        desk = desks[IT]
        case_id = await closed_case(desks)
        await enrol(desk, case_id)
        session = (("authorization", f"Bearer {(await sign_in(desk)).token}"),)
        files = desk.node.tls.caller(Role.WORKER, "page")
        async with open_channel(f"localhost:{desk.node.port}", files) as channel:
            mine: Any = voice_pb2_grpc.MyVoiceServiceStub(channel)
            (asked,) = (await mine.ListMyQuestions(pb.ListMyQuestionsRequest(), metadata=session)).questions
            assert (asked.case_id, asked.title, asked.answered) == (case_id, "Old-age pension", False)
            said = pb.SayHowItWentRequest(
                request_id=str(time_ordered_id()),
                case_id=case_id,
                score=pb.SCORE_VERY_GOOD,
                words="Quick & kind.",
                may_read=True,
            )
            await mine.SayHowItWent(said, metadata=session)
            await mine.SayHowItWent(said, metadata=session)  # the same request again
            said.request_id = str(time_ordered_id())
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await mine.SayHowItWent(said, metadata=session)
            assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
            (asked,) = (await mine.ListMyQuestions(pb.ListMyQuestionsRequest(), metadata=session)).questions
            assert asked.answered

        # One answer is no figure; nine more are counted with it, and the tenth comes by the door that she came by.
        assert "No figure yet." in await told_by("indicators", "voice", "--as", "karl", desk=desk)
        await nine_others(desk, UUID(case_id))
        told = await told_by("indicators", "voice", "--as", "karl", desk=desk)
        assert "eu-883-2004" in told
        assert "old_age_claim" in told
        assert "4.1" in told  # (9 x 4 + 1 x 5) / 10
        files = desk.node.tls.caller(Role.ADMINISTRATOR, "karl")
        async with open_channel(f"localhost:{desk.node.port}", files) as channel:
            numbers: Any = indicators_pb2_grpc.IndicatorServiceStub(channel)
            answer = await numbers.GetVoiceFigures(indicators.GetVoiceFiguresRequest(agreement_id="eu-883-2004"))
            assert [list(one.answers) for one in answer.figures] == [[0, 0, 0, 9, 1]]
            assert answer.minimum == 10
            none = await numbers.GetVoiceFigures(indicators.GetVoiceFiguresRequest(agreement_id="de-us"))
            assert list(none.figures) == []

        words: Any = voice_pb2_grpc.VoiceDeskServiceStub(desk.caseworker)
        (voice,) = (await words.ListVoices(pb.ListVoicesRequest())).voices
        assert (voice.case_id, voice.words) == (case_id, "Quick & kind.")
        program: Any = voice_pb2_grpc.VoiceDeskServiceStub(desk.system)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await program.ListVoices(pb.ListVoicesRequest())
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_by_ussd_she_reads_what_she_was_told_and_says_how_it_went(
    tmp_path: Path, postgres_server: EmbeddedServer
) -> None:
    url = postgres_server.url_for("postgres")
    async with demo_nodes(tmp_path, kafka="", pages=False, database_url=url) as desks:
        desk = desks[IT]
        case_id = await closed_case(desks)
        await enrol(desk, case_id)
        words, at = words_for(["it"]), SystemClock().now()
        async with desk.node.database.transaction(acting="node") as connection:
            (worker_id,) = {await PostgresWorkerCases(connection).owner_of(UUID(case_id))}
            assert worker_id is not None
            await PostgresNotices(connection).add(worker_id, [Notice(b"e" * 32, Kind.DECIDED, at, at)])

        async def types(text: str) -> str:
            return (await desk.node.dialogue.answer(Incoming(Channel.USSD, WORKER.phone, text))).text

        await types("")
        await types("1")
        await desk.node.codes.drain()
        assert words.text("nav.messages") in await types(last_code(desk.node.settings.data_folder))
        assert words.text("notice.decided") in await types("5")
        await types("0")
        await types("6")
        assert words.text("voice.question") in await types("1")
        assert (await types("2")).startswith(words.text("voice.thanks"))
        async with desk.node.database.transaction(acting="node") as connection:
            (said,) = await PostgresVoices(connection, desk.node.parts.at_rest).of_cases([UUID(case_id)])
        assert (said.score, said.words) == (Score.GOOD, "")


def last_code(folder: Path) -> str:
    told = (folder / "worker-codes.jsonl").read_text(encoding="utf-8").splitlines()[-1]
    return str(json.loads(told)["code"])


async def closed_case(desks: dict[str, DemoNode]) -> str:
    today: date = SystemClock().now().astimezone(UTC).date()
    for desk in desks.values():
        await put_records(desk, today)
    case_id = await lodge_claim(desks[IT], today=today, award_on=AWARD_ON)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (await read_case(desks[IT], case_id)).is_closed:
            for desk in desks.values():
                if await known(desk, case_id):
                    await act(desk, await read_case(desk, case_id), award_on=AWARD_ON)
            await asyncio.sleep(0.05)
    return case_id


async def nine_others(desk: DemoNode, case_id: UUID) -> None:
    """Nine cases of others in the group of hers, counted as the use case counts."""
    node = desk.node
    async with node.database.transaction(acting="node") as connection:
        book, figures = PostgresVoices(connection, node.parts.at_rest), PostgresFigures(connection)
        (hers,) = await book.of_cases([case_id])
        group: Group = hers.group
        now = SystemClock().now()
        for _ in range(9):
            await book.put(Voice(time_ordered_id(), group, now, Score.GOOD))
        held: Figure = await figures.hold(group)
        waiting = await book.waiting(group)
        assert len(waiting) == 10
        await figures.put(held.with_more(waiting))
