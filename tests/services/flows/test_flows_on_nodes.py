"""Each flow of the catalogue once, by gRPC on whole nodes: what one institution says, the others see."""

from collections.abc import AsyncIterator, Mapping

import grpc
import pytest
import pytest_asyncio
from google.protobuf.message import Message
from least import least
from real_nodes import FLOWS, Case, Line, play

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.api.cases.v1 import flows_pb2 as pb
from portability.app.demo.nodes import DemoNode, demo_nodes

pytestmark = pytest.mark.asyncio(loop_scope="module")
IT, DE, CA = "it-inps", "de-drv", "ca-sc"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nodes(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: EmbeddedServer
) -> AsyncIterator[dict[str, DemoNode]]:
    url = postgres_server.url_for("postgres")
    async with demo_nodes(tmp_path_factory.mktemp("flows"), kafka="", pages=False, database_url=url) as running:
        yield running


CLAIM: list[Line] = [
    (IT, "lodge", {f"records:{IT}": "asked", f"records:{DE}": "asked", f"records:{CA}": "asked"}),
    (IT, "state", {f"records:{IT}": "stated"}),
    (DE, "state", {f"records:{DE}": "stated"}),
    (CA, "state_none", {f"records:{CA}": "stated", f"decision:{DE}": "due"}),
    (DE, "decide", {f"decision:{DE}": "decided"}),
    (IT, "decide", {f"decision:{IT}": "decided", "claim": "summarising"}),
    (IT, "summarise", {"claim": "summarised"}),
]
PENSION = {IT: "contact_institution", DE: "institution", CA: "institution"}
SCRIPTS: dict[str, tuple[Mapping[str, str], list[Line], Mapping[str, str]]] = {
    "F1": (
        {DE: "competent_institution", IT: "institution_of_activity"},
        [
            (IT, "request", {"certificate": "requested"}),
            (DE, "propose", {"certificate": "proposed"}),
            (DE, "issue", {"certificate": "issued", f"notice:{IT}": "told"}),
            (IT, "take_note", {f"notice:{IT}": "taken"}),
            (IT, "ask_whether_valid", {f"verification:{IT}": "asked"}),
            (DE, "say_whether_valid", {f"verification:{IT}": "answered"}),
            (DE, "revoke", {"certificate": "revoked"}),
        ],
        {"say_whether_valid": "ask_whether_valid"},
    ),
    "F2": (
        {DE: "residence_institution", IT: "activity_institution", CA: "activity_institution"},
        [
            (DE, "propose", {"determination": "provisional", f"view:{IT}": "informed", f"view:{CA}": "informed"}),
            (IT, "disagree", {"determination": "contested"}),
            (DE, "propose_again", {"determination": "provisional", f"view:{IT}": "informed"}),
            (IT, "agree", {f"view:{IT}": "agreed"}),
            (CA, "agree", {"determination": "definitive"}),
        ],
        {},
    ),
    "F3": (
        {DE: "requesting_authority", IT: "deciding_authority", CA: "deciding_authority"},
        [
            (DE, "request", {"exception": "asked", f"answer:{IT}": "asked"}),
            (IT, "grant", {f"answer:{IT}": "granted"}),
            (CA, "grant_partly", {"exception": "agreed"}),
        ],
        {},
    ),
    "F4": (
        {IT: "requesting_institution", DE: "asked_institution"},
        [
            (IT, "ask", {f"records:{DE}": "asked"}),
            (DE, "state", {f"records:{DE}": "stated"}),
            (IT, "ask_to_clarify", {f"clarification:{IT}": "asked"}),
            (DE, "clarify", {f"clarification:{IT}": "answered"}),
            (IT, "ask_earnings", {f"detail:{IT}": "asked"}),
            (DE, "state_earnings", {f"detail:{IT}": "answered"}),
            (DE, "correct", {f"records:{DE}": "stated"}),
        ],
        {"clarify": "ask_to_clarify", "state_earnings": "ask_earnings"},
    ),
    "F5": (PENSION, CLAIM, {}),
    "F6": (PENSION, [CLAIM[0], (DE, "notify_death", {}), *CLAIM[1:]], {}),
    "F7": (
        PENSION,
        [
            CLAIM[0],
            (IT, "ask_medical_evidence", {f"medical_evidence:{IT}": "asked"}),
            (DE, "give_medical_evidence", {}),
            *CLAIM[1:],
        ],
        {"give_medical_evidence": "ask_medical_evidence"},
    ),
    "F8": (
        {IT: "paying_institution", DE: "residence_institution"},
        [
            (IT, "ask", {"check": "asked"}),
            (DE, "notify_death", {"check": "death_reported"}),
            (IT, "review", {"check": "reviewed"}),
        ],
        {},
    ),
    "F9": (
        {IT: "asking_institution", DE: "asked_institution"},
        [
            (IT, "ask", {"match": "asked"}),
            (DE, "name_candidates", {"match": "answered"}),
            (IT, "confirm", {"match": "confirmed"}),
            (DE, "undo", {"match": "undone"}),
        ],
        {},
    ),
    "F10": (
        {DE: "telling_institution", IT: "concerned_institution", CA: "concerned_institution"},
        [
            (DE, "notify", {f"effect:{IT}": "told", f"effect:{CA}": "told"}),
            (CA, "say_without_effect", {f"effect:{CA}": "without_effect"}),
            (IT, "recalculate", {f"effect:{IT}": "recalculating"}),
            (IT, "decide", {f"effect:{IT}": "decided"}),
        ],
        {},
    ),
    "F11": (
        {DE: "creditor_institution", IT: "paying_institution"},
        [
            (DE, "ask", {"offset": "asked"}),
            (IT, "tell_arrears", {"offset": "arrears_told"}),
            (DE, "tell_amount", {"offset": "amount_told"}),
            (IT, "decide", {"offset": "decided"}),
            (IT, "pay_over", {"offset": "paid_over"}),
        ],
        {},
    ),
    "F12": (
        {IT: "disputing_institution", DE: "issuing_institution", CA: "dependent_institution"},
        [
            (IT, "dispute", {"dispute": "received"}),
            (DE, "take_up", {"dispute": "in_review"}),
            (DE, "correct", {"dispute": "upheld", f"recalculation:{IT}": "due", f"recalculation:{CA}": "due"}),
            (CA, "leave_unchanged", {f"recalculation:{CA}": "unchanged"}),
            (IT, "decide_again", {f"recalculation:{IT}": "decided"}),
        ],
        {},
    ),
    "F13": (
        {DE: "remitting_institution", IT: "home_institution"},
        [
            (DE, "state", {"remittance": "stated"}),
            (DE, "remit", {"remittance": "remitted"}),
            (IT, "report_difference", {"remittance": "differing"}),
            (DE, "remit", {"remittance": "remitted"}),
            (IT, "reconcile", {"remittance": "reconciled"}),
            (IT, "ask_lump_sum", {"lump_sum": "asked"}),
            (DE, "quote", {"lump_sum": "quoted"}),
            (IT, "accept", {"lump_sum": "accepted"}),
            (DE, "pay", {"lump_sum": "paid"}),
        ],
        {},
    ),
    "F14": (
        {IT: "asking_institution", DE: "asked_institution", CA: "asked_institution"},
        [
            (IT, "ask", {f"answer:{DE}": "asked", f"answer:{CA}": "asked"}),
            (DE, "say_known", {}),
            (CA, "say_unknown", {}),
            (IT, "offer_records", {}),
        ],
        {},
    ),
}


