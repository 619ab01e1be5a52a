"""What a person has to look at before anybody relies on it: periods that fail a check, or that a rule asks more of.

A rule of an agreement may ask for a least evidence or checks (`least_evidence`, `least_checks`). Nothing is left out by
a program: until a person has settled what a rule asks for, nothing is determined; what she does not rely on is left out
in her name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from portability.agreements.careers import EvidenceLevel
from portability.agreements.errors import DeniedError, InputError, NotFoundError
from portability.services.access import Caller
from portability.services.idempotency import once
from portability.services.records.career import CareerPeriod, PeriodStatus
from portability.services.records.career_view import AroundCase, Demand, KnownCareer, known_careers
from portability.services.records.ports import CareerBook, CaseFacts, Clock, ReviewBook, SettlingWork
from portability.services.records.reviews import Review, Settlement
from portability.services.records.verifying import Check, for_a_person

__all__ = ["Reliance", "SettleReview", "judge", "reliance", "settle_review"]

_EVIDENCE = tuple(EvidenceLevel)  # from the weakest to the strongest


@dataclass(frozen=True, slots=True)
class SettleReview:
    """`stands`: the person relies on the period. Otherwise it is left out of what is determined here."""

    request_id: UUID
    case_id: UUID
    state: str
    period_id: str
    stands: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Reliance:
    """What of the careers of a case may be counted. `waiting`: why nothing may be determined yet."""

    waiting: tuple[Review, ...] = ()
    left_out: frozenset[tuple[str, str]] = frozenset()  # state and period id


async def judge(case_id: UUID, *, careers: CareerBook, facts: CaseFacts, reviews: ReviewBook, at: datetime) -> None:
    """Check what was stated in a case, and put before a person what fails; what she has settled stays settled."""
    around = await facts.around(case_id)
    known = known_careers(await careers.history(case_id), at=at, around=around)
    before = {(one.state, one.period_id): one for one in await reviews.of_case(case_id)}
    found = {(one.state, one.period_id): one for one in _failing(case_id, known, around, at=at)}
    same = {key for key, one in found.items() if key in before and before[key].reasons == one.reasons}
    settled = {key: one for key, one in before.items() if key not in found and one.settled}
    await reviews.put(
        case_id, [*settled.values(), *(before[key] if key in same else one for key, one in found.items())]
    )


async def reliance(case_id: UUID, *, reviews: ReviewBook) -> Reliance:
    """What a determination may rest on."""
    known = await reviews.of_case(case_id)
    return Reliance(
        tuple(one for one in known if one.asked_by and one.settled is None),
        frozenset((one.state, one.period_id) for one in known if one.settled and not one.settled.stands),
    )


async def settle_review(command: SettleReview, *, caller: Caller, work: SettlingWork, clock: Clock) -> Review:
    """Say in one's own name whether a period is relied on. Raises NotFoundError where nothing of it waits."""
    if not (caller.is_caseworker and caller.name):
        raise DeniedError("Only a named caseworker settles this: connect with a caseworker's certificate.")
    if not command.reason.strip():
        raise InputError("Say how you know: the reason is kept with your name.", field="reason")

    async def run() -> str:
        known = await work.reviews.of_case(command.case_id)
        if not any(_is_of(one, command) for one in known):
            raise NotFoundError("Nothing of that period waits for a person: take it from the list of what does.")
        settled = Settlement(command.stands, caller.name, clock.now(), command.reason)
        await work.reviews.put(
            command.case_id, [replace(one, settled=settled) if _is_of(one, command) else one for one in known]
        )
        return str(command.case_id)

    await once(command, log=work.commands, run=run)
    return next(one for one in await work.reviews.of_case(command.case_id) if _is_of(one, command))


def _is_of(review: Review, command: SettleReview) -> bool:
    return (review.state, review.period_id) == (command.state, command.period_id)


def _failing(case_id: UUID, known: tuple[KnownCareer, ...], around: AroundCase, *, at: datetime) -> Iterator[Review]:
    for career in known:
        statement = career.statement
        checks: Mapping[str, tuple[Check, ...]] = dict(career.checks)
        for period in statement.periods:
            demand = around.stater_of(statement, period.period_id).demand
            reasons = _reasons(period, checks[period.period_id], demand)
            if reasons and period.status is PeriodStatus.CURRENT:
                stater = around.institution_of(statement, period.period_id)
                yield Review(case_id, statement.state, stater, period.period_id, reasons, at, demand.citation)


def _reasons(period: CareerPeriod, checks: tuple[Check, ...], demand: Demand) -> tuple[str, ...]:
    told = period.evidence.level if period.evidence else EvidenceLevel.DECLARED
    weak: tuple[str, ...] = ()
    if demand.evidence is not None and _EVIDENCE.index(told) < _EVIDENCE.index(demand.evidence):
        weak = (f"evidence: {told.value} stands behind it, and {demand.citation} asks for {demand.evidence.value}.",)
    return (*for_a_person(checks, least=demand.checks), *weak)
