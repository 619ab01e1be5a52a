"""What a message of another institution does to a case here.

The exchange calls `apply_message` in the transaction that marks the message as received; an error makes it set the
message aside with the reason, while others flow. A message may come twice or before what it builds on: a second time
changes nothing, and one whose claim is not here yet waits in its lane of the exchange, with its sender's later ones
behind it. A message in another institution's name, or of a type or version not known here, is refused.

Not modelled: corrections, supplements, withdrawals.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from portability.agreements.errors import (
    CaseStateError,
    InputError,
    NotYetError,
    VerificationError,
)
from portability.agreements.values import Branch, Citation
from portability.services.cases.answers import take_statement
from portability.services.cases.commands import check_claim
from portability.services.cases.desk import Desk
from portability.services.cases.flow import actions, stage
from portability.services.cases.mapping.protection import says_protected
from portability.services.cases.mapping.wire import (
    read_claim_sent,
    read_decision_notice,
    read_record_request,
    read_statement,
    read_summary,
)
from portability.services.cases.messages import (
    CLAIM,
    DECISION,
    MESSAGE_TYPES,
    RECORD_REQUEST,
    SCHEMA_VERSION,
    STATEMENT,
    SUMMARY,
    ArrivedMessage,
    ClaimSent,
    DecisionNotice,
    RecordStatement,
    SummaryNotice,
    Unchecked,
)
from portability.services.cases.model import (
    Case,
    CaseSummary,
    EventKind,
    InstitutionId,
    Participant,
    RecordRequest,
    state_of,
)
from portability.services.cases.ports import CaseWork, Clock, NewId

__all__ = ["apply_message"]


async def apply_message(
    message: ArrivedMessage, *, work: CaseWork, me: InstitutionId, clock: Clock, new_id: NewId
) -> Unchecked | None:
    """Apply a verified message to its case; return what of it nobody has checked, None where that is nothing.

    Raises NotYetError (its claim is not here), InputError (it cannot be read, or its type or version is unknown),
    VerificationError (it speaks for somebody else) or CaseStateError (the case does not allow it); then nothing has
    changed.
    """
    content = _read(message)
    _require_own_words(content, message.sender)
    desk = Desk(work=work, me=me, now=clock.now(), new_id=new_id)
    case = await work.cases.get(message.case_id, for_change=True)
    if isinstance(content, ClaimSent):
        if case is None:
            case = await _open_case(content, message, desk=desk)
            await desk.keep(case)
            await desk.protect_like_others(case.case_id)
            await _heed(message, desk=desk)
            await desk.expect_answers(case.case_id, case.participants)
        else:
            _require_same_claim(case, content)
            await _heed(message, desk=desk)
        return None
    if case is None:
        raise NotYetError(f"The claim of case {message.case_id} has not come yet.", state="unknown")
    changed = await _apply(case, content, message, desk=desk)
    if changed is not case:
        await desk.keep(changed)
    await _heed(message, desk=desk)
    return _unchecked(content)


async def _heed(message: ArrivedMessage, *, desk: Desk) -> None:
    """Protect the person where the sender does."""
    if says_protected(message.type, message.record):
        await desk.protect(message.case_id)


def _unchecked(content: Any) -> Unchecked | None:
    """Totals that are not those of the periods: the periods count, and nothing is repaired."""
    if isinstance(content, RecordStatement) and content.totals_differ:
        return Unchecked("TOTALS_DIFFER", "The totals sent are not those of the periods; the periods count.")
    return None


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one type of message is read, and what it does to a case that is here."""

    read: Callable[..., Any]
    apply: Callable[[Case, Any, ArrivedMessage, Desk], Awaitable[Case]] | None = None


def _read(message: ArrivedMessage) -> Any:
    kind = _KINDS.get(message.type)
    if kind is None:
        raise InputError(
            f"Messages of this type are not known here: expected {', '.join(sorted(MESSAGE_TYPES))}.",
            field="type",
        )
    if message.schema_version != SCHEMA_VERSION:
        raise InputError(
            f"Version {message.schema_version} of '{message.type}' is not known here: expected {SCHEMA_VERSION}.",
            field="schema_version",
        )
    return kind.read(message.record, case_id=message.case_id)


def _require_own_words(content: Any, sender: InstitutionId) -> None:
    """Raise VerificationError where a message says something in another institution's name."""
    said_by = {
        ClaimSent: lambda each: each.contact,
        RecordRequest: lambda each: each.asked_by,
        RecordStatement: lambda each: each.institution,
        DecisionNotice: lambda each: each.decision.institution,
        SummaryNotice: lambda each: each.contact,
    }[type(content)](content)
    if said_by != sender:
        raise VerificationError(f"The message was signed by {sender}, but speaks for another institution.")


async def _apply(case: Case, content: Any, message: ArrivedMessage, *, desk: Desk) -> Case:
    apply = _KINDS[message.type].apply
    if apply is None:
        raise LookupError(f"'{message.type}' opens a case and is not applied to one")
    return await apply(case, content, message, desk)


