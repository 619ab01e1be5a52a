"""A person's cases on flows are found by her numbers: protected and erased with all else that is hers, at both ends."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import pytest
from least import least
from real_nodes import FLOWS, PATIENCE_SECONDS, Case

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.adapters.postgres.looks import PostgresProtected
from portability.agreements.errors import GatewayError
from portability.api.cases.v1 import claims_pb2 as claims
from portability.api.cases.v1 import flows_pb2, flows_pb2_grpc
from portability.api.privacy.v1 import privacy_pb2 as pb
from portability.api.privacy.v1 import privacy_pb2_grpc
from portability.api.records.v1 import messages_pb2 as messages
from portability.app.commands.evidence import _export
from portability.app.demo.nodes import DemoNode, demo_nodes
from portability.app.evidence.verifying import verify_evidence
from portability.app.fsck import examine_database
from portability.app.rpc.client import open_channel
from portability.app.trust import load_anchor
from portability.services.access import Role
from portability.services.mapping.common import write_date

IT, DE = "it-inps", "de-drv"
HERS, HIS = "65 030261 R 501", "65 040458 C 023"
ASKING = {IT: "requesting_institution", DE: "asked_institution"}
CLAIMING = {IT: "contact_institution", DE: "institution"}
ORDER = "Order 12 C 34/26 of the Social Court of Berlin"


@pytest.fixture
async def nodes(tmp_path: Path, postgres_server: EmbeddedServer) -> AsyncIterator[dict[str, DemoNode]]:
    url = postgres_server.url_for("postgres")
    async with demo_nodes(tmp_path, kafka="", pages=False, database_url=url, only=f"{IT},{DE}") as running:
        yield running


def request(number: str) -> bytes:
    message = messages.RecordRequest.FromString(least("record.request", purpose=FLOWS["F4"].purpose, sender=IT))
    del message.person.identifiers[:]
    message.person.identifiers.add(country="DE", sector="pension", value=number)
    message.person.birth_date.CopyFrom(write_date(date(1961, 2, 3)))
    return message.SerializeToString()


def survivors_claim(claimant: str, deceased: str) -> bytes:
    message = claims.SurvivorClaim.FromString(least("claim.survivor", purpose=FLOWS["F6"].purpose, sender=IT))
    for person, number in ((message.claim.claimant, claimant), (message.deceased, deceased)):
        person.identifiers.add(country="DE", sector="pension", value=number)
    return message.SerializeToString()


async def asked(nodes: dict[str, DemoNode], number: str) -> Case:
    case = Case("F4", nodes, ASKING)
    await case.say(IT, "ask", content=request(number))
    await case.until({f"records:{DE}": "asked"})
    return case


def privacy(node: DemoNode, role: Role) -> Any:
    return open_channel(f"localhost:{node.node.port}", node.node.tls.caller(role, "vera"))


async def protect(node: DemoNode, case_id: str, *, is_protected: bool = True) -> None:
    async with privacy(node, Role.CLEARED_CASEWORKER) as channel:
        await privacy_pb2_grpc.PrivacyServiceStub(channel).ProtectPerson(
            pb.ProtectPersonRequest(
                request_id=str(time_ordered_id()), case_id=case_id, is_protected=is_protected, reason="threatened"
            )
        )


async def hidden(case: Case, who: str, *, soon: bool = False) -> bool:
    """Whether a caseworker of an institution is told that there is no such case; `soon`: once a message is there."""
    if soon:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await case.seen_by(who) is not None:  # noqa: ASYNC110 - the node's own task brings it
                await asyncio.sleep(0.1)
    return await case.seen_by(who) is None


async def test_protected_in_one_case_she_is_protected_in_all_at_both_ends(nodes: dict[str, DemoNode]) -> None:
    one, other, beside = await asked(nodes, HERS), await asked(nodes, "65030261r501"), await asked(nodes, HIS)
    widow = Case("F6", nodes, CLAIMING)
    await widow.say(IT, "lodge", content=survivors_claim(HIS, HERS))
    await widow.until({f"records:{DE}": "asked"})

    await protect(nodes[IT], one.case_id)
    assert [await hidden(case, IT) for case in (one, other, widow, beside)] == [True, True, True, False]
    assert [await hidden(case, DE) for case in (one, other, beside)] == [False, False, False]

    # One more message in one of her cases, and all of hers at the other end are hidden too.
    async with privacy(nodes[IT], Role.CLEARED_CASEWORKER) as channel:
        await flows_pb2_grpc.FlowServiceStub(channel).Act(
            flows_pb2.ActRequest(
                request_id=str(time_ordered_id()),
                case_id=one.case_id,
                action="ask_to_clarify",
                recipients=[DE],
                content=least("message.clarify.request", purpose=FLOWS["F4"].purpose, sender=IT),
            )
        )
    assert await hidden(one, DE, soon=True)
    assert [await hidden(case, DE) for case in (other, beside)] == [True, False]

    # A case that comes later is hidden where she is known to be protected, and shown to nobody first.
    later = Case("F4", nodes, {DE: "requesting_institution", IT: "asked_institution"})
    await later.say(DE, "ask", content=request(HERS))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await is_protected(nodes[IT], later.case_id):  # noqa: ASYNC110 - the node's own task brings it
            await asyncio.sleep(0.1)
    assert await later.seen_by(IT) is None

    await protect(nodes[IT], one.case_id, is_protected=False)
    # The widow's case names her: it is shown again by its own id, in case he is protected himself.
    assert [await hidden(case, IT) for case in (one, other, later, widow)] == [False, False, False, True]
    await protect(nodes[IT], widow.case_id, is_protected=False)
    assert not await hidden(widow, IT)


async def exported(node: DemoNode, case_id: str) -> bytes:
    """The proof of a case, once all its bundles are in the log."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                return await _export(node.node.settings, UUID(case_id), with_records=True)
            except GatewayError as error:
                if not error.retryable:
                    raise
            await asyncio.sleep(0.2)


