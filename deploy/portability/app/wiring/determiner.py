"""The port `Determiner` of cases, filled by the law core: every agreement that applies, the best proposal a scheme.

Two agreements can lead to a benefit of one scheme (a worker of the Union with a career in Canada as well). Each is
determined; of those that do not give way to another the higher is proposed, and the explanation says what decided, or
that no provision did: the official confirms the choice. Each is applied in the version that both states have ratified.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from portability.agreements.catalogues import catalogue
from portability.agreements.determination import determine
from portability.agreements.errors import AgreementError, DeterminationError, UnmodelledProvisionError
from portability.agreements.exact import write_facts
from portability.agreements.explanation import exact_text, trace_bytes
from portability.agreements.model import BenefitResult, Determination, DeterminationFacts, NationalAnswer, Step
from portability.agreements.selection import Person, Selection
from portability.agreements.sentences import sentence
from portability.agreements.values import Citation, StateCode
from portability.services.cases.model import AgreementUsed, Explanation, ProposedBenefit
from portability.services.cases.ports import DeterminationAnswer, DeterminationQuestion
from portability.services.determination.ports import LawInForce
from portability.services.determination.proposing import propose, selection_for
from portability.services.determination.treaties.model import VersionInForce
from portability.services.determination.treaties.saying import version_steps

__all__ = ["RatifiedRulesDeterminer"]

_WEAKEST_FIRST = ("unverified", "drafted", "reviewed")


@dataclass(frozen=True, slots=True)
class _Result:
    """A determination and the version of the agreement that it was made by."""

    made: Determination
    version: VersionInForce


class RatifiedRulesDeterminer:
    """Determiner on versions of agreements that both states have ratified; legislations are those of the package."""

    def __init__(self, law: LawInForce) -> None:
        self._law = law

    async def determine(self, question: DeterminationQuestion) -> DeterminationAnswer:
        """One answer for all agreements that the question names, the best proposal for each scheme.

        Raises DeterminationError where the law as encoded gives no answer, NotBindingError among them where a version
        does not bind our state to another of the career: no agreement is left out for that.
        """
        results, refused = [], []
        for agreement_id in sorted(set(question.agreements.values())):
            try:
                results.append(await self._under(agreement_id, question))
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
        known = {result.version.agreement.id: result.version.agreement for result in results}
        facts = _facts(question, next(iter(known)))
        legislation = self._law.legislations()[question.state]
        return _answer(results, refused, selection_for(facts, Person(), agreements=known, legislation=legislation))

    async def _under(self, agreement_id: str, question: DeterminationQuestion) -> _Result:
        facts = _facts(question, agreement_id)
        version = await self._law.version_for(agreement_id, facts)
        legislation = self._law.legislations().get(question.state)
        if legislation is None:
            raise AgreementError(f"No legislation of {question.state} is encoded.")
        # In a thread: a long career takes longer than other calls of the node should wait.
        made = await asyncio.to_thread(determine, facts, agreement=version.agreement, legislation=legislation)
        return _Result(replace(made, steps=(*version_steps(version), *made.steps)), version)


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


def _answer(
    results: Sequence[_Result], refused: Sequence[UnmodelledProvisionError], selection: Selection
) -> DeterminationAnswer:
    made = [result.made for result in results]
    proposal = propose(made, selection=selection)
    chosen = [(_of(one.agreement_id, made), one.benefit) for one in proposal.benefits]
    explanation = tuple(_headline(result, benefit) for result, benefit in chosen)
    explanation += tuple(_explanation(step, made[0].state) for step in proposal.choice)
    explanation += tuple(_not_modelled(error) for error in refused)
    explanation += tuple(
        _explanation(step, result.made.state) for result in results for step in version_steps(result.version)
    )
    status = min((result.review_status for result in made), key=_WEAKEST_FIRST.index)
    return DeterminationAnswer(
        benefits=tuple(_proposed(result, benefit) for result, benefit in chosen),
        citations=_citations(step for _, benefit in chosen for step in benefit.steps),
        explanation=explanation,
        summary=tuple(f"{one.scheme}: {one.award.shown() if one.award else 'no benefit'}" for _, one in chosen),
        agreements=tuple(AgreementUsed(one.version.agreement.id, one.version.agreement.sha256) for one in results),
        review_status=status,
        banner=next(result.banner for result in made if result.review_status == status),
        trace=b"[" + b",".join(trace_bytes(result) for result in made) + b"]",
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
    values = (("scheme", benefit.scheme), ("agreement", result.agreement_id))
    rule = "benefit" if benefit.award else "no_benefit"
    return _explanation(Step(rule, None, values, benefit.award, benefit.steps), result.state)


def _not_modelled(error: UnmodelledProvisionError) -> Explanation:
    return Explanation("not_modelled", Citation.of(error.citation) if error.citation else None, error.message)


def _explanation(step: Step, country: StateCode) -> Explanation:
    return Explanation(
        rule=step.rule,
        citation=step.citation,
        text=sentence(step, "caseworker", catalogue("en"), country=country),
        plain=sentence(step, "worker", catalogue("en"), country=country),
        output=exact_text(step.output),
        children=tuple(_explanation(child, country) for child in step.children),
        values=write_facts(step),
    )


def _citations(steps: Iterator[Step]) -> tuple[Citation, ...]:
    found: dict[Citation, None] = {}
    for step in steps:
        if step.citation is not None:
            found[step.citation] = None
        found.update(dict.fromkeys(_citations(iter(step.children))))
    return tuple(found)
