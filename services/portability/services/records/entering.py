"""What an institution stated outside this exchange, entered into a case by a named caseworker who has the document.

It counts like any other answer and is judged like one; the checks say what nobody looked at: nothing was signed here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from portability.agreements.careers import AnswerStatus, CareerRecord, Evidence, EvidenceLevel, check_state
from portability.agreements.errors import DeniedError, InputError
from portability.services.access import Caller
from portability.services.idempotency import once
from portability.services.records.career import CareerPeriod, CareerStatement, NotCounted, counted
from portability.services.records.career_totals import TotalOutcome, check_totals, in_words
from portability.services.records.handlers import no_career
from portability.services.records.ports import Clock, EnteringWork
from portability.services.records.reviewing import judge

__all__ = ["EnterStatement", "Entered", "enter_statement"]


@dataclass(frozen=True, slots=True)
class EnterStatement:
    """`level`: who stands behind periods of which the document does not tell it."""

    request_id: UUID
    case_id: UUID
    statement: CareerStatement
    document: str
    level: EvidenceLevel


@dataclass(frozen=True, slots=True)
class Entered:
    """How many periods count, those that do not, and totals that the periods do not give."""

    counted: int
    not_counted: tuple[NotCounted, ...]
    totals_differ: tuple[str, ...]


async def enter_statement(command: EnterStatement, *, caller: Caller, work: EnteringWork, clock: Clock) -> Entered:
    """Enter a statement; gives what of it counts, what does not with the reason, and the totals that do not agree.

    Raises InputError where the statement does not say whose it is, and where its state was asked here: then its
    own answer counts, and a document beside it is for that institution to explain.
    """
    if not (caller.is_caseworker and caller.name):
        raise DeniedError("Only a named caseworker enters a document: connect with a caseworker's certificate.")
    stated, elsewhere = _of_its_state(replace(command.statement, periods=tuple(_with_evidence(command))))
    branch = (await work.facts.around(command.case_id)).branch
    periods, left = counted(stated, branch=branch)
    checked = check_totals(command.statement)
    differ = tuple(in_words(one) for one in checked if one.outcome is not TotalOutcome.SAME)

    async def run() -> str:
        _require_whose(stated)
        known = {one.state: one for one in await work.careers.of_case(command.case_id)}
        if not known:
            raise no_career(command.case_id)
        before = known.get(stated.state)
        if before is not None and before.status is not AnswerStatus.NOT_ASKED and not before.entered_by:
            raise InputError(
                f"{stated.state} was asked here, so its own answer counts: ask {before.institution} about this one.",
                field="statement.state",
            )
        await work.careers.put(
            command.case_id,
            CareerRecord(
                state=stated.state,
                institution=stated.institution,
                status=AnswerStatus.KNOWN if periods else stated.status,
                answered_on=clock.now().date(),
                as_of=stated.as_of,
                periods=periods,
                entered_by=caller.name,
                totals_differ=differ,
            ),
            at=clock.now(),
        )
        await judge(command.case_id, careers=work.careers, facts=work.facts, reviews=work.reviews, at=clock.now())
        return ""

    await once(command, log=work.commands, run=run)
    return Entered(len(periods), (*left, *elsewhere), differ)


def _of_its_state(stated: CareerStatement) -> tuple[CareerStatement, tuple[NotCounted, ...]]:
    """The statement with periods of its own state alone: each institution states those under its own legislation."""
    elsewhere = tuple(
        NotCounted(one.period_id, f"It is of {one.state}, and the statement of {stated.state}: ask in {one.state}.")
        for one in stated.periods
        if one.state not in {"", stated.state}
    )
    left = {one.period_id for one in elsewhere}
    return replace(stated, periods=tuple(one for one in stated.periods if one.period_id not in left)), elsewhere


def _with_evidence(command: EnterStatement) -> Iterator[CareerPeriod]:
    stated = command.statement
    for one in stated.periods:
        said = one.evidence or Evidence(command.level, command.document, stated.institution, stated.as_of)
        yield replace(one, evidence=said)


def _require_whose(stated: CareerStatement) -> None:
    check_state(stated.state, field="statement.state")
    if stated.institution[:2].upper() != stated.state:
        raise InputError(
            f"'{stated.institution}' is no institution of {stated.state}: give its id, for example fr-cnav.",
            field="statement.institution",
        )
    if stated.status is AnswerStatus.KNOWN and not stated.periods:
        raise InputError(
            f"The statement says that there are periods, and has none of {stated.state}.", field="statement.periods"
        )
