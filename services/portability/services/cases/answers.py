"""Our own statement of periods is made from our records; and a statement, whoever made it, tells of one country."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from portability.agreements.careers import (
    AnswerStatus,
    CareerRecord,
    InsuranceAccount,
    period_totals,
    totals_that_differ,
)
from portability.services.cases.messages import RecordStatement
from portability.services.cases.model import InstitutionId, Person, state_of
from portability.services.matching import Match, PersonIndex, match_person
from portability.services.persons.births import BirthDate
from portability.services.persons.likeness import PersonFacts
from portability.services.persons.whose import StatedPerson

__all__ = ["Asked", "absence", "career_of", "find_person", "from_account"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a statement of ours answers, and its own id and instant."""

    case_id: UUID
    record_request_id: UUID
    me: InstitutionId
    statement_id: UUID
    at: datetime


async def find_person(person: Person, *, people: PersonIndex) -> Match:
    """Look for her own account by all that the claim says of her."""
    born = person.birth_date
    birth = BirthDate(born.year, born.month, born.day)
    return await match_person(
        PersonFacts((person.family_name,), person.given_names, birth, person.identifiers), people=people
    )


def from_account(account: InsuranceAccount, *, asked: Asked) -> RecordStatement:
    """All periods of an own account, whatever was asked: a period left out could cost a right."""
    if not account.periods:
        return absence(AnswerStatus.NONE, asked=asked)
    return replace(
        absence(AnswerStatus.KNOWN, asked=asked),
        as_of=account.as_of,
        periods=account.periods,
        totals=period_totals(each.period for each in account.periods),
        person=StatedPerson(account.birth_date, account.identifiers),
    )


def absence(status: AnswerStatus, *, asked: Asked) -> RecordStatement:
    """A statement without periods that says why there are none."""
    return RecordStatement(
        statement_id=asked.statement_id,
        case_id=asked.case_id,
        record_request_id=asked.record_request_id,
        institution=asked.me,
        state=state_of(asked.me),
        status=status,
        stated_at=asked.at,
    )


def career_of(statement: RecordStatement, *, asked_on: date) -> CareerRecord:
    """What a statement tells of one country."""
    return CareerRecord(
        state=statement.state,
        institution=statement.institution,
        status=statement.status,
        asked_on=asked_on,
        answered_on=statement.stated_at.date(),
        as_of=statement.as_of,
        periods=statement.periods,
        totals_differ=totals_that_differ(statement.totals, [each.period for each in statement.periods]),
    )
