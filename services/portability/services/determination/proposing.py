"""Which benefits are proposed where several agreements lead to them, and what is said of the choice. Pure."""

from collections.abc import Mapping, Sequence

from portability.agreements.loading import Agreement
from portability.agreements.model import BenefitResult, Determination, DeterminationFacts, Step
from portability.agreements.national.legislation import Legislation
from portability.agreements.selection import Candidate, Person, Selection, national_choice, select_agreements
from portability.services.determination.model import ExplainedDetermination, ProposedBenefit

__all__ = ["gives_way", "propose", "selection_for"]

_GIVES_WAY = frozenset({"superseded", "replaced", "yields", "less_specific"})


def selection_for(
    facts: DeterminationFacts, person: Person, *, agreements: Mapping[str, Agreement], legislation: Legislation
) -> Selection:
    """Which of the agreements named apply to these facts and this person."""
    return select_agreements(
        person,
        facts.periods,
        facts.award_on,
        for_state=facts.state,
        branch=facts.branch,
        agreements=agreements,
        national=national_choice(legislation),
    )


def propose(determinations: Sequence[Determination], *, selection: Selection) -> ExplainedDetermination:
    """For each scheme the highest award of the agreements that do not give way to another; what was chosen is said.

    Where awards are equal, that of the agreement named first. Where every agreement gives way, all stay.
    """
    behind = {one.agreement_id: one for one in selection.set_aside if one.reason in _GIVES_WAY}
    ahead = [one for one in determinations if one.agreement_id not in behind] or list(determinations)
    offers: dict[str, list[tuple[str, BenefitResult]]] = {}
    for one in ahead:
        for benefit in one.benefits:
            offers.setdefault(benefit.scheme, []).append((one.agreement_id, benefit))
    proposed = tuple(ProposedBenefit(*_best(options)) for options in offers.values())
    left = {one.agreement_id for one in ahead}
    steps = [gives_way(behind[one.agreement_id]) for one in determinations if one.agreement_id not in left]
    said = [step for step in steps if step is not None]
    said += [
        _between(scheme, options, selection)
        for scheme, options in offers.items()
        if len({option[1].award for option in options}) > 1
    ]
    return ExplainedDetermination(tuple(determinations), proposed, tuple(said))


def _best(options: Sequence[tuple[str, BenefitResult]]) -> tuple[str, BenefitResult]:
    return max(options, key=lambda option: option[1].award.amount if option[1].award else -1)


def gives_way(candidate: Candidate) -> Step | None:
    """That an agreement gives way to another, and why; None where it does not."""
    if candidate.reason not in _GIVES_WAY:
        return None
    values = (("agreement", candidate.agreement_id), ("to", candidate.before))
    return Step("agreement_gives_way", candidate.citation, values, candidate.reason)


def _between(scheme: str, options: Sequence[tuple[str, BenefitResult]], selection: Selection) -> Step:
    offers = tuple((benefit.award, name) for name, benefit in options)
    return Step("agreements_compared", selection.citation, (("scheme", scheme), ("offers", offers)), selection.how)
