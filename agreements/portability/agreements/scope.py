"""Who and what an agreement covers, said in steps: persons, equal treatment, payment abroad, states left out.

The facts say nothing of nationality or refugee status: whether a person is covered is for the institution to check.
"""

from portability.agreements.loading import Agreement
from portability.agreements.lookup import find_rule
from portability.agreements.model import DeterminationFacts, Step
from portability.agreements.parties import parties_on
from portability.agreements.rules import EqualTreatment, Export, PersonalScope

__all__ = ["periods_outside", "scope_steps"]

_GROUPS = {
    "nationals": "nationals of the parties",
    "refugees": "refugees",
    "stateless": "stateless persons",
    "family": "members of the family",
    "survivors": "survivors",
    "others_insured": "all other insured persons",
}


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
    groups = ", ".join(_GROUPS[group] for group in rule.groups)
    said = f"The agreement covers {groups}; that the person is one of them is checked by the institution."
    return Step("personal_scope", rule.citation, said, (("persons", rule.persons),), "to be checked")


def _equal(rule: EqualTreatment) -> Step:
    groups = ", ".join(_GROUPS[group] for group in rule.groups)
    said = f"Treated as the state's own nationals are: {groups}."
    return Step("equal_treatment", rule.citation, said, (), "equal treatment")


def _export(rule: Export, facts: DeterminationFacts, agreement: Agreement) -> Step:
    covered = rule.to == "parties_and_third_states" or facts.residence_state in agreement.content.parties
    inputs = (("residence_state", facts.residence_state), ("to", rule.to))
    if covered:
        said = f"Residence in {facts.residence_state} does not stop payment, unless the agreement provides otherwise."
        return Step("export", rule.citation, said, inputs, "paid abroad", "You can live there and still be paid.")
    said = f"{facts.residence_state} is outside the agreement: national law decides whether the benefit is paid there."
    return Step("export", rule.citation, said, inputs, "national law decides")


def _outside(facts: DeterminationFacts, agreement: Agreement) -> Step | None:
    states = ", ".join(periods_outside(facts, agreement))
    if not states:
        return None
    said = f"Periods in {states} are outside this agreement; another agreement may count them."
    return Step("outside_the_agreement", None, said, (("states", states),), "not counted here")
