"""Whom a claim concerns: found from the time that the claimant declares, by directory and agreements."""

from dataclasses import dataclass

from portability.agreements.errors import InputError
from portability.agreements.values import Branch, StateCode
from portability.services.cases.model import Claim, InstitutionId, state_of
from portability.services.cases.ports import InstitutionDirectory, OwnAccounts
from portability.services.cases.procedure import procedure_of
from portability.services.matching import match_exactly

__all__ = ["Concerned", "Institution", "NotAsked", "concerned_by", "require_contact"]

_BRANCH = Branch.OLD_AGE
_ART_45_4 = "Regulation (EC) No 987/2009 Art. 45(4)"


@dataclass(frozen=True, slots=True)
class Institution:
    """One to ask, with the agreement between its state and ours."""

    institution: InstitutionId
    state: StateCode
    agreement_id: str


@dataclass(frozen=True, slots=True)
class NotAsked:
    """A state that cannot be asked. `institution` is empty where the directory has none."""

    state: StateCode
    institution: InstitutionId
    why: str


@dataclass(frozen=True, slots=True)
class Concerned:
    """The other institutions of a claim, and the states that cannot be asked, in the order of the first day there."""

    institutions: tuple[Institution, ...]
    not_asked: tuple[NotAsked, ...]


async def require_contact(claim: Claim, *, me: InstitutionId, accounts: OwnAccounts) -> None:
    """Raise InputError where she was never subject to our legislation (987/2009 Art. 45(4), 47(1))."""
    if any(declared.state == state_of(me) for declared in claim.declared):
        return
    match = match_exactly(await accounts.find(claim.person.identifiers), birth_date=claim.person.birth_date)
    if not match.needs_a_person and match.accounts[0].periods:
        return
    last = max(claim.declared, key=lambda declared: declared.end).state
    raise InputError(
        f"No period in {state_of(me)} is declared or recorded, so {me} cannot be the contact institution: "
        f"lodge the claim with the institution of {last}, where she was last, with the same date of claim. "
        "Forwarding it there is not modelled yet.",
        field="claim.declared",
        citation=_ART_45_4,
    )


async def concerned_by(claim: Claim, *, me: InstitutionId, directory: InstitutionDirectory) -> Concerned:
    """The other institutions; raises InputError where an agreement demands that the applicant asks in writing."""
    concerned: list[Institution] = []
    not_asked: list[NotAsked] = []
    mine, on = state_of(me), claim.lodged_on
    for state in _other_states(claim, mine):
        agreement_id = await directory.agreement_between(mine, state, branch=_BRANCH, on=on)
        institution = await directory.competent_institution(state, branch=_BRANCH, on=on)
        if agreement_id is None:
            why = await directory.why_no_agreement(mine, state, branch=_BRANCH, on=on)
            not_asked.append(NotAsked(state, institution or "", why))
        elif institution is None:
            not_asked.append(NotAsked(state, "", f"the directory has no institution for {_BRANCH} there on {on}."))
        else:
            _require_written_request(claim, agreement_id, state)
            concerned.append(Institution(institution, state, agreement_id))
    return Concerned(tuple(concerned), tuple(not_asked))


def _other_states(claim: Claim, mine: StateCode) -> list[StateCode]:
    """In the order of the first day declared there."""
    first: dict[StateCode, None] = {}
    for declared in sorted(claim.declared, key=lambda each: (each.start, each.state)):
        first.setdefault(declared.state)
    return [state for state in first if state != mine]


def _require_written_request(claim: Claim, agreement_id: str, state: StateCode) -> None:
    procedure = procedure_of(agreement_id)
    if procedure is None or procedure.written_request is None or claim.asks_in_writing:
        return
    raise InputError(
        f"The claim counts in {state} only where the applicant asks for that in writing: have her ask, and set "
        f"`asks_in_writing`; or leave the periods in {state} out.",
        field="claim.asks_in_writing",
        citation=str(procedure.written_request),
    )
