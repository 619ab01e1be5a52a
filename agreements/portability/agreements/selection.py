"""Which agreements apply to a person, a set of periods and a day, which are set aside, and what decides between them.

Amounts come later: where a provision says that the most favourable agreement applies, `most_favourable` compares them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from portability.agreements.applicable_rules import LawOn
from portability.agreements.loading import Agreement
from portability.agreements.national.legislation import Legislation
from portability.agreements.periods import InsurancePeriod
from portability.agreements.personal_scope import Person, covered
from portability.agreements.precedence import Reason, reason_against
from portability.agreements.rules import Aggregation, Precedence
from portability.agreements.values import Branch, Citation, StateCode

__all__ = ["Candidate", "NationalChoice", "Person", "Selection", "national_choice", "select_agreements"]

How = Literal["none", "one", "most_favourable", "person_decides"]


@dataclass(frozen=True, slots=True)
class NationalChoice:
    """What a state's own law says of several agreements: the most favourable, and how many systems it combines."""

    citation: Citation
    most_systems: int | None = None
    most_systems_citation: Citation | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One agreement: the states of the career that it joins, and why it applies or does not.

    `third_states` are states of the career outside it whose periods may count too, by `third_states_citation`: those
    bound to all the states it joins. `before` is the agreement that it gives way to.
    """

    agreement_id: str
    states: tuple[StateCode, ...]
    reason: Reason
    citation: Citation | None = None
    to_confirm: tuple[str, ...] = ()
    third_states: tuple[StateCode, ...] = ()
    third_states_citation: Citation | None = None
    before: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """What applies, what is set aside and why, and what decides between several that apply."""

    applies: tuple[Candidate, ...]
    set_aside: tuple[Candidate, ...]
    how: How
    citation: Citation | None


def national_choice(legislation: Legislation) -> NationalChoice | None:
    """What the state's own law says of several agreements (20 CFR 404.1910); None where it was read to say nothing."""
    said = legislation.content.between_agreements
    if said is None:
        return None
    systems = Citation.of(said.most_systems_cite) if said.most_systems_cite else None
    return NationalChoice(Citation.of(said.cite), said.most_systems, systems)


def select_agreements(
    person: Person,
    periods: Iterable[InsurancePeriod],
    on: date,
    *,
    for_state: StateCode,
    branch: Branch,
    agreements: Mapping[str, Agreement],
    national: NationalChoice | None = None,
) -> Selection:
    """The agreements under which the institution of `for_state` may take the periods together, and why no other.

    An agreement must bind that state and another one of the career on the day, cover the person and the branch, and
    not give way: superseded, replaced (883/2004 Art. 8(1)), or less specific than another that joins the same states.
    """
    career = {period.state for period in periods} | {for_state}
    laws = {name: LawOn(one, on) for name, one in sorted(agreements.items())}
    joined = {name: tuple(sorted(career & law.parties)) for name, law in laws.items()}
    first = {name: _on_its_own(law, person, joined[name], for_state, branch) for name, law in laws.items()}
    fit = {name: laws[name] for name, one in first.items() if one.reason == "joins_states_of_the_career"}
    applies, aside = [], [one for one in first.values() if one.agreement_id not in fit]
    for name in fit:
        reason, citation, by = reason_against(name, fit, joined)
        if reason is None:
            limited = national is not None and national.most_systems is not None and national.most_systems <= 2
            applies.append(
                _with_third_states(first[name], laws, career, for_state=for_state, branch=branch, limited=limited)
            )
        else:
            aside.append(Candidate(name, joined[name], reason, citation, before=by))
    how, citation = _how(applies, fit, national)
    return Selection(tuple(applies), tuple(aside), how, citation)


def _on_its_own(
    law: LawOn, person: Person, joined: tuple[StateCode, ...], for_state: StateCode, branch: Branch
) -> Candidate:
    """Whether an agreement fits at all, before any other is looked at."""
    name = law.agreement.id
    if for_state not in law.parties:
        return Candidate(name, joined, "does_not_bind_the_state")
    if len(joined) < 2:
        return Candidate(name, joined, "joins_no_other_state_of_the_career")
    if branch not in law.agreement.content.branches or law.find(Aggregation, state=for_state, branch=branch) is None:
        return Candidate(name, joined, "takes_no_periods_together")
    answer, citation = covered(person, law, state=for_state, branch=branch)
    if answer == "no":
        return Candidate(name, joined, "does_not_cover_the_person", citation)
    to_confirm = ("personal_scope",) if answer == "to_be_confirmed" else ()
    return Candidate(name, joined, "joins_states_of_the_career", citation, to_confirm)


def _with_third_states(
    candidate: Candidate,
    laws: Mapping[str, LawOn],
    career: Iterable[StateCode],
    *,
    for_state: StateCode,
    branch: Branch,
    limited: bool,
) -> Candidate:
    """Third states' periods count only where an article says so, and never beyond what the state's own law combines."""
    rule = laws[candidate.agreement_id].find(Aggregation, state=for_state, branch=branch)
    if rule is None or rule.third_states_cite is None or limited:
        return candidate
    outside = sorted(set(career) - laws[candidate.agreement_id].parties)
    bound = tuple(one for one in outside if all(_bound(one, joined, laws, branch) for joined in candidate.states))
    return replace(candidate, third_states=bound, third_states_citation=Citation.of(rule.third_states_cite))


def _bound(first: StateCode, second: StateCode, laws: Mapping[str, LawOn], branch: Branch) -> bool:
    """Whether any agreement that takes periods together binds two states on the day."""
    return any({first, second} <= law.parties and branch in law.agreement.content.branches for law in laws.values())


def _how(
    applies: list[Candidate], laws: Mapping[str, LawOn], national: NationalChoice | None
) -> tuple[How, Citation | None]:
    if len(applies) < 2:
        return ("one" if applies else "none"), None
    if national is not None:
        return "most_favourable", national.citation
    for candidate in applies:
        rule = laws[candidate.agreement_id].find(Precedence, subject="most_favourable")
        if rule is not None:
            return "most_favourable", rule.citation
    return "person_decides", None
