"""Whether an agreement covers a person, as far as it is known who she is."""

from dataclasses import dataclass, field
from typing import Literal

from portability.agreements.applicable_rules import LawOn
from portability.agreements.rules import Group, PersonalScope
from portability.agreements.values import Branch, Citation, StateCode

__all__ = ["Person", "covered"]


@dataclass(frozen=True, slots=True)
class Person:
    """Who claims. `nationality` is empty where it is not known; `groups` are those of the agreement she belongs to."""

    nationality: StateCode = ""
    groups: frozenset[Group] = field(default_factory=frozenset)


def covered(
    person: Person, law: LawOn, *, state: StateCode, branch: Branch
) -> tuple[Literal["yes", "no", "to_be_confirmed"], Citation | None]:
    """Nationals of the parties and the other groups that the agreement names (883/2004 Art. 2, or its own article).

    To be confirmed where the nationality is not known and the agreement does not cover everybody who was insured.
    """
    rule = law.find(PersonalScope, state=state, branch=branch)
    if rule is None:
        return "to_be_confirmed", None
    if rule.persons == "all_insured" or "others_insured" in rule.groups or person.groups & set(rule.groups):
        return "yes", rule.citation
    if not person.nationality:
        return "to_be_confirmed", rule.citation
    return ("yes" if person.nationality in law.parties else "no"), rule.citation
