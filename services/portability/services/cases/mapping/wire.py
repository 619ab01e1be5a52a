"""The messages of a claim as bytes, and back. What was received is kept as it came; nothing is repaired.

Reading checks types, field rules, periods and that a message is about the case in its envelope; raises InputError
with the path of the first fault, so that the exchange can set the message aside.
"""

from typing import cast
from uuid import UUID

from portability.agreements.errors import InputError
from portability.api.cases.v1 import messages_pb2 as pb
from portability.api.records.v1 import messages_pb2 as records
from portability.services.cases.mapping.parts import (
    RESULT,
    needed_date,
    read_amount,
    read_decision,
    read_remedy,
    write_amount,
    write_claim,
    write_decision,
    write_remedy,
)
from portability.services.cases.messages import (
    ClaimSent,
    DecisionNotice,
    RecordStatement,
    SummarisedDecision,
    SummaryNotice,
)
from portability.services.cases.model import DecisionResult
from portability.services.mapping.common import (
    read_date,
    read_instant,
    read_period,
    read_record,
    read_status,
    read_total,
    read_uuid,
    write_date,
    write_instant,
    write_institution,
    write_period,
    write_record,
    write_status,
    write_total,
)
from portability.services.mapping.statements import check_stated, read_stated_person, write_stated_person

__all__ = [
    "claim_bytes",
    "decision_bytes",
    "read_decision_notice",
    "read_statement",
    "read_summary",
    "statement_bytes",
    "summary_bytes",
]


def claim_bytes(sent: ClaimSent) -> bytes:
    """Message claim.old_age."""
    message = pb.OldAgeClaimSent(
        case_id=str(sent.case_id),
        contact=write_institution(sent.contact),
        opened_at=write_instant(sent.opened_at),
        claim=write_claim(sent.claim),
        institutions=[
            pb.CaseInstitution(
                institution=write_institution(each.institution),
                state=each.state,
                agreement_id=each.agreement_id,
                asked_at=write_instant(each.asked_at),
            )
            for each in sent.institutions
        ],
    )
    return write_record(message)


def statement_bytes(statement: RecordStatement) -> bytes:
    """Message record.statement."""
    message = records.RecordStatement(
        statement_id=str(statement.statement_id),
        case_id=str(statement.case_id),
        record_request_id=str(statement.record_request_id),
        institution=write_institution(statement.institution),
        state=statement.state,
        status=write_status(statement.status),
        stated_at=write_instant(statement.stated_at),
        as_of=write_date(statement.as_of),
        periods=[write_period(each) for each in statement.periods],
        totals=[write_total(each) for each in statement.totals],
        person=write_stated_person(statement.person),
    )
    return write_record(message)


def read_statement(record: bytes, *, case_id: UUID) -> RecordStatement:
    """A statement whose every period stands by itself and is of the sender's own state."""
    message = read_record(records.RecordStatement, record)
    statement = RecordStatement(
        statement_id=read_uuid(message.statement_id, field="statement_id"),
        case_id=_same_case(message.case_id, case_id),
        record_request_id=read_uuid(message.record_request_id, field="record_request_id"),
        institution=message.institution.institution_id,
        state=message.state,
        status=read_status(message.status, field="status"),
        stated_at=read_instant(message, "stated_at", field="stated_at"),
        as_of=read_date(message, "as_of", field="as_of"),
        periods=tuple(read_period(each, field=f"periods[{i}]") for i, each in enumerate(message.periods)),
        totals=tuple(read_total(each, field=f"totals[{i}]") for i, each in enumerate(message.totals)),
        person=read_stated_person(message),
    )
    check_stated(statement.status, statement.state, statement.periods)
    return statement


def decision_bytes(notice: DecisionNotice) -> bytes:
    """Message decision.notify."""
    message = pb.DecisionNotice(case_id=str(notice.case_id), decision=write_decision(notice.decision))
    return write_record(message)


def read_decision_notice(record: bytes, *, case_id: UUID) -> DecisionNotice:
    message = read_record(pb.DecisionNotice, record)
    decision = read_decision(message.decision, field="decision")
    granted = decision.result is DecisionResult.GRANTED
    if granted != bool(decision.amounts) or granted == bool(decision.refusal_reasons):
        raise InputError(
            "A decision grants with amounts and without refusal reasons, or refuses with reasons and no amounts.",
            field="decision.result",
        )
    return DecisionNotice(_same_case(message.case_id, case_id), decision)


def summary_bytes(summary: SummaryNotice) -> bytes:
    """Message decision.summary."""
    message = pb.DecisionSummary(
        summary_id=str(summary.summary_id),
        case_id=str(summary.case_id),
        contact=write_institution(summary.contact),
        sent_at=write_instant(summary.sent_at),
        sent_by=summary.sent_by,
        language=summary.language,
        decisions=[
            pb.SummarisedDecision(
                institution=write_institution(each.institution),
                decision_id=str(each.decision_id),
                result=RESULT.write(each.result),
                effective_on=write_date(each.effective_on),
                amounts=[write_amount(amount) for amount in each.amounts],
                remedy=write_remedy(each.remedy),
            )
            for each in summary.decisions
        ],
    )
    return write_record(message)


def read_summary(record: bytes, *, case_id: UUID) -> SummaryNotice:
    message = read_record(pb.DecisionSummary, record)
    return SummaryNotice(
        summary_id=read_uuid(message.summary_id, field="summary_id"),
        case_id=_same_case(message.case_id, case_id),
        contact=message.contact.institution_id,
        sent_at=read_instant(message, "sent_at", field="sent_at"),
        sent_by=message.sent_by,
        language=message.language,
        decisions=tuple(_summarised(each, field=f"decisions[{index}]") for index, each in enumerate(message.decisions)),
    )


def _same_case(text: str, case_id: UUID) -> UUID:
    if read_uuid(text, field="case_id") != case_id:
        raise InputError(
            f"The message is sent for case {case_id}, but its content is about case {text}.", field="case_id"
        )
    return case_id


def _summarised(message: pb.SummarisedDecision, *, field: str) -> SummarisedDecision:
    place = f"{field}.effective_on"
    return SummarisedDecision(
        institution=message.institution.institution_id,
        decision_id=read_uuid(message.decision_id, field=f"{field}.decision_id"),
        result=cast(DecisionResult, RESULT.read(message.result, field=f"{field}.result")),
        effective_on=needed_date(read_date(message, "effective_on", field=place), field=place),
        amounts=tuple(read_amount(a, field=f"{field}.amounts[{i}]") for i, a in enumerate(message.amounts)),
        remedy=read_remedy(message.remedy, field=f"{field}.remedy"),
    )
