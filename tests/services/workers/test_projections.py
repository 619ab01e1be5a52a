"""What if: one fact of the determination's question changes, nothing is kept, and it is said to bind nobody."""

from dataclasses import replace
from datetime import UTC, date
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import grpc
import httpx
import pytest

from portability.adapters.workers.web import WebSettings, create_app, projection_pages
from portability.agreements.errors import InputError, UnmodelledProvisionError
from portability.agreements.values import Money
from portability.api.workers.v1 import projections_pb2 as pb
from portability.api.workers.v1 import projections_pb2_grpc
from portability.app.projecting import project_case
from portability.app.worker_views import Names
from portability.services.cases.model import Case
from portability.services.cases.ports import DeterminationAnswer, DeterminationQuestion
from portability.services.workers.projections.model import Projection, Scenario, WhatIf
from portability.services.workers.projections.servicer import ProjectionServicer
from tests.services.cases.share_world import ShareNode, ShareWorld
from tests.services.cases.world import DRV
from tests.services.workers.door import served, session_of

ROSA = UUID(int=1)
NAMES = Names(str, str)
TODAY, LATER, MOVED = Scenario(WhatIf.TODAY), Scenario(WhatIf.LATER, years=2), Scenario(WhatIf.MOVED, state="CA")


@pytest.mark.parametrize(
    ("what", "years", "state"),
    [
        (WhatIf.LATER, 0, ""),
        (WhatIf.LATER, 11, ""),
        (WhatIf.LATER, -1, ""),
        (WhatIf.LATER, 2, "CA"),
        (WhatIf.TODAY, 1, ""),
        (WhatIf.MOVED, 0, ""),
        (WhatIf.TODAY, 0, "CA"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(what: WhatIf, years: int, state: str) -> None:
    with pytest.raises(InputError):
        Scenario(what, years, state)


class Listening:
    """A determiner that keeps the questions, and passes them on."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.asked: list[DeterminationQuestion] = []

    async def determine(self, question: DeterminationQuestion) -> DeterminationAnswer:
        self.asked.append(question)
        return await self.inner.determine(question)  # type: ignore[no-any-return]


async def decided_case() -> tuple[ShareWorld, Case]:
    """A claim of which Germany has determined its share; the node keeps the careers that are stated in it."""
    world = ShareWorld()
    await world.fill_registers()
    case_id = await world.lodge()
    await world.state_all(case_id)
    await world.drv.determine(case_id)
    for career in (await world.drv.view(case_id)).careers:
        await world.drv.careers.put(case_id, career, at=world.clock.now())
    return world, (await world.drv.claim(case_id)).case


async def project(world: ShareWorld, case: Case, scenario: Scenario) -> tuple[Projection, DeterminationQuestion]:
    listening = Listening(world.drv.determiner)
    made = await project_case(case, ROSA, scenario, me=DRV, work=work_of(world.drv, listening), names=NAMES)
    return made, listening.asked[0]


def work_of(node: ShareNode, determiner: Any) -> Any:
    """The ports of a node, with another determiner."""
    return SimpleNamespace(
        accounts=node.accounts,
        careers=node.careers,
        reviews=node.reviews,
        directory=node.directory,
        determiner=determiner,
    )


async def test_each_question_changes_one_fact_and_keeps_nothing() -> None:
    world, case = await decided_case()
    assert case.determination is not None
    asked = case.determination.award_on
    made, question = await project(world, case, TODAY)
    # Ten euros for each of the two German periods.
    assert [one.amount for one in made.benefits] == [Money.of(20, "EUR")]
    assert (made.is_known, made.award_on, question.award_on) == (True, asked, asked)

    _, later = await project(world, case, LATER)
    assert later.award_on == date(asked.year + 2, asked.month, asked.day)
    assert later.risk_materialised_on.year == question.risk_materialised_on.year + 2
    assert later.periods == question.periods

    _, moved = await project(world, case, MOVED)
    assert (moved.residence_state, moved.award_on) == ("CA", asked)
    assert replace(moved, residence_state=question.residence_state) == question
    assert (await world.drv.claim(case.case_id)).case == case


async def test_where_the_law_gives_no_answer_she_is_told_whom_to_ask() -> None:
    world, case = await decided_case()

    class NoAnswer:
        async def determine(self, question: DeterminationQuestion) -> DeterminationAnswer:
            raise UnmodelledProvisionError("Not modelled.", citation="Art. 1")

    made = await project_case(case, ROSA, LATER, me=DRV, work=work_of(world.drv, NoAnswer()), names=NAMES)
    assert (made.is_known, made.benefits) == (False, ())


# --- as she reads it


async def test_the_page_says_that_it_binds_nobody_and_gives_amount_and_reasons(desk: Any, samples: Any) -> None:
    settings = WebSettings(institution_name="INPS", form_key=b"f" * 32, https=False)
    app = create_app(desk.use_cases, settings, lambda shell: projection_pages.routes(shell, desk.projections))
    asked = await desk.use_cases.request_sign_in_code(desk.ask(samples.PHONE))
    session = await desk.use_cases.sign_in(challenge=asked.challenge, code=desk.sender.sent[-1].code, origin="")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://pages.example.org") as client:
        assert (await client.get("/what-if")).headers["location"] == "/sign-in"
        client.cookies.set("session", session.token)
        plain = (await client.get("/what-if")).text
        assert "This is not a decision." in plain
        assert desk.projector.asked == []
        told = (await client.get("/what-if?what=later&years=2")).text
        assert desk.projector.asked == [Scenario(WhatIf.LATER, years=2)]
        assert "This is not a decision." in told
        assert "€512.40 each month" in told
        assert "From 1 October 2028 you would get:" in told
        assert "your share is €476.72" in told
        assert "IT-2026-0999" not in told
        for senseless in ("what=later&years=99", "what=moved&state=XX", "what=later&years=x", "what=%00", "what=moved"):
            answer = await client.get(f"/what-if?{senseless}")
            assert answer.status_code == 200
        assert len(desk.projector.asked) == 1


# --- over gRPC


def through_the_door(desk: Any) -> Any:
    return served(
        desk,
        ProjectionServicer(desk.projections, zone=UTC),
        add=projections_pb2_grpc.add_ProjectionServiceServicer_to_server,
        stub=projections_pb2_grpc.ProjectionServiceStub,
    )


async def test_project_answers_for_who_is_signed_in_and_nobody_else(desk: Any, samples: Any) -> None:
    hers = await session_of(desk, samples.PHONE)
    request = pb.ProjectRequest(what_if=pb.WHAT_IF_MOVED, state="CA")
    async with through_the_door(desk) as stub:
        answer = await stub.Project(request, metadata=hers)
        assert answer.not_binding.startswith("This is not a decision.")
        (made,) = answer.projections
        assert [one.text for one in made.benefits] == ["€512.40 each month", "Nothing"]
        for wrong, metadata, code in (
            (request, (), grpc.StatusCode.UNAUTHENTICATED),
            (pb.ProjectRequest(), hers, grpc.StatusCode.INVALID_ARGUMENT),
            (pb.ProjectRequest(what_if=pb.WHAT_IF_LATER), hers, grpc.StatusCode.INVALID_ARGUMENT),
            (pb.ProjectRequest(what_if=pb.WHAT_IF_LATER, years=11), hers, grpc.StatusCode.INVALID_ARGUMENT),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.Project(wrong, metadata=metadata)
            assert refused.value.code() is code
