"""The port `Determiner` of cases, filled by the law core: every agreement that applies, the best proposal a scheme.

Two agreements can lead to a benefit of one scheme (a worker of the Union with a career in Canada as well). The texts
that are encoded do not say which goes first, so each is determined, the higher is proposed, and the explanation names
both: the official who decides confirms the choice.
"""

import asyncio
from collections.abc import Iterator

from portability.agreements import packaged
from portability.agreements.determination import determine
from portability.agreements.errors import DeterminationError, UnmodelledProvisionError
from portability.agreements.explanation import exact_text, trace_bytes
from portability.agreements.model import BenefitResult, Determination, DeterminationFacts, NationalAnswer, Step
from portability.agreements.sentences import catalogue, sentence
from portability.agreements.values import Citation
from portability.services.cases.model import AgreementUsed, Explanation, ProposedBenefit
from portability.services.cases.ports import DeterminationAnswer, DeterminationQuestion
from portability.services.determination.handlers import propose

__all__ = ["PackagedRulesDeterminer", "determine_question"]

_WEAKEST_FIRST = ("unverified", "drafted", "reviewed")


class PackagedRulesDeterminer:
    """Determiner on the treaty and legislation files that ship with the package."""

    async def determine(self, question: DeterminationQuestion) -> DeterminationAnswer:
        """Apply the rules in force; DeterminationError where the law as encoded gives no answer."""
        # In a thread: a long career takes longer than other calls of the node should wait.
        return await asyncio.to_thread(determine_question, question)


def determine_question(question: DeterminationQuestion) -> DeterminationAnswer:
    """One answer for all agreements that the question names, the best proposal for each scheme."""
    results, refused = [], []
    for agreement_id in sorted(set(question.agreements.values())):
        try:
            results.append(_under(agreement_id, question))
        except UnmodelledProvisionError as error:
            refused.append(error)
    if not results:
        raise (
            refused[0]
            if refused
            else DeterminationError(
                f"No agreement binds {question.state} to another state of this career: it is a national case."
            )
        )
    return _answer(results, refused)


def _under(agreement_id: str, question: DeterminationQuestion) -> Determination:
    return determine(
        _facts(question, agreement_id),
        agreement=packaged.agreement(agreement_id),
        legislation=packaged.legislation(question.state),
    )


def _facts(question: DeterminationQuestion, agreement_id: str) -> DeterminationFacts:
    return DeterminationFacts(
        state=question.state,
        branch=question.branch,
        birth_date=question.birth_date,
        residence_state=question.residence_state,
        risk_materialised_on=question.risk_materialised_on,
        award_on=question.award_on,
        periods=question.periods,
        scheme_facts=question.scheme_facts,
        national_answers=_answers_under(agreement_id, question),
        unsatisfied_states=question.unsatisfied_states,
    )


def _answers_under(agreement_id: str, question: DeterminationQuestion) -> dict[str, NationalAnswer]:
    """The institution's answers: one for this agreement ("it-pensione@ca-it") before one for any ("it-pensione").

    A theoretical amount depends on whose periods are taken together, so each agreement has its own.
    """
    found: dict[str, NationalAnswer] = {}
    for name, given in sorted(question.national_answers.items()):
        scheme, _, under = name.partition("@")
        if under in ("", agreement_id):
            found[scheme] = NationalAnswer(
                scheme, question.institution, given.independent, given.theoretical, given.flat_rate
            )
    return found


def _answer(results: list[Determination], refused: list[UnmodelledProvisionError]) -> DeterminationAnswer:
    proposal = propose(results)
    chosen = [(_of(one.agreement_id, results), one.benefit) for one in proposal.benefits]
    explanation = tuple(_headline(result, benefit) for result, benefit in chosen)
    explanation += tuple(_choice(sentence) for sentence in proposal.choice)
    explanation += tuple(_not_modelled(error) for error in refused)
    status = min((result.review_status for result in results), key=_WEAKEST_FIRST.index)
    return DeterminationAnswer(
        benefits=tuple(_proposed(result, benefit) for result, benefit in chosen),
        citations=_citations(step for _, benefit in chosen for step in benefit.steps),
        explanation=explanation,
        summary=tuple(f"{one.scheme}: {one.award.shown() if one.award else 'no benefit'}" for _, one in chosen),
        agreements=tuple(
            AgreementUsed(result.agreement_id, packaged.agreement(result.agreement_id).sha256) for result in results
        ),
        review_status=status,
        banner=next(result.banner for result in results if result.review_status == status),
        trace=b"[" + b",".join(trace_bytes(result) for result in results) + b"]",
    )


def _of(agreement_id: str, results: list[Determination]) -> Determination:
    return next(result for result in results if result.agreement_id == agreement_id)


def _proposed(result: Determination, benefit: BenefitResult) -> ProposedBenefit:
    return ProposedBenefit(
        scheme=benefit.scheme,
        agreement_id=result.agreement_id,
        award=benefit.award,
        independent=benefit.independent,
        theoretical=benefit.theoretical,
        pro_rata=benefit.pro_rata,
        ratio=benefit.ratio,
    )


def _headline(result: Determination, benefit: BenefitResult) -> Explanation:
    amount = f"{benefit.award.shown()} a month" if benefit.award else "no benefit"
    return Explanation(
        rule="benefit",
        citation=None,
        text=f"{benefit.scheme} under {result.agreement_id}: {amount}.",
        plain="",
        output=benefit.award.shown() if benefit.award else "",
        children=tuple(_explanation(step) for step in benefit.steps),
    )


def _choice(sentence: str) -> Explanation:
    return Explanation(
        rule="several_agreements",
        citation=None,
        text=sentence,
        plain="Two agreements can be used for you. We propose the one that gives you more.",
    )


def _not_modelled(error: UnmodelledProvisionError) -> Explanation:
    return Explanation("not_modelled", Citation.of(error.citation) if error.citation else None, error.message)


def _explanation(step: Step) -> Explanation:
    return Explanation(
        rule=step.rule,
        citation=step.citation,
        text=sentence(step, "caseworker", catalogue("en")),
        plain=sentence(step, "worker", catalogue("en")),
        output=exact_text(step.output),
        children=tuple(_explanation(child) for child in step.children),
    )


def _citations(steps: Iterator[Step]) -> tuple[Citation, ...]:
    found: dict[Citation, None] = {}
    for step in steps:
        if step.citation is not None:
            found[step.citation] = None
        found.update(dict.fromkeys(_citations(iter(step.children))))
    return tuple(found)
