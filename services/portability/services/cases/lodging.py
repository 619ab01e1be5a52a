"""A claim is lodged: which institutions are concerned, and what each of them is sent (987/2009 Art. 45(4), 47(4))."""

from uuid import UUID

from portability.agreements.careers import AnswerStatus, CareerRecord
from portability.agreements.values import Branch, Citation
from portability.services.access import Caller
from portability.services.cases.commands import LodgeClaim, check_claim
from portability.services.cases.concerned import concerned_by, require_contact
from portability.services.cases.desk import Desk
from portability.services.cases.mapping.wire import claim_bytes, record_request_bytes
from portability.services.cases.messages import CLAIM, RECORD_REQUEST, CaseInstitution, ClaimSent
from portability.services.cases.model import (
    Case,
    EventKind,
    Participant,
    Question,
    QuestionCode,
    RecordRequest,
)
from portability.services.cases.procedure import procedure_of, procedure_of_contact

__all__ = ["lodge"]

_BRANCH = Branch.OLD_AGE
_QUESTIONS = (Question(QuestionCode.PERIODS), Question(QuestionCode.RESIDENCE))


async def lodge(command: LodgeClaim, *, caller: Caller, desk: Desk) -> UUID:
    """Open a case and send the claim to every institution concerned; gives the case id."""
    # 1. The claim is right in itself.  2. We can be the contact institution.  3. Who is concerned, and who cannot
    # be asked and why.  4. The case, and a message to each.
    claim = command.claim
    # Step 1.
    check_claim(claim, today=desk.now.date())
    # Step 2.
    await require_contact(claim, me=desk.me, accounts=desk.work.accounts)
    # Step 3.
    case_id = desk.new_id()
    found = await concerned_by(claim, me=desk.me, directory=desk.work.directory)
    others = [Participant(one.institution, one.state, one.agreement_id, desk.now) for one in found.institutions]
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
    for one in found.not_asked:
        desk.note(case_id, EventKind.STATE_NOT_ASKED, f"{one.state} is not asked: {one.why}")
    await desk.keep(case)
    await desk.expect_answers(case_id, case.participants)
    for one in found.not_asked:
        career = CareerRecord(one.state, one.institution, AnswerStatus.NOT_ASKED)
        await desk.work.careers.put(case_id, career, at=desk.now)
    return case_id


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
