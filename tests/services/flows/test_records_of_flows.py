"""What institutions state in a case on a flow becomes its career, is checked, and waits for a person where it fails."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from least import least
from real_nodes import PATIENCE_SECONDS, Case

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.adapters.postgres.flows_store import PostgresShelf
from portability.agreements.errors import InputError, OverloadError
from portability.api.cases.v1 import messages_pb2 as pensions
from portability.api.exchange.v1 import exchange_pb2, exchange_pb2_grpc
from portability.api.records.v1 import career_pb2, records_pb2_grpc, reviews_pb2_grpc
from portability.api.records.v1 import messages_pb2 as messages
from portability.api.records.v1 import records_pb2 as pb
from portability.api.records.v1 import reviews_pb2 as reviews
from portability.app.demo.nodes import DemoNode, demo_nodes
from portability.app.wiring.flows import flow_parts, flow_unit_of_work
from portability.services.access import Caller, Role
from portability.services.exchange.limits import Limits
from portability.services.exchange.model.messages import ReceivedMessage
from portability.services.flows.handlers import Act, FlowUseCases
from portability.services.mapping.common import write_date
from portability.services.records.mapping.stated import read_said
from portability.services.records.stated import Stated

IT, DE, CA = "it-inps", "de-drv", "ca-sc"
ROLES = {IT: "contact_institution", DE: "institution", CA: "institution"}
BORN = date(1961, 2, 3)
KNOWN, ASKED = messages.ANSWER_STATUS_KNOWN, messages.ANSWER_STATUS_ASKED_NO_ANSWER
PASSED, FAILED, UNSEEN = pb.CHECK_OUTCOME_PASSED, pb.CHECK_OUTCOME_FAILED, pb.CHECK_OUTCOME_NOT_EXAMINED


@pytest.fixture
async def nodes(tmp_path: Path, postgres_server: EmbeddedServer) -> AsyncIterator[dict[str, DemoNode]]:
    async with demo_nodes(tmp_path, kafka="", pages=False, database_url=postgres_server.url_for("postgres")) as nodes:
        yield nodes


def claim() -> bytes:
    message = pensions.OldAgeClaimSent.FromString(least("claim.old_age", purpose="pension-claim"))
    message.claim.person.birth_date.CopyFrom(write_date(BORN))
    identify(message.claim.person)
    return message.SerializeToString()


def identify(person: Any, number: str = "65 030261 R 501") -> None:
    del person.identifiers[:]
    person.identifiers.add(country="DE", sector="pension", value=number)


def statement(first_day: date, *, born: date | None = BORN) -> bytes:
    """Germany states one period up to the end of 1995."""
    message = messages.RecordStatement.FromString(least("record.statement", purpose="pension-claim", sender=DE))
    message.status = KNOWN
    message.as_of.CopyFrom(write_date(date(2026, 1, 1)))
    period = message.periods.add(
        period_id="1990",
        state="DE",
        kind="PERIOD_KIND_COMPULSORY",
        scheme="de-grv",
        first_day=write_date(first_day),
        last_day=write_date(date(1995, 12, 31)),
        period_type="10",
    )
    period.evidence.level, period.evidence.verified_by = 5, DE
    period.evidence.verified_on.CopyFrom(write_date(date(2026, 1, 1)))
    if born:
        message.person.birth_date.CopyFrom(write_date(born))
        identify(message.person)
    return message.SerializeToString()


def stub(node: DemoNode) -> Any:
    return records_pb2_grpc.RecordServiceStub(node.caseworker)


async def german_career(node: DemoNode, case_id: str, *, status: int) -> pb.KnownCareer:
    """What a node knows of Germany, once it knows as much."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = await stub(node).GetCareer(pb.GetCareerRequest(case_id=case_id))
            career = next(one for one in found.careers if one.statement.state == "DE")
            if career.statement.status == status:
                return career
            await asyncio.sleep(0.1)


async def waiting(node: DemoNode) -> list[reviews.Review]:
    listed = reviews_pb2_grpc.ReviewServiceStub(node.caseworker).ListReviews(reviews.ListReviewsRequest())
    return list((await listed).reviews)


async def test_a_statement_on_a_flow_is_kept_checked_and_put_before_a_person(nodes: dict[str, DemoNode]) -> None:
    case = Case("F5", nodes, ROLES)
    await case.say(IT, "lodge", content=claim())
    await case.until({f"records:{DE}": "asked"})
    assert (await german_career(nodes[CA], case.case_id, status=ASKED)).statement.periods == []

    await case.say(DE, "state", content=statement(date(1960, 1, 1)))
    await case.until({f"records:{DE}": "stated"})
    for node in (nodes[IT], nodes[DE], nodes[CA]):
        career = await german_career(node, case.case_id, status=KNOWN)
        assert {one.code: one.outcome for one in career.checks} == {**dict.fromkeys((1, 2, 3, 5), PASSED), 4: FAILED}
        (review,) = await waiting(node)
        assert (review.case_id, review.state, review.institution_id) == (case.case_id, "DE", DE)
        assert list(review.reasons) == ["plausible: It begins before the person was born."]

    said = reviews.SettleReviewRequest(
        request_id=str(time_ordered_id()), case_id=case.case_id, state="DE", period_id="1990", reason="her letter"
    )
    await reviews_pb2_grpc.ReviewServiceStub(nodes[IT].caseworker).SettleReview(said)
    assert await waiting(nodes[IT]) == []

    await case.say(DE, "invalidate", about="state")
    await case.until({f"records:{DE}": "asked"})
    taken_back = await german_career(nodes[IT], case.case_id, status=ASKED)
    assert [one.status for one in taken_back.statement.periods] == [career_pb2.PERIOD_STATUS_WITHDRAWN]


