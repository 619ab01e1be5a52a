"""A statement of periods takes its place in a case, whoever made it; and our own statement is made from our records."""

from dataclasses import replace

from portability.agreements.careers import AnswerStatus, CareerRecord, InsuranceAccount, period_totals
from portability.services.cases.desk import Desk
from portability.services.cases.messages import RecordStatement, StatedPerson
from portability.services.cases.model import Case, EventKind, Participant, Person, RecordRequest

__all__ = ["absence", "from_account", "take_statement", "why_not_hers"]


def from_account(account: InsuranceAccount, *, case: Case, request: RecordRequest, desk: Desk) -> RecordStatement:
    """All periods of an own account, whatever was asked: a period left out could cost a right."""
    if not account.periods:
        return absence(AnswerStatus.NONE, case=case, request=request, desk=desk)
    return RecordStatement(
        statement_id=desk.new_id(),
        case_id=case.case_id,
        record_request_id=request.record_request_id,
        institution=desk.me,
        state=desk.my_state,
        status=AnswerStatus.KNOWN,
        stated_at=desk.now,
        as_of=account.as_of,
        periods=account.periods,
        totals=period_totals(each.period for each in account.periods),
        person=StatedPerson(account.birth_date, account.identifiers),
    )


def absence(status: AnswerStatus, *, case: Case, request: RecordRequest, desk: Desk) -> RecordStatement:
    """A statement without periods that says why there are none."""
    return RecordStatement(
        statement_id=desk.new_id(),
        case_id=case.case_id,
        record_request_id=request.record_request_id,
        institution=desk.me,
        state=desk.my_state,
        status=status,
        stated_at=desk.now,
    )


def why_not_hers(person: Person, stated: StatedPerson | None) -> str | None:
    """Why a statement is not known to be of the person of the claim; empty: it is; None: it does not say whose it is.

    A number alone is no proof: number and birth date have to agree, as they do for an own account.
    """
    if stated is None:
        return None
    if stated.birth_date != person.birth_date:
        return "The account that it rests on has another birth date than the claim: ask the institution whose it is."
    numbers = {(each.country, each.sector, each.comparable) for each in person.identifiers}
    if not any((each.country, each.sector, each.comparable) in numbers for each in stated.identifiers):
        return "The account that it rests on has no number that the claim names: ask the institution whose it is."
    return ""


async def take_statement(case: Case, of: Participant, statement: RecordStatement, *, desk: Desk) -> Case:
    """The case with this answer in it. Totals that are not those of the periods are noted, and nothing is repaired."""
    differ = statement.totals_differ
    if differ:
        desk.note(
            case.case_id,
            EventKind.TOTALS_DIFFER,
            f"The totals sent by {of.institution} are not those of its periods; the periods count, ask it which is "
            "right.",
            by=of.institution,
        )
    desk.restated = True
    await desk.work.careers.put(
        case.case_id,
        CareerRecord(
            state=of.state,
            institution=of.institution,
            status=statement.status,
            asked_on=of.asked_at.date(),
            answered_on=statement.stated_at.date(),
            as_of=statement.as_of,
            periods=statement.periods,
        ),
        at=desk.now,
    )
    answered = replace(
        of,
        status=statement.status,
        statement_id=statement.statement_id,
        answered_at=desk.now,
        totals_differ=differ,
        why_not_hers=why_not_hers(case.claim.person, statement.person),
    )
    return case.with_participant(answered)
