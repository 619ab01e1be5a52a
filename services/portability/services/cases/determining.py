"""What a determination is asked, and how its answer is kept: a projection, not an award."""

from fractions import Fraction

from portability.agreements.careers import AnswerStatus
from portability.agreements.errors import DeterminationError
from portability.services.cases.commands import Determine
from portability.services.cases.deciding import unsatisfied_states
from portability.services.cases.desk import Desk
from portability.services.cases.model import Case, Determination
from portability.services.cases.ports import DeterminationAnswer, DeterminationQuestion

__all__ = ["made_of", "question_for"]


async def question_for(case: Case, command: Determine, *, desk: Desk) -> DeterminationQuestion:
    """All that is known of the case, from every country that has answered, and our own figures.

    Raises DeterminationError while a period waits for a person that a rule asks more of than it has.
    """
    relied = await desk.work.reviews.reliance(case.case_id)
    if relied.waiting:
        raise DeterminationError(
            f"{len(relied.waiting)} periods wait for a caseworker: {relied.waiting[0]} "
            "See `portability records to-review`, and settle each."
        )
    careers = await desk.work.careers.of_case(case.case_id)
    known = [career for career in careers if career.status is AnswerStatus.KNOWN]
    agreements = {}
    for career in known:
        agreement_id = await desk.agreement_with(case, career.state) if career.state != desk.my_state else None
        if agreement_id is not None:
            agreements[career.state] = agreement_id
    return DeterminationQuestion(
        case_id=case.case_id,
        institution=desk.me,
        state=desk.my_state,
        branch=case.branch,
        birth_date=case.claim.person.birth_date,
        residence_state=case.claim.person.residence_state,
        risk_materialised_on=command.risk_materialised_on,
        award_on=command.award_on or case.claim.award_on,
        periods=tuple(
            recorded.period
            for career in known
            for recorded in career.periods
            if (career.state, recorded.period.period_id) not in relied.left_out
        ),
        agreements=agreements,
        scheme_facts=await _scheme_facts(case, desk=desk),
        national_answers={answer.scheme: answer for answer in case.national_answers},
        unsatisfied_states=unsatisfied_states(case, mine=desk.my_state),
    )


async def _scheme_facts(case: Case, *, desk: Desk) -> dict[str, dict[str, Fraction]]:
    found = case.identification
    account = await desk.work.accounts.get(found.account_id) if found and found.account_id else None
    facts: dict[str, dict[str, Fraction]] = {}
    for fact in account.scheme_facts if account else ():
        facts.setdefault(fact.scheme, {})[fact.name] = fact.value
    return facts


def made_of(answer: DeterminationAnswer, *, question: DeterminationQuestion, by: str, desk: Desk) -> Determination:
    """The determination as it is kept with the case."""
    return Determination(
        determination_id=desk.new_id(),
        institution=desk.me,
        determined_at=desk.now,
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
