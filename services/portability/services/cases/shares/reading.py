"""The documents of a case on a flow as a claim: who claims, what each country states, what has been decided."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from portability.agreements.careers import AnswerStatus, CareerRecord
from portability.agreements.errors import CaseStateError, InputError, VerificationError
from portability.services.cases.answers import career_of
from portability.services.cases.mapping.pension_claims import PENSION_CLAIMS, read_corrections, read_pension_claim
from portability.services.cases.mapping.wire import read_decision_notice, read_statement, read_summary
from portability.services.cases.messages import DECISION, RECORD_REQUEST, STATEMENT, SUMMARY
from portability.services.cases.model import Case, CaseSummary, Decision, InstitutionId, Participant, state_of
from portability.services.cases.shares.model import ClaimOnFlow, SaidDocument, SaidInCase

__all__ = ["claim_on_flow"]

CORRECTION = "record.correction"
T = TypeVar("T")


def claim_on_flow(said: SaidInCase, *, me: InstitutionId) -> ClaimOnFlow:
    """What the documents add up to, the later over the earlier.

    Raises InputError where the case is none of a claim for a pension, and CaseStateError where a document cannot be
    used: it names whose it is, and what to do.
    """
    opening = next((one for one in said.documents if one.type in PENSION_CLAIMS), None)
    if opening is None:
        raise InputError(
            f"The case runs on '{said.flow_id}' and holds no claim for a pension: nothing is determined in it.",
            field="case_id",
        )
    branch, claim = _used(opening, said, lambda one: read_pension_claim(one.content, kind=one.type))
    decisions: dict[InstitutionId, tuple[Decision, datetime]] = {}
    summary: CaseSummary | None = None
    careers = {one: _asked(one, opening) for one, _ in said.parties}
    for document in said.documents:
        sender = document.sender
        if document.type == STATEMENT:
            careers[sender] = _used(document, said, partial(_statement, said=said, opening=opening))
        elif document.type == CORRECTION and sender in careers:
            careers[sender] = _used(document, said, partial(_corrected, careers[sender]))
        elif document.type == DECISION:
            decisions[sender] = _used(document, said, partial(_decision, said=said)), document.at
        elif document.type == SUMMARY:
            summary = _used(document, said, partial(_summary, said=said))
    case = Case(
        case_id=said.case_id,
        branch=branch,
        contact=said.opened_by,
        claim=claim,
        opened_at=opening.at,
        known_since=said.known_since,
        participants=tuple(
            _participant(one, agreement_id, careers[one], said=said, opening=opening)
            for one, agreement_id in said.parties
        ),
        decisions=tuple(decision for decision, _ in decisions.values()),
        decided_at=tuple((one, at) for one, (_, at) in decisions.items()),
        summary=summary,
    )
    asked = [one for one in said.documents if one.type == RECORD_REQUEST and me in one.to]
    return ClaimOnFlow(case, tuple(careers.values()), (asked or [opening])[-1].document_id)


def _participant(
    institution: InstitutionId, agreement_id: str, career: CareerRecord, *, said: SaidInCase, opening: SaidDocument
) -> Participant:
    """Who was asked once more has not answered yet, though what was stated before stands until then."""
    asked_at, answered_at = opening.at, None
    for document in said.documents:
        if document.type == RECORD_REQUEST and institution in document.to:
            asked_at, answered_at = document.at, None
        elif document.type == STATEMENT and document.sender == institution:
            answered_at = document.at
    return Participant(
        institution, state_of(institution), agreement_id, asked_at, status=career.status, answered_at=answered_at
    )


def _asked(institution: InstitutionId, opening: SaidDocument) -> CareerRecord:
    return CareerRecord(state_of(institution), institution, AnswerStatus.ASKED_NO_ANSWER, asked_on=opening.at.date())


def _statement(document: SaidDocument, said: SaidInCase, opening: SaidDocument) -> CareerRecord:
    statement = read_statement(document.content, case_id=said.case_id)
    _require_own_words(document, statement.institution, state=statement.state)
    return career_of(statement, asked_on=opening.at.date())


def _decision(document: SaidDocument, said: SaidInCase) -> Decision:
    decision = read_decision_notice(document.content, case_id=said.case_id).decision
    _require_own_words(document, decision.institution, state=decision.state)
    return decision


def _summary(document: SaidDocument, said: SaidInCase) -> CaseSummary:
    told = read_summary(document.content, case_id=said.case_id)
    ids = tuple(one.decision_id for one in told.decisions)
    return CaseSummary(told.summary_id, told.sent_by, told.sent_at, ids, told.language)


def _corrected(career: CareerRecord, document: SaidDocument) -> CareerRecord:
    """The career with its corrected periods; that it had been otherwise stays in the documents of the case."""
    periods = {one.period.period_id: one for one in career.periods}
    for period_id, after in read_corrections(document.content):
        if after is None:
            periods.pop(period_id, None)
            continue
        if after.period.state != career.state:
            raise InputError(f"It corrects a period of {after.period.state}: it states those of {career.state}.")
        periods[period_id] = after
    status = AnswerStatus.KNOWN if periods else AnswerStatus.NONE
    return replace(career, status=status, periods=tuple(periods.values()), answered_on=document.at.date())


def _require_own_words(document: SaidDocument, speaks_for: InstitutionId, *, state: str) -> None:
    if (speaks_for, state) != (document.sender, state_of(document.sender)):
        raise VerificationError("It speaks for another institution.")


def _used(document: SaidDocument, said: SaidInCase, read: Callable[[SaidDocument], T]) -> T:
    try:
        return read(document)
    except (InputError, VerificationError) as error:
        raise CaseStateError(
            f"The message '{document.type}' of {document.sender} cannot be used: {error.message} Reject it, and ask "
            "for it again.",
            state="unusable document",
            allowed_actions=tuple(name for name, why_not in said.why_not.items() if not why_not),
        ) from error
