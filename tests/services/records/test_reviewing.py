"""What waits for a person: why, until when it counts, and what happens once she has settled it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from portability.adapters.clock.fake import ManualClock
from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.memory.records import MemoryCareers, MemoryCaseFacts, MemoryCommands, MemoryReviews
from portability.agreements.careers import AnswerStatus, CareerRecord, Evidence, EvidenceLevel, RecordedPeriod
from portability.agreements.errors import DeniedError, InputError, NotFoundError
from portability.agreements.loading import load_agreement
from portability.agreements.lookup import rule_in_force
from portability.agreements.packaged import packaged_text
from portability.agreements.periods import InsurancePeriod, PeriodKind
from portability.agreements.rules import Aggregation
from portability.agreements.values import Branch
from portability.app.wiring.reviews import asked_by
from portability.services.access import Caller, Role
from portability.services.records.career_view import AroundCase, Demand, Stater
from portability.services.records.reviewing import SettleReview, judge, reliance, settle_review
from portability.services.records.reviews import Review
from portability.services.records.verifying import VerificationLevel

MORNING, EVENING = datetime(2026, 3, 1, 9, tzinfo=UTC), datetime(2026, 3, 1, 18, tzinfo=UTC)
ANNA = Caller("de-drv", Role.CASEWORKER, "anna.berg")
ART_9 = "Agreement, Art. 9(2)"


@dataclass
class Desk:
    """One case, in memory."""

    case_id: UUID = field(default_factory=time_ordered_id)
    careers: MemoryCareers = field(default_factory=MemoryCareers)
    facts: MemoryCaseFacts = field(default_factory=MemoryCaseFacts)
    reviews: MemoryReviews = field(default_factory=MemoryReviews)
    commands: MemoryCommands = field(default_factory=MemoryCommands)

    async def told(self, *periods: RecordedPeriod, stater: Stater, at: datetime = MORNING) -> None:
        career = CareerRecord("NO", "no-nav", AnswerStatus.KNOWN, periods=periods)
        await self.careers.put(self.case_id, career, at=at)
        self.facts.known[self.case_id] = AroundCase(date(1970, 1, 1), {"no-nav": stater})
        await self.judge(at=at)

    async def judge(self, *, at: datetime) -> None:
        await judge(self.case_id, careers=self.careers, facts=self.facts, reviews=self.reviews, at=at)

    async def waiting(self) -> Mapping[str, Review]:
        return {one.period_id: one for one in await self.reviews.waiting(limit=10)}

    async def settle(
        self, period_id: str, *, stands: bool, caller: Caller = ANNA, reason: str = "account seen"
    ) -> None:
        command = SettleReview(time_ordered_id(), self.case_id, "NO", period_id, stands, reason)
        await settle_review(command, caller=caller, work=self, clock=ManualClock(EVENING))


def period(period_id: str, first: date, level: EvidenceLevel = EvidenceLevel.FINAL_ACCOUNT) -> RecordedPeriod:
    insured = InsurancePeriod(
        period_id, "NO", PeriodKind.COMPULSORY, "no-ft", first, date(2001, 1, 1), period_type="10"
    )
    return RecordedPeriod(insured, Evidence(level, "account", "no-nav", date(2026, 1, 1)))


GOOD, EARLY = period("good", date(2000, 1, 1)), period("early", date(1969, 1, 1))
DECLARED = period("said", date(2000, 6, 1), EvidenceLevel.DECLARED)
KNOWN = Stater("", "")
ASKS = replace(KNOWN, demand=Demand(EvidenceLevel.CONTRIBUTION_SEEN, VerificationLevel.IDENTIFIED, ART_9))


async def test_what_fails_waits_and_counts_meanwhile_where_no_rule_asks_for_more() -> None:
    desk = Desk()
    await desk.told(GOOD, EARLY, DECLARED, stater=KNOWN)
    (waiting,) = (await desk.waiting()).values()
    assert (waiting.period_id, waiting.reasons) == ("early", ("plausible: It begins before the person was born.",))
    assert (await reliance(desk.case_id, reviews=desk.reviews)).waiting == ()


async def test_a_rule_asks_for_more_and_nothing_is_determined_until_a_person_has_settled_it() -> None:
    desk = Desk()
    await desk.told(GOOD, DECLARED, stater=ASKS)
    (waiting,) = (await desk.waiting()).values()
    assert waiting.reasons == (f"evidence: declared stands behind it, and {ART_9} asks for contribution_seen.",)
    assert (await reliance(desk.case_id, reviews=desk.reviews)).waiting == (waiting,)
    await desk.settle("said", stands=False)
    after = await reliance(desk.case_id, reviews=desk.reviews)
    assert (after.waiting, after.left_out) == ((), {("NO", "said")})
    assert await desk.waiting() == {}


async def test_what_nobody_looked_at_waits_only_where_a_rule_asks_for_that_check() -> None:
    desk = Desk()
    await desk.told(GOOD, stater=replace(ASKS, identified=None))
    assert (await desk.waiting())["good"].reasons == ("identified: Nobody has looked.",)
    await desk.told(GOOD, stater=replace(KNOWN, identified=None))
    assert await desk.waiting() == {}


async def test_what_is_settled_stays_settled_until_something_else_is_found() -> None:
    desk = Desk()
    await desk.told(EARLY, stater=KNOWN)
    await desk.settle("early", stands=True)
    await desk.judge(at=EVENING)
    assert await desk.waiting() == {}
    await desk.told(EARLY, stater=Stater("Directory 2 does not name no-nav.", ""), at=EVENING)
    (again,) = (await desk.waiting()).values()
    assert (again.since, len(again.reasons)) == (EVENING, 2)


async def test_only_a_named_person_settles_and_says_how_she_knows() -> None:
    desk = Desk()
    await desk.told(EARLY, stater=KNOWN)
    with pytest.raises(DeniedError):
        await desk.settle("early", stands=True, caller=Caller("de-drv", Role.SYSTEM, "batch"))
    with pytest.raises(InputError, match="how you know"):
        await desk.settle("early", stands=True, reason=" ")
    with pytest.raises(NotFoundError):
        await desk.settle("good", stands=True)
    assert list(await desk.waiting()) == ["early"]


def test_an_agreement_says_what_it_asks_of_the_others_periods() -> None:
    before = packaged_text("treaties", "ca-de.yaml")
    line = "    only: to_the_extent_necessary\n"
    assert before.count(line) == 1
    asking = "    least_evidence: contribution_seen\n    least_checks: identified\n    least_cite: CA-DE Art. 16\n"
    plain, asks = (
        load_agreement(before, "ca-de.yaml"),
        load_agreement(before.replace(line, line + asking), "ca-de.yaml"),
    )
    found = [
        asked_by(rule_in_force(each, Aggregation, branch=Branch.OLD_AGE, on=date(2024, 1, 1), state="DE"))
        for each in (plain, asks)
    ]
    assert found == [Demand(), Demand(EvidenceLevel.CONTRIBUTION_SEEN, VerificationLevel.IDENTIFIED, "CA-DE Art. 16")]
