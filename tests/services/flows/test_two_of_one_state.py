"""Two institutions of one state in a case on a flow: each is checked for what it states itself, on whole nodes."""

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from least import least
from real_nodes import PATIENCE_SECONDS, Case

from portability.adapters.postgres.embedded import EmbeddedServer
from portability.agreements.values import Branch
from portability.api.cases.v1 import messages_pb2 as pensions
from portability.api.records.v1 import messages_pb2 as messages
from portability.api.records.v1 import records_pb2 as pb
from portability.api.records.v1 import records_pb2_grpc, reviews_pb2_grpc
from portability.api.records.v1 import reviews_pb2 as reviews
from portability.app.demo.nodes import DemoNode, demo_nodes
from portability.app.demo.story import INSTITUTIONS
from portability.services.mapping.common import write_date

IT, DRV, KBS = "it-inps", "de-drv", "de-kbs"
BORN = date(1961, 2, 3)
HERS, ANOTHER = "65 030261 R 501", "65 040458 C 023"
COMPETENT, IDENTIFIED = 2, 3
PASSED, FAILED = pb.CHECK_OUTCOME_PASSED, pb.CHECK_OUTCOME_FAILED


def claim() -> bytes:
    message = pensions.OldAgeClaimSent.FromString(least("claim.old_age", purpose="pension-claim"))
    person = message.claim.person
    person.birth_date.CopyFrom(write_date(BORN))
    del person.identifiers[:]
    person.identifiers.add(country="DE", sector="pension", value=HERS)
    return message.SerializeToString()


def statement(institution: str, period_id: str, *, number: str) -> bytes:
    content = least("record.statement", purpose="pension-claim", sender=institution)
    message = messages.RecordStatement.FromString(content)
    message.status = messages.ANSWER_STATUS_KNOWN
    message.as_of.CopyFrom(write_date(date(2026, 1, 1)))
    period = message.periods.add(
        period_id=period_id,
        state="DE",
        kind="PERIOD_KIND_COMPULSORY",
        scheme="de-grv",
        first_day=write_date(date(1990, 1, 1)),
        last_day=write_date(date(1995, 12, 31)),
        period_type="10",
    )
    period.evidence.level, period.evidence.verified_by = 5, institution
    period.evidence.verified_on.CopyFrom(write_date(date(2026, 1, 1)))
    message.person.birth_date.CopyFrom(write_date(BORN))
    message.person.identifiers.add(country="DE", sector="pension", value=number)
    return message.SerializeToString()


async def german_checks(node: DemoNode, case_id: str, *, periods: int) -> dict[str, dict[int, Any]]:
    """The checks of each German period, once there are so many."""
    stub: Any = records_pb2_grpc.RecordServiceStub(node.caseworker)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = await stub.GetCareer(pb.GetCareerRequest(case_id=case_id))
            german = next(one for one in found.careers if one.statement.state == "DE")
            if len(german.statement.periods) == periods:
                break
            await asyncio.sleep(0.1)
    checks: dict[str, dict[int, Any]] = {}
    for check in german.checks:
        checks.setdefault(check.period_id, {})[check.code] = check.outcome
    return checks


async def test_who_is_not_competent_or_of_another_person_is_so_for_its_own_periods_alone(
    tmp_path: Path, postgres_server: EmbeddedServer
) -> None:
    drv = next(one for one in INSTITUTIONS if one.institution_id == DRV)
    # The miners' fund is in the directory for the pension of survivors, and was asked all the same.
    kbs = replace(drv, institution_id=KBS, name="Knappschaft (test)", branch=Branch.SURVIVORS)
    url = postgres_server.url_for("postgres")
    async with demo_nodes(
        tmp_path,
        kafka="",
        pages=False,
        database_url=url,
        institutions=(*INSTITUTIONS, kbs),
        only=f"{IT},{DRV},{KBS}",
    ) as nodes:
        case = Case("F5", nodes, {IT: "contact_institution", DRV: "institution", KBS: "institution"})
        await case.say(IT, "lodge", content=claim())
        await case.until({f"records:{DRV}": "asked", f"records:{KBS}": "asked"})
        # Both use the same id for a period of their own.
        await case.say(DRV, "state", content=statement(DRV, "1990", number=HERS))
        await case.say(KBS, "state", content=statement(KBS, "1990", number=ANOTHER))
        await case.until({f"records:{DRV}": "stated", f"records:{KBS}": "stated"}, at=[IT])
        checks = await german_checks(nodes[IT], case.case_id, periods=2)
        own, other = checks["1990"], checks[f"1990@{KBS}"]
        assert (own[COMPETENT], own[IDENTIFIED]) == (PASSED, PASSED)
        assert (other[COMPETENT], other[IDENTIFIED]) == (FAILED, FAILED)
        listed = await reviews_pb2_grpc.ReviewServiceStub(nodes[IT].caseworker).ListReviews(
            reviews.ListReviewsRequest(case_id=case.case_id)
        )
        (review,) = listed.reviews
        assert (review.institution_id, review.period_id) == (KBS, f"1990@{KBS}")
        assert [one.split(":")[0] for one in review.reasons] == ["competent", "identified"]
        assert KBS in review.reasons[0]