async def test_totals_that_the_periods_do_not_give_are_told_to_their_sender_and_not_repaired(
    nodes: dict[str, DemoNode],
) -> None:
    case = Case("F5", nodes, ROLES)
    await case.say(IT, "lodge", content=claim())
    await case.until({f"records:{DE}": "asked"})
    message = messages.RecordStatement.FromString(statement(date(1990, 1, 1)))
    kind = messages.PeriodTotal(scheme="de-grv", kind="PERIOD_KIND_COMPULSORY", amount="2190", count=1)
    message.totals.append(kind)  # of six years there are 2191 days
    await case.say(DE, "state", content=message.SerializeToString())
    await case.until({f"records:{DE}": "stated"})
    career = await german_career(nodes[IT], case.case_id, status=KNOWN)
    assert [one.last_day for one in career.statement.periods] == [write_date(date(1995, 12, 31))]
    exchange: Any = exchange_pb2_grpc.ExchangeServiceStub(nodes[DE].caseworker)
    blind = exchange_pb2.MESSAGE_BUSINESS_ACCEPTED_BLIND
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            sent = (await exchange.ListMessages(exchange_pb2.ListMessagesRequest(case_id=case.case_id))).messages
            told = {one.partner: one for one in sent if one.type == "record.statement"}
            if {one.business for one in told.values()} == {blind}:
                break
            await asyncio.sleep(0.1)
    assert told.keys() == {IT, CA}
    assert all("not those of the periods" in " ".join(one.business_reasons) for one in told.values())


async def test_a_record_that_stands_by_itself_has_no_effect(nodes: dict[str, DemoNode]) -> None:
    node, case_id, now = nodes[IT].node, time_ordered_id(), nodes[IT].node.exchange.clock.now()
    for version in (1, 3):
        message = ReceivedMessage(time_ordered_id(), DE, case_id, "claim.old_age", version, claim(), 1, now, now)
        with pytest.raises(InputError, match=f"schema version {version} are not known here: expected 2") as refused:
            async with node.exchange.unit_of_work() as work:
                await node.effects.apply(message, work)
        assert refused.value.field == "schema_version"
    async with node.exchange.unit_of_work() as work:
        assert await PostgresShelf(work.connection, node.parts.at_rest).get(case_id, for_change=False) is None


async def test_whose_it_is_a_statement_says_or_nobody_knows(nodes: dict[str, DemoNode]) -> None:
    case = Case("F5", nodes, ROLES)
    await case.say(IT, "lodge", content=claim())
    await case.until({f"records:{DE}": "asked"})
    await case.say(DE, "state", content=statement(date(1990, 1, 1), born=None))
    untold = await german_career(nodes[IT], case.case_id, status=KNOWN)
    assert {one.code: one.outcome for one in untold.checks}[3] == UNSEEN
    assert await waiting(nodes[IT]) == []
    await case.say(IT, "ask_records", DE)
    await case.until({f"records:{DE}": "asked"}, at=[IT, DE])
    await case.say(DE, "state", content=statement(date(1990, 1, 1), born=date(1962, 2, 3)))
    await case.until({f"records:{DE}": "stated"}, at=[IT])
    (review,) = await waiting(nodes[IT])
    assert review.reasons[0].startswith("identified: The account that it rests on has another birth date")


async def test_on_a_full_disk_no_step_is_taken_on_and_what_arrives_takes_effect_all_the_same(
    nodes: dict[str, DemoNode],
) -> None:
    case = Case("F5", nodes, ROLES)
    await case.say(IT, "lodge", content=claim())
    await case.until({f"records:{DE}": "asked"})
    berlin = nodes[DE].node
    full = Limits(free_disk=lambda: 0.01)
    act = Act(time_ordered_id(), UUID(case.case_id), "state", statement(date(1990, 1, 1)))
    jonas = Caller(DE, Role.CASEWORKER, "jonas")
    with pytest.raises(OverloadError, match="of the disk of this node is free") as refused:
        async with flow_unit_of_work(berlin.database, berlin.parts, limits=full)() as work:
            await FlowUseCases(flow_parts(berlin.parts)).act(act, caller=jonas, work=work)
    assert refused.value.limit == "disk"
    seen = await case.seen_by(DE)
    assert seen is not None
    assert [one.action for one in seen.documents] == ["lodge"]  # nothing of the step was kept
    await case.say(IT, "state")
    await case.until({f"records:{IT}": "stated"}, at=[DE])
    async with flow_unit_of_work(berlin.database, berlin.parts)() as work:  # there is room again: the same step
        await FlowUseCases(flow_parts(berlin.parts)).act(act, caller=jonas, work=work)
    await case.until({f"records:{DE}": "stated"}, at=[IT])


async def test_what_a_statement_of_this_test_says_is_what_a_node_reads() -> None:
    (said,) = read_said("record.statement", statement(date(1990, 1, 1)), sender=DE, to=(IT,), on=date(2026, 3, 2))
    assert isinstance(said, Stated)
    assert said.person is not None
