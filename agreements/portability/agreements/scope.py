"""Who and what an agreement covers, said in steps: persons, equal treatment, payment abroad, states left out.

The facts say nothing of nationality or refugee status: whether a person is covered is for the institution to check.
"""

from portability.agreements.loading import Agreement
from portability.agreements.lookup import find_rule
from portability.agreements.model import DeterminationFacts, Step
from portability.agreements.parties import parties_on
from portability.agreements.rules import EqualTreatment, Export, PersonalScope

__all__ = ["periods_outside", "scope_steps"]


def scope_steps(facts: DeterminationFacts, agreement: Agreement) -> tuple[Step, ...]:
    """One step for each rule of scope in force on the day of the award, and one for periods of other states."""
    on, branch = facts.award_on, facts.branch
    persons = find_rule(agreement, PersonalScope, branch=branch, on=on, state=facts.state)
    equal = find_rule(agreement, EqualTreatment, branch=branch, on=on, state=facts.state)
    export = find_rule(agreement, Export, branch=branch, on=on, state=facts.state)
    found = (
        _persons(persons) if persons else None,
        _equal(equal) if equal else None,
        _export(export, facts, agreement) if export and facts.residence_state != facts.state else None,
        _outside(facts, agreement),
    )
    return tuple(step for step in found if step is not None)


def periods_outside(facts: DeterminationFacts, agreement: Agreement) -> tuple[str, ...]:
    """States with periods of the person that the agreement does not bind on the day of the award, in order."""
    return tuple(sorted({period.state for period in facts.periods} - set(parties_on(agreement, facts.award_on))))


def _persons(rule: PersonalScope) -> Step:
    return Step("personal_scope", rule.citation, (("groups", rule.groups),), "to_be_checked")


def _equal(rule: EqualTreatment) -> Step:
    return Step("equal_treatment", rule.citation, (("groups", rule.groups),), "equal_treatment")


def _export(rule: Export, facts: DeterminationFacts, agreement: Agreement) -> Step:
    covered = rule.to == "parties_and_third_states" or facts.residence_state in agreement.content.parties
    output = "paid_abroad" if covered else "national_law_decides"
    return Step("export", rule.citation, (("residence_state", facts.residence_state),), output)


def _outside(facts: DeterminationFacts, agreement: Agreement) -> Step | None:
    states = periods_outside(facts, agreement)
    return Step("outside_the_agreement", None, (("states", states),), "not_counted") if states else None
