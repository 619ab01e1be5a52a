"""What goes on beside her claims: every flow has words for it, a node shows hers, and nobody reads another's."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import grpc
import pytest

from portability.adapters.clock.fake import ManualClock
from portability.adapters.memory.flows import MemoryFlows
from portability.adapters.memory.looks import MemoryLooks
from portability.adapters.memory.shares import MemoryShares
from portability.adapters.memory.workers import MemoryWorkerCases
from portability.api.workers.v1 import matters_pb2 as pb
from portability.api.workers.v1 import matters_pb2_grpc
from portability.app.matter_views import NodeMatters
from portability.app.wiring.claims import NodeClaims
from portability.app.worker_views import Names
from portability.services.access import Role
from portability.services.flows.load import packaged_flows
from portability.services.flows.model import CaseFile, Document, KeptDocument, Party
from portability.services.flows.ports import FlowParts
from portability.services.looking import Look
from portability.services.workers.matters.model import Task, task_of
from portability.services.workers.matters.servicer import MatterServicer
from portability.services.workers.matters.story import is_late
from portability.services.workers.matters.use_cases import MatterUseCases
from portability.services.workers.words import languages, words_for
from tests.services.workers.door import served, session_of

ROSA, ADA = UUID(int=1), UUID(int=2)
DISPUTE, ADAS = UUID(int=10), UUID(int=11)
BEGUN = datetime(2026, 3, 2, 9, tzinfo=UTC)
SHARED = {"case", "desk", "reopening", "reminder", "clarification", "obstacle"}


@pytest.mark.parametrize("flow", packaged_flows().values(), ids=lambda flow: flow.flow)
def test_each_thing_that_a_flow_waits_for_is_a_task_with_words(flow: Any) -> None:
    for name, track in flow.tracks.items():
        for state in (one for one, said in track.states.items() if said.holder):
            task = task_of(flow.flow, name, state)
            known = name in SHARED or task is not Task.QUESTION or name in ("verification", "detail", "information")
            assert known or state == "questioned", f"say in matters/model.py what {flow.flow}:{name}:{state} asks"


@pytest.mark.parametrize("language", languages())
def test_every_flow_and_task_has_its_words(language: str) -> None:
    words = words_for([language])
    titles = {flow.flow: words.text(f"matter.{flow.flow}") for flow in packaged_flows().values()}
    assert len(set(titles.values())) == len(titles)
    assert len({words.text(f"task.{task}") for task in Task}) == len(Task)
    assert len({words.text(f"then.{task}") for task in Task}) == len(Task)


# --- as a node keeps them


def dispute(case_id: UUID) -> tuple[CaseFile, KeptDocument]:
    parties = (
        Party("it-inps", "disputing_institution"),
        Party("de-drv", "issuing_institution", "eu-883-2004"),
    )
    opened = Document(UUID(int=case_id.int + 100), "dispute", "it-inps", ("de-drv",), BEGUN, parties=parties)
    return CaseFile(case_id, "dispute", 1, BEGUN), KeptDocument(opened, "record.dispute", b"", "en", "anna")


async def node(clock: ManualClock) -> NodeMatters:
    links, shelf, looks = MemoryWorkerCases(), MemoryFlows(), MemoryLooks()
    for worker, case_id in ((ROSA, DISPUTE), (ADA, ADAS)):
        case, opened = dispute(case_id)
        await shelf.add(case, [opened])
        await links.link(worker, case_id)
    await links.link(ROSA, UUID(int=99))  # a claim, which is no matter
    await looks.add([Look(UUID(int=500), DISPUTE, BEGUN, "anna", Role.CASEWORKER, "pension-claim")])
    names = {"it-inps": "INPS", "de-drv": "Deutsche Rentenversicherung"}
    flows: Any = FlowParts("it-inps", packaged_flows(), None, lambda state, day: False, clock, None)  # type: ignore[arg-type]

    async def narrow(worker_id: UUID) -> None:
        """Memory has no fence."""

    return NodeMatters(
        links=links,
        claims=NodeClaims(shelf=shelf, shares=MemoryShares(), flows=flows),
        shelf=shelf,
        looks=looks,
        flows=flows,
        names=Names(names.__getitem__, str),
        narrow=narrow,
    )


async def test_a_dispute_is_shown_with_its_holder_and_the_day_that_the_law_sets() -> None:
    matters = await node(ManualClock(BEGUN + timedelta(days=3)))
    (found,) = await matters.matters_of(ROSA)
    (step,) = found.steps
    assert (found.kind, found.begun_by.name, found.is_open) == ("dispute", "INPS", True)
    assert (step.holder.name, step.task, step.since) == ("Deutsche Rentenversicherung", Task.LOOK_AGAIN, BEGUN)
    assert step.due is not None
    # One month from 2 March 2026 (987/2009 Art. 5(4)): Thursday 2 April.
    assert step.due.by_law_on == date(2026, 4, 2)
    assert not is_late(found, today=date(2026, 4, 2))
    assert is_late(found, today=date(2026, 4, 3))
    shown = await matters.matter_of(ROSA, DISPUTE)
    assert shown is not None
    assert [(seen.role, seen.institution.name) for seen in shown.seen_by] == [(Role.CASEWORKER, "INPS")]
    assert await matters.matter_of(ROSA, ADAS) is None


# --- over gRPC


def through_the_door(desk: Any) -> Any:
    return served(
        desk,
        MatterServicer(desk.matters, clock=desk.clock, zone=UTC),
        add=matters_pb2_grpc.add_MatterServiceServicer_to_server,
        stub=matters_pb2_grpc.MatterServiceStub,
    )


async def test_she_reads_her_matters_and_nobody_else_does(desk: Any, samples: Any) -> None:
    async with through_the_door(desk) as stub:
        hers = await session_of(desk, samples.PHONE)
        (listed,) = (await stub.ListMyMatters(pb.ListMyMattersRequest(), metadata=hers)).matters
        asked = pb.GetMyMatterRequest(case_id=listed.case_id, language="en")
        found = await stub.GetMyMatter(asked, metadata=hers)
        assert listed.title == "A record that may be wrong"
        assert (listed.open, listed.late) == (True, True)
        assert [step.task for step in found.matter.steps] == ["look_again", "question"]
        assert found.then[0] == "Then the record is put right, or you get the reason why not."
        assert len(found.seen_by) == 3
        others = await session_of(desk, "other@example.org")
        for call, code in (
            (stub.GetMyMatter(asked, metadata=others), grpc.StatusCode.NOT_FOUND),
            (stub.GetMyMatter(asked), grpc.StatusCode.UNAUTHENTICATED),
            (stub.ListMyMatters(pb.ListMyMattersRequest()), grpc.StatusCode.UNAUTHENTICATED),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call
            assert refused.value.code() is code


async def test_what_is_open_stands_first(desk: Any, samples: Any) -> None:
    closed = samples.matter(case_id=UUID(int=5), is_open=False, begun_at=samples.day(2026, 11, 1), steps=())
    desk.kept_matters.kept.insert(0, closed)
    listed = await MatterUseCases(desk.kept_matters.unit_of_work).list_my_matters(samples.WORKER)
    assert [one.is_open for one in listed] == [True, False]