@pytest.mark.parametrize("number", FLOWS)
async def test_a_flow_goes_its_way_on_whole_nodes(number: str, nodes: dict[str, DemoNode]) -> None:
    roles, script, replies = SCRIPTS[number]
    case = await play(number, nodes, roles, script, **replies)
    for who in roles:
        seen = await case.seen_by(who)
        assert seen is not None
        assert not [one for one in seen.documents if one.without_effect]
        assert all(one.due_on.year and one.rule_id for one in seen.steps if one.holders)


async def test_what_a_case_does_not_allow_is_refused_with_what_it_allows(nodes: dict[str, DemoNode]) -> None:
    case = await play("F4", nodes, {IT: "requesting_institution", DE: "asked_institution"}, [(IT, "ask", {})])
    await case.until({f"records:{DE}": "asked"})
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await case.say(DE, "ask_again")
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "it is for requesting_institution to send" in (refused.value.details() or "")
    assert "Allowed now: state" in (refused.value.details() or "")


async def test_what_is_for_a_person_no_program_says(nodes: dict[str, DemoNode]) -> None:
    case = Case("F5", nodes, PENSION)
    await case.say(IT, "lodge")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await program(case, IT).Act(act(case, "award_provisionally"))
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    await case.say(IT, "award_provisionally")


async def test_a_request_that_comes_twice_is_carried_out_once(nodes: dict[str, DemoNode]) -> None:
    case = await play("F4", nodes, {IT: "requesting_institution", DE: "asked_institution"}, [(IT, "ask", {})])
    await case.until({f"records:{DE}": "asked"})
    again = act(case, "state")
    first, second = await case.stub(DE).Act(again), await case.stub(DE).Act(again)
    assert first.document_id == second.document_id
    assert len(second.case.documents) == 2


async def test_cases_are_listed_newest_first_and_page_by_page(nodes: dict[str, DemoNode]) -> None:
    roles = {IT: "requesting_institution", DE: "asked_institution"}
    older, newer = [await play("F4", nodes, roles, [(IT, "ask", {})]) for _ in range(2)]
    first = await newer.stub(IT).ListFlowCases(pb.ListFlowCasesRequest(page_size=1, open_only=True))
    after = pb.ListFlowCasesRequest(page_size=1, open_only=True, page_token=first.next_page_token)
    second = await newer.stub(IT).ListFlowCases(after)
    assert [one.case_id for one in (*first.cases, *second.cases)] == [newer.case_id, older.case_id]


async def test_a_case_that_another_institution_takes_over_goes_on_there(nodes: dict[str, DemoNode]) -> None:
    case = await play("F4", nodes, {IT: "requesting_institution", DE: "asked_institution"}, [(IT, "ask", {})])
    await case.until({f"records:{DE}": "asked"})
    after = {IT: "requesting_institution", CA: "asked_institution"}
    parties = [pb.FlowParty(institution_id=one, role=role) for one, role in after.items()]
    await case.say(DE, "forward", parties=parties)
    await case.until({f"records:{CA}": "asked"}, at=[IT, CA])
    await case.say(CA, "state")
    await case.until({f"records:{CA}": "stated"}, at=[IT, CA])


def act(case: Case, action: str) -> Message:
    flow = FLOWS[case.number]
    content = least(flow.actions[action].type, purpose=flow.purpose)
    return pb.ActRequest(request_id=str(time_ordered_id()), case_id=case.case_id, action=action, content=content)


def program(case: Case, who: str) -> object:
    from portability.api.cases.v1 import flows_pb2_grpc

    return flows_pb2_grpc.FlowServiceStub(case.nodes[who].system)


async def test_every_flow_has_a_script() -> None:
    assert SCRIPTS.keys() == FLOWS.keys()
