"""What callers of a node and case messages bring: requests of every RPC, and the records of each case message."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from random import Random

import protovalidate
from google.protobuf.message import DecodeError, Message

from portability.adapters.spreadsheets.map_file import load_map_text
from portability.agreements.errors import InputError, VerificationError
from portability.api.agreements.v1 import agreements_pb2
from portability.api.careers.v1 import messages_pb2 as career_messages
from portability.api.cases.v1 import claims_pb2, envelope_pb2, flows_pb2, messages_pb2, shares_pb2
from portability.api.certificates.v1 import certificates_pb2
from portability.api.claims.v1 import claims_pb2 as sent_claims_pb2
from portability.api.declarations.v1 import declarations_pb2
from portability.api.determination.v1 import determination_pb2
from portability.api.disputes.v1 import disputes_pb2
from portability.api.exchange.v1 import exchange_pb2, repair_service_pb2
from portability.api.feed.v1 import feed_pb2
from portability.api.mandates.v1 import mandates_pb2
from portability.api.privacy.v1 import privacy_pb2
from portability.api.records.v1 import imports_pb2, records_pb2, reviews_pb2
from portability.api.records.v1 import messages_pb2 as record_messages
from portability.api.voice.v1 import voice_pb2
from portability.api.workers.v1 import linking_pb2, preferences_pb2
from portability.services.cases import messages
from portability.services.cases.mapping import pension_claims, wire
from portability.services.cases.mapping.kinds import content_of
from portability.services.cases.mapping.named import numbers_in
from portability.services.cases.shares import mapping as share_rpc
from portability.services.certificates import mapping as certificates
from portability.services.determination.mapping import choices, facts
from portability.services.determination.treaties.mapping import api as treaties
from portability.services.exchange.mapping import reconciliations
from portability.services.exchange.mapping.api import outgoing
from portability.services.exchange.model.messages import NO_CASE
from portability.services.feed import mapping as feed
from portability.services.flows.mapping import rpc as flow_rpc
from portability.services.flows.mapping.envelope import read_envelope
from portability.services.privacy import mapping as privacy
from portability.services.records.career_mapping.statements import read_enter
from portability.services.records.mapping import importing
from portability.services.records.mapping.register import read_put_records
from portability.services.records.mapping.reviews import read_settle
from portability.services.records.mapping.stated import read_said
from portability.services.workers.claims import mapping as sent_claims
from portability.services.workers.declarations import mapping as declarations
from portability.services.workers.disputes import mapping as disputes
from portability.services.workers.linking import mapping as linking
from portability.services.workers.mandates import mapping as mandates
from portability.services.workers.preferences import mapping as preferences
from portability.services.workers.voice import mapping as voice
from tests.doors.files import GOOD_MAP
from tests.fuzz.good_records import good_acts, good_records, good_requests
from tests.fuzz.messages import field_mutator, filled
from tests.fuzz.target import Target

__all__ = ["door_targets"]

AT = datetime(2026, 3, 2, tzinfo=UTC)
SAID = (
    "claim.old_age",
    "claim.survivor",
    "claim.invalidity",
    "record.request",
    "record.statement",
    "record.correction",
)
SEEDS = 4  # made up of anything, beside the good ones
RECORDS: Mapping[str, tuple[type[Message], Callable[..., object]]] = {
    messages.STATEMENT: (record_messages.RecordStatement, wire.read_statement),
    messages.DECISION: (messages_pb2.DecisionNotice, wire.read_decision_notice),
    messages.SUMMARY: (messages_pb2.DecisionSummary, wire.read_summary),
}
REQUESTS: Mapping[str, tuple[type[Message], Callable[..., object]]] = {
    "state-own-records": (shares_pb2.StateOwnRecordsRequest, share_rpc.read_state_own_records),
    "lodge-old-age-claim": (shares_pb2.LodgeOldAgeClaimRequest, share_rpc.read_lodge_old_age_claim),
    "determine-share": (shares_pb2.DetermineShareRequest, share_rpc.read_determine_share),
    "decide-share": (shares_pb2.DecideShareRequest, share_rpc.read_decide_share),
    "summarise-shares": (shares_pb2.SummariseSharesRequest, share_rpc.read_summarise_shares),
    "start-case": (flows_pb2.StartCaseRequest, flow_rpc.read_start),
    "act": (flows_pb2.ActRequest, flow_rpc.read_act),
    "put-records": (records_pb2.PutRecordsRequest, read_put_records),
    "enter-statement": (records_pb2.EnterStatementRequest, read_enter),
    "settle-period": (reviews_pb2.SettleReviewRequest, read_settle),
    "open-import": (imports_pb2.ImportRecordsRequest, importing.read_opening),
    "import-records": (imports_pb2.ImportRecordsRequest, partial(importing.read_batch, today=date(2026, 11, 21))),
    "watch-changes": (feed_pb2.WatchChangesRequest, feed.read_token),
    "submit-message": (exchange_pb2.SubmitMessageRequest, partial(outgoing, message_id=NO_CASE)),
    "list-reconciliations": (repair_service_pb2.ListReconciliationsRequest, reconciliations.read_listing),
    "settle-differences": (
        repair_service_pb2.SettleDifferencesRequest,
        partial(reconciliations.read_settling, by="karl", at=datetime(2026, 11, 21, tzinfo=UTC)),
    ),
    "claim-facts": (determination_pb2.ClaimFacts, partial(facts.read_query, agreement_ids=("eu-883-2004",))),
    "publish-agreement": (agreements_pb2.PublishAgreementRequest, treaties.read_publish),
    "ratify-agreement": (agreements_pb2.RatifyAgreementRequest, treaties.read_ratify),
    "suspend-agreement": (agreements_pb2.SuspendAgreementRequest, treaties.read_suspend),
    "erase": (privacy_pb2.EraseRequest, privacy.read_erase),
    "erase-person": (privacy_pb2.ErasePersonRequest, privacy.read_erase_person),
    "raise-dispute": (disputes_pb2.RaiseDisputeRequest, partial(disputes.read_raise, worker_id=NO_CASE, by="")),
    "take-up-dispute": (disputes_pb2.TakeUpDisputeRequest, disputes.read_take_up),
    "settle-dispute": (disputes_pb2.SettleDisputeRequest, disputes.read_settle),
    "settle-review": (disputes_pb2.SettleReviewRequest, disputes.read_review),
    "start-claim": (sent_claims_pb2.StartMyClaimRequest, partial(sent_claims.read_start, worker_id=NO_CASE, by="")),
    "open-claim": (sent_claims_pb2.OpenClaimRequest, sent_claims.read_open),
    "refuse-claim": (sent_claims_pb2.RefuseClaimRequest, sent_claims.read_refuse),
    "declare-period": (
        declarations_pb2.DeclarePeriodRequest,
        partial(declarations.read_declare, worker_id=NO_CASE, by=""),
    ),
    "add-document": (declarations_pb2.AddDocumentRequest, partial(declarations.read_add, worker_id=NO_CASE, by="")),
    "settle-declaration": (declarations_pb2.SettleDeclarationRequest, declarations.read_settle),
    "issue-certificate": (certificates_pb2.IssueCertificateRequest, certificates.read_issue),
    "revoke-certificate": (certificates_pb2.RevokeCertificateRequest, certificates.read_revoke),
    "grant-mandate": (mandates_pb2.GrantMandateRequest, partial(mandates.read_grant, worker_id=NO_CASE)),
    "change-contact": (linking_pb2.ChangeContactRequest, linking.read_change_contact),
    "register-worker": (linking_pb2.RegisterWorkerRequest, linking.read_register),
    "link-case": (linking_pb2.LinkCaseRequest, linking.read_link),
    "say-how-it-went": (voice_pb2.SayHowItWentRequest, partial(voice.read_say, worker_id=NO_CASE)),
    "choose-preferences": (preferences_pb2.ChooseMyPreferencesRequest, preferences.read_chosen),
    "hold-case": (privacy_pb2.HoldCaseRequest, privacy.read_hold),
    "release-hold": (privacy_pb2.ReleaseHoldRequest, privacy.read_release),
    "protect-person": (privacy_pb2.ProtectPersonRequest, privacy.read_protect),
    "work": (determination_pb2.DetermineApplicableLegislationRequest, choices.read_work),
    "career": (determination_pb2.SelectAgreementsRequest, choices.read_career),
}

CLAIMS: Mapping[str, type[Message]] = {
    "claim.old_age": messages_pb2.OldAgeClaimSent,
    "claim.survivor": claims_pb2.SurvivorClaim,
    "claim.invalidity": claims_pb2.InvalidityClaim,
}


def door_targets() -> Sequence[Target]:
    """Records of case messages as effects read them, and requests as the gate and the servicers read them."""
    validator = protovalidate.Validator()
    good = good_records()
    envelope = envelope_pb2.CaseMessage(
        flow_id="record_request",
        flow_version=1,
        action="ask",
        document_id=str(good.case_id),
        recipients=["de-drv"],
        profile_id="eu.record_request",
    ).SerializeToString()
    requests = [*good_requests(good.case_id), *good_acts(good.case_id)]
    return [
        Target(
            "case-envelope",
            partial(read_envelope, kind="record.request", sender="it-inps", me="de-drv", at=AT),
            (InputError,),
            [envelope, *_seeds(envelope_pb2.CaseMessage)],
            mutate=field_mutator(envelope_pb2.CaseMessage),
        ),
        *(
            Target(
                name,
                partial(read, case_id=good.case_id),
                (InputError,),
                [*good.by_type[name], *_seeds(kind)],
                mutate=field_mutator(kind),
            )
            for name, (kind, read) in RECORDS.items()
        ),
        *(
            Target(
                f"flow-{name}",
                partial(pension_claims.read_pension_claim, kind=name),
                (InputError,),
                [*good.by_type.get(name, []), *_seeds(kind)],
                mutate=field_mutator(kind),
            )
            for name, kind in CLAIMS.items()
        ),
        Target(
            "record-corrections",
            pension_claims.read_corrections,
            (InputError,),
            [*good.by_type["record.correction"], *_seeds(career_messages.RecordCorrection)],
            mutate=field_mutator(career_messages.RecordCorrection),
        ),
        *(
            Target(
                f"request-{name}",
                partial(_read_request, validator, kind, read),
                (InputError, VerificationError, DecodeError, protovalidate.ValidationError),
                [*(one.SerializeToString() for one in requests if isinstance(one, kind)), *_seeds(kind)],
                mutate=field_mutator(kind),
            )
            for name, (kind, read) in REQUESTS.items()
        ),
        *(
            Target(
                f"said-{kind}",
                partial(read_said, kind, sender="de-drv", to=("it-inps",), on=AT.date()),
                (InputError, VerificationError),
                [*good.by_type.get(kind, ()), *_seeds(content_of(kind))],
                mutate=field_mutator(content_of(kind)),
            )
            for kind in SAID
        ),
        Target(
            "named-persons",
            partial(numbers_in, "claim.survivor"),
            (DecodeError,),
            [*good.by_type["claim.survivor"], *_seeds(content_of("claim.survivor"))],
            mutate=field_mutator(content_of("claim.survivor")),
        ),
        Target(
            "dispute-status",
            disputes.read_dispute_status,
            (InputError,),
            _seeds(career_messages.RecordDisputeStatus),
            mutate=field_mutator(career_messages.RecordDisputeStatus),
        ),
        Target(
            "dispute-correction",
            disputes.read_correction,
            (InputError,),
            [*good.by_type["record.correction"], *_seeds(career_messages.RecordCorrection)],
            mutate=field_mutator(career_messages.RecordCorrection),
        ),
        Target("import-map", _read_map, (InputError,), [GOOD_MAP.encode()]),
    ]


def _read_map(data: bytes) -> object:
    return load_map_text(data.decode(errors="replace"), name="map.yaml")


def _read_request(
    validator: protovalidate.Validator, kind: type[Message], read: Callable[..., object], data: bytes
) -> object:
    # The gate's order: parsed, held to the rules of its proto, then read by the servicer.
    message = kind.FromString(data)
    validator.validate(message)
    return read(message)


def _seeds(kind: type[Message]) -> Sequence[bytes]:
    return [b"", *(filled(kind, Random(number)) for number in range(SEEDS))]
