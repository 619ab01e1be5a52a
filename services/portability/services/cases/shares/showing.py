"""A claim on a flow for its readers: what its documents add up to, what is ours in it, and the flow's own days."""

from dataclasses import replace

from portability.agreements.errors import CaseStateError, InputError
from portability.services.cases.claims import ClaimCase
from portability.services.cases.flow import CaseStep, StepKind, steps
from portability.services.cases.mapping.pension_claims import PENSION_CLAIMS
from portability.services.cases.model import Case, InstitutionId
from portability.services.cases.procedure import ServiceStandards, procedure_of_contact
from portability.services.cases.shares.model import SaidDocument, SaidInCase, Share
from portability.services.cases.shares.reading import claim_on_flow

__all__ = ["SHOWN_TRACKS", "shown_claim"]

_TRACKS = {StepKind.RECORDS: "records", StepKind.DECIDE: "decision", StepKind.SUMMARY: "claim"}
SHOWN_TRACKS = frozenset(_TRACKS.values())
"""Tracks of the flow that are steps of the claim; what else it waits for stands beside the claim."""


def shown_claim(
    said: SaidInCase, share: Share | None, *, me: InstitutionId, standards: ServiceStandards
) -> ClaimCase | None:
    """The claim with its steps; None where there is none that can be read."""
    case = _as_far_as_usable(said, me=me)
    if case is None:
        return None
    case = _with(case, share or Share())
    shown = tuple(_due(step, said) for step in steps(case, me=me, standards=standards))
    if said.ended_at is not None:
        shown = tuple(step for step in shown if step.done_at is not None)
    return ClaimCase(case, shown, said.ended_at)


def _as_far_as_usable(said: SaidInCase, *, me: InstitutionId) -> Case | None:
    """Without the documents that cannot be used: what they should have said is still awaited."""
    try:
        return claim_on_flow(said, me=me).case
    except InputError:
        return None
    except CaseStateError:
        usable = tuple(one for one in said.documents if _is_usable(one, said, me=me))
        return _as_far_as_usable(replace(said, documents=usable), me=me)


def _is_usable(document: SaidDocument, said: SaidInCase, *, me: InstitutionId) -> bool:
    opening = tuple(one for one in said.documents if one.type in PENSION_CLAIMS and one is not document)
    try:
        claim_on_flow(replace(said, documents=(*opening, document)), me=me)
    except CaseStateError:
        return False
    return True


def _with(case: Case, share: Share) -> Case:
    """With what is ours; and by the contact institution's procedure, since no agreement binds it with itself."""
    made, contact = share.determination, case.participant(case.contact)
    if contact is not None:
        others = [one.agreement_id for one in case.participants if one.institution != case.contact]
        case = case.with_participant(replace(contact, agreement_id=procedure_of_contact(others)))
    return replace(
        case,
        identification=share.search,
        national_answers=share.answers,
        determination=made,
        first_determined_at=made.determined_at if made else None,
    )


def _due(step: CaseStep, said: SaidInCase) -> CaseStep:
    """The day of the flow, which its documents may have moved; where it cites nothing, our rule for the duty."""
    day = said.dues.get((_TRACKS.get(step.kind, ""), step.holder))
    if step.done_at is not None or day is None:
        return step
    if day.citation is None:
        day = replace(step.due, by_law_on=day.by_law_on, ask_again_on=day.ask_again_on)
    return replace(step, due=day)