async def is_protected(node: DemoNode, case_id: str) -> bool:
    async with node.node.database.transaction() as connection:
        return bool(await PostgresProtected(connection).among([UUID(case_id)]))


async def test_erased_with_all_cases_of_hers_and_every_proof_stands(nodes: dict[str, DemoNode], tmp_path: Path) -> None:
    one, other, beside = await asked(nodes, HERS), await asked(nodes, HERS), await asked(nodes, HIS)
    node = nodes[DE]
    async with privacy(node, Role.ADMINISTRATOR) as channel:
        stub: Any = privacy_pb2_grpc.PrivacyServiceStub(channel)
        shown = await stub.GetPrivacy(pb.GetPrivacyRequest(case_id=one.case_id))
        assert list(shown.other_case_ids) == [other.case_id]
        # Whoever looked at any of her cases is named, and at which.
        assert {look.case_id for look in shown.looks} == {one.case_id, other.case_id}
        erasing = pb.EraseRequest(request_id=str(time_ordered_id()), case_id=one.case_id, whole_person=True)
        with pytest.raises(grpc.aio.AioRpcError, match="is open"):
            await stub.Erase(erasing)
        erasing.request_id, erasing.ordered_by = str(time_ordered_id()), ORDER
        erased = await stub.Erase(erasing)
        assert erased.scopes == 2
    assert [await case.seen_by(DE) is None for case in (one, other, beside)] == [True, True, False]
    assert await one.seen_by(IT) is not None
    told: list[str] = []
    assert await examine_database(node.node.settings, told.append) == 0, told
    anchor = load_anchor(tmp_path / DE / "root.bin")
    for case in (one, other):
        evidence = await exported(node, case.case_id)
        assert HERS.encode() not in evidence
        assert any("record.request" in line for line in verify_evidence(evidence, anchor=anchor, witnesses=0).sentences)
