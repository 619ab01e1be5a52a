"""Which fields each message may carry for its purpose: what is not on the list is refused at the sender.

The lists are written out, not taken from the schema, so that a field added to a message leaves the institution only
when somebody has put it here, for a purpose that needs it (GDPR Art. 5(1)(b) and (c)).
"""

from collections.abc import Iterator, Mapping
from typing import Final

from google.protobuf.message import Message

from portability.agreements.errors import InputError
from portability.api.cases.v1 import messages_pb2 as pb
from portability.api.records.v1 import messages_pb2 as records
from portability.services.cases.messages import CLAIM, DECISION, RECORD_REQUEST, STATEMENT, SUMMARY
from portability.services.mapping.common import read_record
from portability.services.purposes import PENSION_CLAIM, Purpose

__all__ = ["ALLOWED", "check_fields", "fields_of"]

KINDS: Final[Mapping[str, type[Message]]] = {
    CLAIM: pb.OldAgeClaimSent,
    RECORD_REQUEST: records.RecordRequest,
    STATEMENT: records.RecordStatement,
    DECISION: pb.DecisionNotice,
    SUMMARY: pb.DecisionSummary,
}


def _paths(text: str) -> frozenset[str]:
    return frozenset(text.split())


ALLOWED: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    (PENSION_CLAIM.code, CLAIM): _paths(
        """
        case_id claim.asks_in_writing claim.award_on claim.declared.activity claim.declared.first_day
        claim.declared.last_day claim.declared.state claim.deferred_states claim.language claim.lodged_on
        claim.person.birth_date claim.person.family_name claim.person.given_names
        claim.person.identifiers.country claim.person.identifiers.sector claim.person.identifiers.value
        claim.person.residence_state contact.institution_id contact.name institutions.agreement_id
        institutions.asked_at institutions.institution.institution_id institutions.institution.name
        institutions.state opened_at
        """
    ),
    (PENSION_CLAIM.code, RECORD_REQUEST): _paths(
        """
        asked_at asked_by.institution_id asked_by.name asked_of.institution_id asked_of.name case_id
        questions.code questions.first_day questions.last_day record_request_id
        """
    ),
    (PENSION_CLAIM.code, STATEMENT): _paths(
        """
        as_of case_id institution.institution_id institution.name periods.amount periods.day_regime
        periods.evidence.level periods.evidence.method periods.evidence.verified_by periods.evidence.verified_on
        periods.first_day periods.kind periods.last_day periods.period_id periods.period_type periods.scheme
        periods.state periods.unit record_request_id state stated_at statement_id status totals.amount
        totals.count totals.day_regime totals.kind totals.scheme totals.unit
        """
    ),
    (PENSION_CLAIM.code, DECISION): _paths(
        """
        case_id decision.agreements.agreement_id decision.agreements.sha256 decision.amounts.amount.amount
        decision.amounts.amount.currency_code decision.amounts.changed_because decision.amounts.first_day
        decision.amounts.frequency decision.amounts.last_day decision.amounts.scheme decision.banner
        decision.basis decision.branch decision.citations.article decision.citations.instrument
        decision.decided_at decision.decided_by decision.decision_id decision.determination_id
        decision.effective_on decision.explanation.citation.article decision.explanation.citation.instrument
        decision.explanation.depth decision.explanation.output decision.explanation.plain
        decision.explanation.rule decision.explanation.text decision.explanation.values.json_value
        decision.explanation.values.name decision.institution.institution_id decision.institution.name
        decision.note decision.refusal_reasons decision.remedy.citation.article
        decision.remedy.citation.instrument decision.remedy.period decision.remedy.text decision.remedy.until
        decision.remedy.where decision.result decision.review_status decision.state decision.trace_sha256
        """
    ),
    (PENSION_CLAIM.code, SUMMARY): _paths(
        """
        case_id contact.institution_id contact.name decisions.amounts.amount.amount
        decisions.amounts.amount.currency_code decisions.amounts.changed_because decisions.amounts.first_day
        decisions.amounts.frequency decisions.amounts.last_day decisions.amounts.scheme decisions.decision_id
        decisions.effective_on decisions.institution.institution_id decisions.institution.name
        decisions.remedy.citation.article decisions.remedy.citation.instrument decisions.remedy.period
        decisions.remedy.text decisions.remedy.until decisions.remedy.where decisions.result language sent_at
        sent_by summary_id
        """
    ),
}
"""By purpose and message type: the paths of fields."""


def check_fields(kind: str, record: bytes, *, purpose: Purpose) -> None:
    """Return where a message may go out for the purpose; raise InputError that names the type or the field."""
    allowed = ALLOWED.get((purpose.code, kind))
    if allowed is None:
        raise InputError(f"A message '{kind}' is not sent for '{purpose.code}'.", field="type")
    strangers = sorted(set(fields_of(read_record(KINDS[kind], record))) - allowed)
    if strangers:
        raise InputError(
            f"'{strangers[0]}' is no field that a message '{kind}' may carry for '{purpose.code}': leave it out.",
            field=strangers[0],
        )


def fields_of(message: Message, before: str = "") -> Iterator[str]:
    """Paths of the fields that are set, without the places in lists; a message of another package is one field."""
    for field, value in message.ListFields():
        path = before + field.name
        kind = field.message_type
        if kind is None or kind.full_name.startswith("google."):
            yield path
        else:
            for one in value if field.is_repeated else (value,):
                yield from fields_of(one, f"{path}.")
