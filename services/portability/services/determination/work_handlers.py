"""Use case: under which one state's legislation work falls, by the agreements in force between its states."""

from collections.abc import Mapping

from portability.agreements.applicable_legislation import applicable_legislation
from portability.agreements.applicable_rules import LawOn
from portability.agreements.errors import DeterminationError, NotBindingError, NotFoundError
from portability.agreements.precedence import reason_against
from portability.agreements.selection import Candidate
from portability.agreements.values import StateCode
from portability.agreements.work_facts import WorkFacts
from portability.services.determination.choice_model import LegislationFound, LegislationUnder, NotInForce, WorkQuery
from portability.services.determination.finding import find_versions
from portability.services.determination.ports import TreatiesInForce
from portability.services.determination.treaties.model import NotBinding, VersionInForce

__all__ = ["determine_legislation"]


async def determine_legislation(query: WorkQuery, *, law: TreatiesInForce) -> LegislationFound:
    """The state that every agreement leads to which applies, each in the version that binds the states of the work.

    Stores nothing. Raises NotFoundError for an agreement that is not there, NotBindingError where none binds these
    states, InputError for a fact that a rule turns on and nobody has stated, NoRuleInForceError where an agreement has
    no rule for the case, DeterminationError where two that apply lead to different states.
    """
    versions, without = await _versions(query, law)
    laws = {name: LawOn(version.agreement, query.on) for name, version in versions.items()}
    gave_way = _gave_way(laws, states=_states(query.work))
    applied = [name for name in versions if name not in gave_way] or list(versions)
    under = tuple(
        LegislationUnder(
            applicable_legislation(query.work, agreement=versions[name].agreement, on=query.on), versions[name]
        )
        for name in applied
    )
    return LegislationFound(
        state=_one_state(under),
        under=under,
        gave_way=tuple((one, versions[name]) for name, one in gave_way.items() if name not in applied),
        not_in_force=without,
    )


async def _versions(
    query: WorkQuery, law: TreatiesInForce
) -> tuple[Mapping[str, VersionInForce], tuple[NotInForce, ...]]:
    """Of the agreements named, each must bind; of those that are looked for, the ones that do are applied."""
    parties = await law.parties()
    states = _states(query.work)
    worked_in = {one.state for one in query.work.activities}
    named = tuple(dict.fromkeys(query.agreement_ids))
    ids = named or tuple(sorted(name for name, members in parties.items() if members & worked_in))
    found = await find_versions(ids, states, seen_from="", on=query.on, law=law)
    refused = [one.error for one in found.not_in_force]
    missing = [name for name in named if name not in found.versions]
    if missing and refused:
        raise refused[0]
    if missing:
        await _refuse_unjoined(missing[0], query, known=parties, law=law)
    if not found.versions:
        raise refused[0] if refused else _none(states)
    return found.versions, found.not_in_force


async def _refuse_unjoined(
    agreement_id: str, query: WorkQuery, *, known: Mapping[str, frozenset[StateCode]], law: TreatiesInForce
) -> None:
    if agreement_id not in known:
        # Says whether it is unknown, or only not published here.
        await law.version_between(agreement_id, [], on=query.on)
        raise NotFoundError("There is no agreement of that id.")
    raise NotBindingError(
        f"Agreement '{agreement_id}' has nothing to bind: the facts name fewer than two of its states.",
        reason=NotBinding.NO_OTHER_STATE,
    )


def _none(states: frozenset[StateCode]) -> NotBindingError:
    if len(states) < 2:
        return NotBindingError(
            f"The facts name one state alone ({', '.join(states)}): national law decides.",
            reason=NotBinding.NO_OTHER_STATE,
        )
    return NotBindingError(
        f"No agreement that is published here joins the states of this work ({', '.join(sorted(states))}): publish and "
        "ratify one, or decide by national law.",
        reason=NotBinding.NOT_PUBLISHED,
    )


def _states(work: WorkFacts) -> frozenset[StateCode]:
    """Every state that the facts name but that of nationality: each can be the one whose legislation applies."""
    found = {work.residence_state, work.centre_of_interest}
    for one in work.activities:
        found |= {one.state, one.employer_seat, one.flag, one.home_base, one.employing_state, one.chosen_state}
    if work.posting is not None:
        found |= {work.posting.from_state, work.posting.to_state}
    if work.exception is not None:
        found.add(work.exception.state)
    return frozenset(found - {""})


def _gave_way(laws: Mapping[str, LawOn], *, states: frozenset[StateCode]) -> dict[str, Candidate]:
    """The agreements that another one goes before, by the same precedence as for benefits."""
    joined = {name: tuple(sorted(states & law.parties)) for name, law in laws.items()}
    found = {}
    for name in laws:
        reason, citation, before = reason_against(name, laws, joined)
        if reason is not None:
            found[name] = Candidate(name, joined[name], reason, citation, before=before)
    return found


def _one_state(under: tuple[LegislationUnder, ...]) -> StateCode:
    states = {one.result.state for one in under}
    if len(states) > 1:
        said = ", ".join(f"{one.result.state} by '{one.result.agreement_id}' ({one.result.citation})" for one in under)
        raise DeterminationError(
            f"The agreements lead to different legislations: {said}. No provision that is encoded says which goes "
            "first: a person decides, and names that agreement alone."
        )
    return states.pop()
