"""A state that never answers: reminded, then the liaison body asked, then a provisional award by a person.

987/2009 Art. 47(5) sets no day, and Art. 50 lets nobody wait for it. On whole nodes, with a clock that is put forward.
"""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from real_nodes import Case, JumpingClock

from portability.adapters.keys.files import list_keys
from portability.adapters.keys.node_keys import KeyFolder
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.api.cases.v1 import flows_pb2 as pb
from portability.app.demo.nodes import demo_nodes
from portability.app.demo.story import INSTITUTIONS
from portability.app.keys import draw_missing
from tests.brokers import BrokerInUse

IT, DE, CA, LIAISON = "it-inps", "de-drv", "ca-sc", "de-dvka"
GERMANY = next(one for one in INSTITUTIONS if one.institution_id == DE)
BODY = replace(GERMANY, institution_id=LIAISON, name="German liaison body (test)", official="eva-lang")
WEEKS = 12
ROLES = {IT: "contact_institution", DE: "institution", CA: "institution", LIAISON: "liaison_body"}


def actions(case: pb.FlowCase, sender: str) -> list[str]:
    return [one.passed_rule_id or one.action for one in case.documents if one.sender == sender]


def _draw_keys(folder: Path, clock: JumpingClock) -> None:
    """Keys for each of the weeks that the test lets pass, as an administrator would have drawn them one by one."""
    kept = KeyFolder(folder)
    for week in range(WEEKS):
        draw_missing(kept, list_keys(folder) if kept.names() else (), at=clock.now() + timedelta(weeks=week))


async def test_a_state_that_never_answers_ends_in_escalation_and_a_provisional_award(
    tmp_path: Path, postgres_server: EmbeddedServer
) -> None:
    clock = JumpingClock()
    for institution in ROLES:
        _draw_keys(tmp_path / institution / "keys", clock)
    async with demo_nodes(
        tmp_path,
        kafka="",
        pages=False,
        database_url=postgres_server.url_for("postgres"),
        institutions=(*INSTITUTIONS, BODY),
        clock=clock,
        directory_life=timedelta(days=300),
    ) as nodes:
        case = Case("F5", nodes, ROLES)
        # Whoever connects after a jump meets a certificate of the day that the clock says, and TLS has the real one.
        await case.stub(LIAISON).ListFlows(pb.ListFlowsRequest())
        await case.say(IT, "lodge")
        await case.until({f"records:{DE}": "asked"}, at=[IT, DE, CA])
        await case.say(IT, "state")
        await case.say(CA, "state")
        await case.until({f"records:{IT}": "stated", f"records:{CA}": "stated"}, at=[IT, DE, CA])

        clock.jump(timedelta(days=34))  # thirty days, a weekend at most, and the end of the day everywhere
        await case.until({f"reminder:{IT}": "sent"}, at=[IT, DE])
        (late,) = (await case.stub(IT).ListOverdue(pb.ListOverdueRequest(partner=DE))).steps
        assert (late.step_id, late.rule_id) == (f"records:{DE}", "eu.pension_statement")

        clock.jump(timedelta(days=31))
        await case.until({f"provisional_award:{IT}": "due"}, at=[IT])
        seen = await case.seen_by(IT)
        assert seen is not None
        step = next(one for one in seen.steps if one.step_id == f"records:{DE}")
        assert step.due_state == pb.DUE_STATE_ESCALATED
        assert {"remind", "tell_liaison_body"} <= set(actions(seen, IT))
        assert "eu.pension_statement_missing" in actions(seen, "clock")
        await case.until({f"records:{DE}": "asked"}, at=[LIAISON])
        told = await case.seen_by(LIAISON)
        assert told is not None
        assert "tell_liaison_body" in actions(told, IT)

        await case.say(IT, "award_provisionally")  # by a named caseworker: no program awards
        await case.until({f"provisional_award:{IT}": "awarded"}, at=[IT, DE, CA])
        await case.say(DE, "state")  # late, and still taken
        await case.until({f"decision:{DE}": "due"}, at=[IT, DE, CA])


@pytest.mark.kafka
async def test_records_are_asked_for_and_stated_over_kafka(
    tmp_path: Path, postgres_server: EmbeddedServer, kafka_broker: BrokerInUse
) -> None:
    url = postgres_server.url_for("postgres")
    async with demo_nodes(tmp_path, kafka=kafka_broker.bootstrap, pages=False, database_url=url) as nodes:
        case = Case("F4", nodes, {IT: "requesting_institution", DE: "asked_institution"})
        await case.say(IT, "ask")
        await case.until({f"records:{DE}": "asked"})
        await case.say(DE, "state")
        await case.until({f"records:{DE}": "stated"})
