"""Who is left out of the four basic guarantees by an agreement as its file states it, and by which article. Pure.

The guarantees are those that ILO Recommendation No. 202 (2012) names: essential health care, and basic income security
for children, in active age (it names sickness, unemployment, maternity and disability) and for older persons. They
were taken from summaries of the Recommendation, not from its own text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from portability.agreements.equal_treatment import Finding, Ground, findings_of, gaps_that_may_differ, groups_left_out
from portability.agreements.loading import Agreement
from portability.agreements.rules import EqualTreatment, NotModelled, PersonalScope
from portability.agreements.values import Branch, StateCode

__all__ = ["GUARANTEES", "Guarantee", "LeftOut", "Treatment", "treatment"]

GUARANTEES: Mapping[str, tuple[Branch, ...]] = {
    "health care": (Branch.SICKNESS, Branch.MATERNITY),
    "children": (Branch.FAMILY,),
    "active age": (Branch.SICKNESS, Branch.UNEMPLOYMENT, Branch.MATERNITY, Branch.INVALIDITY),
    "old age": (Branch.OLD_AGE,),
}
"""By the branches of social security that serve each; survivors' and other benefits serve several and stand apart."""


@dataclass(frozen=True, slots=True)
class Guarantee:
    """One of the four, and which of its branches the file covers."""

    name: str
    covered: tuple[Branch, ...]
    missing: tuple[Branch, ...]

    @property
    def extent(self) -> str:
        """`whole`, `part` or `none`."""
        if not self.covered:
            return "none"
        return "part" if self.missing else "whole"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The groups that a rule on persons or equal treatment does not name, for how long, and where the law says so."""

    rule: str
    kind: str
    groups: tuple[str, ...]
    cite: str
    branches: tuple[Branch, ...]
    states: tuple[StateCode, ...]
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Treatment:
    """How an agreement treats people, as its file states it; `stated` says whether it has a rule on either matter."""

    id: str
    title: str
    guarantees: tuple[Guarantee, ...]
    other_branches: tuple[Branch, ...]
    left_out: tuple[LeftOut, ...]
    states_persons: bool
    states_equal_treatment: bool
    findings: tuple[Finding, ...]
    gaps: int
    differing_gaps: tuple[tuple[NotModelled, Ground], ...]

    def counted(self, ground: Ground) -> int:
        """How many findings are of one ground."""
        return sum(finding.ground is ground for finding in self.findings)


def treatment(agreement: Agreement) -> Treatment:
    """Of one agreement, with the rules that it takes over."""
    content = agreement.content
    served = {branch for branches in GUARANTEES.values() for branch in branches}
    scopes = [rule for rule in content.rules if isinstance(rule, PersonalScope | EqualTreatment)]
    left_out = [
        LeftOut(rule.id, rule.rule, groups_left_out(rule.groups), rule.cite, rule.branches or content.branches,
                rule.states, rule.valid_from, rule.valid_until)
        for rule in scopes
    ]  # fmt: skip
    return Treatment(
        id=content.id,
        title=content.title,
        guarantees=tuple(_guarantee(name, content.branches) for name in GUARANTEES),
        other_branches=tuple(branch for branch in content.branches if branch not in served),
        left_out=tuple(one for one in left_out if one.groups),
        states_persons=any(isinstance(rule, PersonalScope) for rule in scopes),
        states_equal_treatment=any(isinstance(rule, EqualTreatment) for rule in scopes),
        findings=findings_of(content),
        gaps=len(content.not_modelled),
        differing_gaps=gaps_that_may_differ(content),
    )


def _guarantee(name: str, branches: tuple[Branch, ...]) -> Guarantee:
    needed = GUARANTEES[name]
    return Guarantee(
        name, tuple(one for one in needed if one in branches), tuple(one for one in needed if one not in branches)
    )
