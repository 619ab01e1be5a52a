"""A claim is lodged: which institutions are concerned, and what each of them is sent (987/2009 Art. 45(4), 47(4))."""

from uuid import UUID

from portability.agreements.careers import AnswerStatus, CareerRecord
from portability.agreements.errors import InputError
from portability.agreements.values import Branch, Citation, StateCode
from portability.services.access import Caller
from portability.services.cases.commands import LodgeClaim, check_claim
from portability.services.cases.desk import Desk
from portability.services.cases.mapping.wire import claim_bytes, record_request_bytes
from portability.services.cases.messages import CLAIM, RECORD_REQUEST, CaseInstitution, ClaimSent
from portability.services.cases.model import (
    Case,
    Claim,
    EventKind,
    InstitutionId,
    Participant,
    Question,
    QuestionCode,
    RecordRequest,
)
from portability.services.cases.procedure import procedure_of, procedure_of_contact
from portability.services.matching import match_exactly

__all__ = ["lodge"]

_BRANCH = Branch.OLD_AGE
_ART_45_4 = "Regulation (EC) No 987/2009 Art. 45(4)"
_QUESTIONS = (Question(QuestionCode.PERIODS), Question(QuestionCode.RESIDENCE))


async def lodge(command: LodgeClaim, *, caller: Caller, desk: Desk) -> UUID:
    """Open a case and send the claim to every institution concerned; gives the case id."""
    # 1. The claim is right in itself.  2. We can be the contact institution.  3. Who is concerned, and who cannot
    # be asked and why.  4. The case, and a message to each.
    claim = command.claim
    # Step 1.
    check_claim(claim, today=desk.now.date())
    # Step 2.
    await _require_contact(claim, desk=desk)
    # Step 3.
    case_id = desk.new_id()
    others, not_asked = await _concerned(claim, desk=desk)
    mine = Participant(desk.me, desk.my_state, procedure_of_contact([each.agreement_id for each in others]), desk.now)
    # Step 4.
    case = Case(
        case_id=case_id,
        branch=_BRANCH,
        contact=desk.me,
        claim=claim,
        opened_at=desk.now,
        known_since=desk.now,
        participants=(mine, *others),
        request=RecordRequest(desk.new_id(), desk.me, desk.me, desk.now, _QUESTIONS),
    )
    _note_lodging(case, actor=caller.name, desk=desk)
    await desk.work.cases.save(case)
    if caller.is_cleared:  # to anybody else it would show that there is something
        await desk.protect_like_others(case_id)
    for other in others:
        await _send_claim(case, other, desk=desk)
    for state, _, why in not_asked:
        desk.note(case_id, EventKind.STATE_NOT_ASKED, f"{state} is not asked: {why}")
    await desk.keep(case)
    await desk.expect_answers(case_id, case.participants)
    for state, institution, _ in not_asked:
        await desk.work.careers.put(case_id, CareerRecord(state, institution, AnswerStatus.NOT_ASKED), at=desk.now)
    return case_id


async def _require_contact(claim: Claim, *, desk: Desk) -> None:
    """Raise InputError where she was never subject to our legislation (987/2009 Art. 45(4), 47(1))."""
    if any(declared.state == desk.my_state for declared in claim.declared):
        return
    match = match_exactly(await desk.work.accounts.find(claim.person.identifiers), birth_date=claim.person.birth_date)
    if not match.needs_a_person and match.accounts[0].periods:
        return
    last = max(claim.declared, key=lambda declared: declared.end).state
    raise InputError(
        f"No period in {desk.my_state} is declared or recorded, so {desk.me} cannot be the contact institution: "
        f"lodge the claim with the institution of {last}, where she was last, with the same date of claim. "
        "Forwarding it there is not modelled yet.",
        field="claim.declared",
        citation=_ART_45_4,
    )


async def _concerned(
    claim: Claim, *, desk: Desk
) -> tuple[list[Participant], list[tuple[StateCode, InstitutionId, str]]]:
    """The other institutions concerned, and the states that cannot be asked with the reason."""
    concerned: list[Participant] = []
    not_asked: list[tuple[StateCode, InstitutionId, str]] = []
    for state in _other_states(claim, desk.my_state):
        directory, on = desk.work.directory, claim.lodged_on
        agreement_id = await directory.agreement_between(desk.my_state, state, branch=_BRANCH, on=on)
        institution = await directory.competent_institution(state, branch=_BRANCH, on=on)
        if agreement_id is None:
            why = await directory.why_no_agreement(desk.my_state, state, branch=_BRANCH, on=on)
            not_asked.append((state, institution or "", why))
        elif institution is None:
            not_asked.append((state, "", f"the directory has no institution for {_BRANCH} there on {on}."))
        else:
            _require_written_request(claim, agreement_id, state)
            concerned.append(Participant(institution, state, agreement_id, desk.now))
    return concerned, not_asked


def _other_states(claim: Claim, my_state: StateCode) -> list[StateCode]:
    """In the order of the first day declared there."""
    first: dict[StateCode, None] = {}
    for declared in sorted(claim.declared, key=lambda each: (each.start, each.state)):
        first.setdefault(declared.state)
    return [state for state in first if state != my_state]


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


def _note_lodging(case: Case, *, actor: str, desk: Desk) -> None:
    text = f"Claim lodged; its date {case.claim.lodged_on} counts in every institution concerned."
    desk.note(
        case.case_id,
        EventKind.CLAIM_LODGED,
        text,
        actor=actor,
        citation=Citation("Regulation (EC) No 987/2009", "Art. 45(5)"),
    )


async def _send_claim(case: Case, to: Participant, *, desk: Desk) -> None:
    """Send the claim and the record request. Only institutions that share an agreement learn of each other."""
    sent = ClaimSent(case.case_id, desk.me, case.opened_at, case.claim, await _visible_to(to, case, desk=desk))
    request = RecordRequest(desk.new_id(), desk.me, to.institution, desk.now, _QUESTIONS)
    for kind, record in (
        (CLAIM, claim_bytes(sent)),
        (RECORD_REQUEST, record_request_bytes(request, case_id=case.case_id)),
    ):
        await desk.send(
            to.institution,
            case.case_id,
            kind=kind,
            key=str(case.case_id),
            record=record,
            agreement_id=to.agreement_id,
        )
    procedure = procedure_of(to.agreement_id)
    desk.note(
        case.case_id,
        EventKind.CLAIM_SENT,
        f"Claim and record request sent to {to.institution} under {to.agreement_id}; the date of the claim counts "
        "there too.",
        citation=procedure.filing_date if procedure else None,
    )


async def _visible_to(to: Participant, case: Case, *, desk: Desk) -> tuple[CaseInstitution, ...]:
    visible = []
    for each in case.participants:
        shared = each.institution in {desk.me, to.institution} or await desk.work.directory.agreement_between(
            to.state, each.state, branch=_BRANCH, on=case.claim.lodged_on
        )
        if shared:
            visible.append(CaseInstitution(each.institution, each.state, each.agreement_id, each.asked_at))
    return tuple(visible)
