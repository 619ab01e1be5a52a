"""The catalogue: every type of message that institutions write to each other in a case, and what its content is.

A type names its content in the signed header; the protos say what each field means. An update of a message is the
same type again with what it supersedes, so no type needs one of its own. What the service itself says of a case (a
deadline has passed) is an event and never a message.
"""

from collections.abc import Mapping
from typing import Final

from google.protobuf.message import Message

from portability.agreements.errors import InputError
from portability.api.careers.v1 import messages_pb2 as careers
from portability.api.cases.v1 import administration_pb2 as administration
from portability.api.cases.v1 import claims_pb2 as claims
from portability.api.cases.v1 import messages_pb2 as pensions
from portability.api.coverage.v1 import messages_pb2 as coverage
from portability.api.money.v1 import messages_pb2 as money
from portability.api.persons.v1 import messages_pb2 as persons
from portability.api.records.v1 import messages_pb2 as records

__all__ = ["ADMINISTRATION", "CATALOGUE", "content_of"]

ADMINISTRATION: Final[Mapping[str, type[Message]]] = {
    "case.close": administration.CaseClose,
    "case.reopen.request": administration.CaseReopenRequest,
    "case.reopen.reply": administration.CaseReopenReply,
    "case.reopen.decision": administration.CaseReopenDecision,
    "case.forward": administration.CaseForward,
    "case.exception": administration.CaseException,
    "participant.add": administration.ParticipantAdd,
    "participant.remove": administration.ParticipantRemove,
    "participant.replace": administration.ParticipantReplace,
    "message.invalidate": administration.MessageInvalidate,
    "message.clarify.request": administration.MessageClarifyRequest,
    "message.clarify.reply": administration.MessageClarifyReply,
    "message.reject": administration.MessageReject,
    "reminder.send": administration.ReminderSend,
    "reminder.reply": administration.ReminderReply,
}
"""Allowed in every flow and answering any type: no type lacks one of them."""

_PERSONS: Final[Mapping[str, type[Message]]] = {
    "person.identify.request": persons.PersonIdentifyRequest,
    "person.identify.reply": persons.PersonIdentifyReply,
    "person.change.notify": persons.PersonChangeNotify,
    "person.death.notify": persons.PersonDeathNotify,
    "life_check.request": persons.LifeCheckRequest,
    "life_check.attest": persons.LifeCheckAttest,
}
_COVERAGE: Final[Mapping[str, type[Message]]] = {
    "certificate.request": coverage.CertificateRequest,
    "certificate.issue": coverage.CertificateIssue,
    "certificate.revoke": coverage.CertificateRevoke,
    "certificate.verify": coverage.CertificateVerify,
    "certificate.verified": coverage.CertificateVerified,
    "determination.propose": coverage.DeterminationPropose,
    "determination.agree": coverage.DeterminationAgree,
    "determination.disagree": coverage.DeterminationDisagree,
    "determination.provisional": coverage.DeterminationProvisional,
    "exception.request": coverage.ExceptionRequest,
    "exception.grant": coverage.ExceptionGrant,
    "exception.refuse": coverage.ExceptionRefuse,
    "coverage.info.notify": coverage.CoverageInfoNotify,
    "coverage.info.request": coverage.CoverageInfoRequest,
    "coverage.info.reply": coverage.CoverageInfoReply,
}
_RECORDS: Final[Mapping[str, type[Message]]] = {
    "record.request": records.RecordRequest,
    "record.statement": records.RecordStatement,
    "record.history.declared": careers.RecordHistoryDeclared,
    "record.correction": careers.RecordCorrection,
    "record.dispute": careers.RecordDispute,
    "record.dispute.status": careers.RecordDisputeStatus,
    "earnings.request": careers.EarningsRequest,
    "earnings.statement": careers.EarningsStatement,
    "residence.request": careers.ResidenceRequest,
    "residence.statement": careers.ResidenceStatement,
    "trace.request": careers.TraceRequest,
    "trace.answer": careers.TraceAnswer,
}
_CLAIMS: Final[Mapping[str, type[Message]]] = {
    "claim.old_age": pensions.OldAgeClaimSent,
    "claim.survivor": claims.SurvivorClaim,
    "claim.invalidity": claims.InvalidityClaim,
    "claim.withdraw": claims.ClaimWithdraw,
    "claim.info.request": claims.ClaimInfoRequest,
    "claim.info.reply": claims.ClaimInfoReply,
    "claim.info.supplement": claims.ClaimInfoSupplement,
    "provisional_award.notify": claims.ProvisionalAward,
    "decision.notify": pensions.DecisionNotice,
    "decision.summary": pensions.DecisionSummary,
}
_MONEY: Final[Mapping[str, type[Message]]] = {
    "payment.details": money.PaymentDetails,
    "payment.instruction": money.PaymentInstruction,
    "payment.status": money.PaymentStatus,
    "payment.returned": money.PaymentReturned,
    "offset.request": money.OffsetRequest,
    "offset.reply": money.OffsetReply,
    "offset.decision": money.OffsetDecision,
    "offset.notice": money.OffsetNotice,
    "contribution.statement": money.ContributionStatement,
    "contribution.remitted": money.ContributionRemitted,
    "contribution.reconciled": money.ContributionReconciled,
    "lump_sum.request": money.LumpSumRequest,
    "lump_sum.quote": money.LumpSumQuote,
    "lump_sum.accept": money.LumpSumAccept,
}
CATALOGUE: Final[Mapping[str, type[Message]]] = {
    **ADMINISTRATION,
    **_PERSONS,
    **_COVERAGE,
    **_RECORDS,
    **_CLAIMS,
    **_MONEY,
}
"""By type, as the header names it."""


def content_of(kind: str) -> type[Message]:
    """The content of a type. Raises InputError where the catalogue has no such type."""
    found = CATALOGUE.get(kind)
    if found is None:
        raise InputError(
            f"Messages of type '{kind[:40]}' are not in the catalogue: expected one of {', '.join(sorted(CATALOGUE))}.",
            field="type",
        )
    return found