async def _open_case(sent: ClaimSent, message: ArrivedMessage, *, desk: Desk) -> Case:
    """The case as the contact institution describes it; the date of the claim is taken as it came (Art. 45(5))."""
    check_claim(sent.claim, today=desk.now.date())
    participants = tuple(
        Participant(each.institution, each.state, each.agreement_id, each.asked_at) for each in sent.institutions
    )
    ids = [each.institution for each in participants]
    if desk.me not in ids or sent.contact not in ids:
        raise InputError(
            f"The claim names {len(ids)} institutions: its contact institution and {desk.me} must be among them.",
            field="institutions",
        )
    states = {each.state for each in participants}
    if len(set(ids)) != len(ids) or len(states) != len(ids):
        raise InputError("The claim names an institution or a state twice.", field="institutions")
    for index, each in enumerate(participants):
        if each.state != state_of(each.institution):
            raise InputError(
                f"institutions[{index}] is not an institution of {each.state}.", field=f"institutions[{index}].state"
            )
    desk.note(
        sent.case_id,
        EventKind.CLAIM_RECEIVED,
        f"Claim received; its date {sent.claim.lodged_on} counts here too.",
        by=message.sender,
        message_id=message.message_id,
        citation=Citation("Regulation (EC) No 987/2009", "Art. 45(5)"),
    )
    return Case(
        case_id=sent.case_id,
        branch=Branch.OLD_AGE,
        contact=sent.contact,
        claim=sent.claim,
        opened_at=sent.opened_at,
        known_since=desk.now,
        participants=participants,
    )


def _require_same_claim(case: Case, sent: ClaimSent) -> None:
    """The same claim again changes nothing; another one would change the date or the facts of a claim."""
    if (case.claim, case.contact) == (sent.claim, sent.contact):
        return
    raise _refusal(case, f"{sent.contact} has sent another claim for it; supplements are not modelled yet", me="")


async def _apply_request(case: Case, request: RecordRequest, message: ArrivedMessage, desk: Desk) -> Case:
    if case.request is not None and case.request.record_request_id == request.record_request_id:
        return case
    if message.sender != case.contact or request.asked_of != desk.me:
        raise _refusal(case, f"only {case.contact} asks, and each institution for itself", me=desk.me)
    if case.request is not None:
        raise _refusal(case, "records were asked for already, and a second request is not modelled yet", me=desk.me)
    desk.note(
        case.case_id,
        EventKind.RECORD_REQUEST_RECEIVED,
        f"{message.sender} asks for {', '.join(each.code for each in request.questions)}.",
        by=message.sender,
        message_id=message.message_id,
    )
    return replace(case, request=replace(request, message_id=message.message_id))


async def _apply_statement(case: Case, statement: RecordStatement, message: ArrivedMessage, desk: Desk) -> Case:
    participant = _participant(case, message.sender, statement.state, desk=desk)
    if participant.statement_id == statement.statement_id:
        return case
    if participant.has_answered:
        raise _refusal(case, f"{message.sender} has answered already, and corrections are not modelled yet", me=desk.me)
    case = await take_statement(case, participant, statement, desk=desk)
    desk.note(
        case.case_id,
        EventKind.STATEMENT_RECEIVED,
        f"{message.sender} answers '{statement.status}' with {len(statement.periods)} periods.",
        by=message.sender,
        message_id=message.message_id,
        citation=Citation("Regulation (EC) No 987/2009", "Art. 47(5)"),
    )
    return case


async def _apply_decision(case: Case, notice: DecisionNotice, message: ArrivedMessage, desk: Desk) -> Case:
    decision = notice.decision
    _participant(case, message.sender, decision.state, desk=desk)
    known = case.decision_of(message.sender)
    if known is not None and known.decision_id == decision.decision_id:
        return case
    if known is not None:
        raise _refusal(
            case, f"{message.sender} has decided already, and a new decision is not modelled yet", me=desk.me
        )
    desk.note(
        case.case_id,
        EventKind.DECISION_RECEIVED,
        f"{message.sender} has decided: {decision.result}.",
        by=message.sender,
        message_id=message.message_id,
        citation=Citation("Regulation (EC) No 987/2009", "Art. 47(6)"),
    )
    return case.with_decision(decision, at=desk.now)


async def _apply_summary(case: Case, notice: SummaryNotice, message: ArrivedMessage, desk: Desk) -> Case:
    if case.summary is not None and case.summary.summary_id == notice.summary_id:
        return case
    if message.sender != case.contact or case.summary is not None:
        raise _refusal(case, f"only {case.contact} sends the summary, and once", me=desk.me)
    desk.note(
        case.case_id,
        EventKind.SUMMARY_RECEIVED,
        f"{message.sender} has sent the summary of {len(notice.decisions)} decisions; the case is closed.",
        by=message.sender,
        message_id=message.message_id,
        citation=Citation("Regulation (EC) No 987/2009", "Art. 48(1)"),
    )
    ids = tuple(each.decision_id for each in notice.decisions)
    return replace(case, summary=CaseSummary(notice.summary_id, notice.sent_by, notice.sent_at, ids, notice.language))


def _participant(case: Case, sender: InstitutionId, state: str, *, desk: Desk) -> Participant:
    participant = case.participant(sender)
    if participant is None:
        raise _refusal(case, f"{sender} takes no part in it", me=desk.me)
    if participant.state != state:
        raise InputError(f"{sender} is an institution of {participant.state}, not of {state}.", field="state")
    return participant


def _refusal(case: Case, why: str, *, me: InstitutionId) -> CaseStateError:
    allowed = tuple(each.action.value for each in actions(case, me=me) if each.allowed)
    return CaseStateError(f"Case {case.reference}: {why}.", state=stage(case), allowed_actions=allowed)


_KINDS: Mapping[str, _Kind] = {
    CLAIM: _Kind(read_claim_sent),
    RECORD_REQUEST: _Kind(read_record_request, _apply_request),
    STATEMENT: _Kind(read_statement, _apply_statement),
    DECISION: _Kind(read_decision_notice, _apply_decision),
    SUMMARY: _Kind(read_summary, _apply_summary),
}
