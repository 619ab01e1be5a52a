"""What a determination is asked, and how its answer is kept: a projection, not an award."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Protocol
from uuid import UUID

from portability.agreements.careers import AnswerStatus, CareerRecord, InsuranceAccount
from portability.agreements.errors import DeterminationError
from portability.services.cases.commands import Determine
from portability.services.cases.deciding import unsatisfied_states
from portability.services.cases.model import Case, Determination, InstitutionId, state_of
from portability.services.cases.ports import (
    CareerBook,
    DeterminationAnswer,
    DeterminationQuestion,
    InstitutionDirectory,
    OwnAccounts,
    Reliance,
)

__all__ = ["Facts", "Known", "made_of", "question_for", "question_of"]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the claim: every country's answer, what of it is relied on, and our own account of her."""

    careers: Sequence[CareerRecord]
    relied: Reliance
    account: InsuranceAccount | None  # None: our figures are not known


class Relied(Protocol):
    async def reliance(self, case_id: UUID) -> Reliance: ...


class Facts(Protocol):
    """The ports in which all that a determination asks about is found."""

    @property
    def accounts(self) -> OwnAccounts: ...
    @property
    def careers(self) -> CareerBook: ...
    @property
    def reviews(self) -> Relied: ...
    @property
    def directory(self) -> InstitutionDirectory: ...


async def question_for(case: Case, command: Determine, *, me: InstitutionId, work: Facts) -> DeterminationQuestion:
    """The question of a claim whose account is identified, or of nobody's; raises as `question_of` does."""
    found = case.identification
    known = Known(
        careers=await work.careers.of_case(case.case_id),
        relied=await work.reviews.reliance(case.case_id),
        account=await work.accounts.get(found.account_id) if found and found.account_id else None,
    )
    return await question_of(case, command, known=known, me=me, directory=work.directory)


async def question_of(
    case: Case, command: Determine, *, known: Known, me: InstitutionId, directory: InstitutionDirectory
) -> DeterminationQuestion:
    """All that is known of the case, from every country that has answered, and our own figures.

    Raises DeterminationError while a period waits for a person that a rule asks more of than it has.
    """
    relied, mine = known.relied, state_of(me)
    if relied.waiting:
        raise DeterminationError(
            f"{len(relied.waiting)} periods wait for a caseworker: {relied.waiting[0]} "
            "See `portability records to-review`, and settle each."
        )
    answered = [career for career in known.careers if career.status is AnswerStatus.KNOWN]
    agreements = {}
    for state in dict.fromkeys(career.state for career in answered if career.state != mine):
        agreement_id = await directory.agreement_between(mine, state, branch=case.branch, on=case.claim.lodged_on)
        if agreement_id is not None:
            agreements[state] = agreement_id
    return DeterminationQuestion(
        case_id=case.case_id,
        institution=me,
        state=mine,
        branch=case.branch,
        birth_date=case.claim.person.birth_date,
        residence_state=case.claim.person.residence_state,
        risk_materialised_on=command.risk_materialised_on,
        award_on=command.award_on or case.claim.award_on,
        periods=tuple(
            recorded.period
            for career in answered
            for recorded in career.periods
            if (career.state, recorded.period.period_id) not in relied.left_out
        ),
        agreements=agreements,
        scheme_facts=_scheme_facts(known.account),
        national_answers={answer.scheme: answer for answer in case.national_answers},
        unsatisfied_states=unsatisfied_states(case, mine=mine),
    )


def _scheme_facts(account: InsuranceAccount | None) -> dict[str, dict[str, Fraction]]:
    facts: dict[str, dict[str, Fraction]] = {}
    for fact in account.scheme_facts if account else ():
        facts.setdefault(fact.scheme, {})[fact.name] = fact.value
    return facts


def made_of(
    answer: DeterminationAnswer, *, question: DeterminationQuestion, by: str, determination_id: UUID, at: datetime
) -> Determination:
    """The determination as it is kept with the case."""
    return Determination(
        determination_id=determination_id,
        institution=question.institution,
        determined_at=at,
        determined_by=by,
        risk_materialised_on=question.risk_materialised_on,
        award_on=question.award_on,
        benefits=answer.benefits,
        citations=answer.citations,
        explanation=answer.explanation,
        summary=answer.summary,
        agreements=answer.agreements,
        review_status=answer.review_status,
        banner=answer.banner,
        trace=answer.trace,
    )
