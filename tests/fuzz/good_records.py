"""Good inputs for the readers of records and requests, taken from one claim that goes the whole way in memory."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from google.protobuf.message import Message
from google.type.date_pb2 import Date

from portability.adapters.clock.fake import counting_ids
from portability.agreements import packaged
from portability.agreements.example_inputs import DetermineGiven
from portability.agreements.lookup import boundary_dates
from portability.agreements.selection import Person
from portability.api.agreements.v1 import agreements_pb2, statements_pb2
from portability.api.cases.v1 import cases_pb2, messages_pb2, shares_pb2
from portability.api.claims.v1 import claims_pb2 as sent_claims_pb2
from portability.api.common.v1 import common_pb2
from portability.api.declarations.v1 import declarations_pb2
from portability.api.determination.v1 import determination_pb2, work_pb2
from portability.api.exchange.v1 import exchange_pb2
from portability.api.persons.v1.messages_pb2 import DatePrecision, PartialDate
from portability.api.privacy.v1 import privacy_pb2
from portability.api.records.v1 import career_pb2, imports_pb2, records_pb2, reviews_pb2
from portability.api.workers.v1 import linking_pb2
from portability.services.cases.mapping.parts import write_claim
from portability.services.determination.mapping import claims
from portability.services.determination.model import DetermineQuery
from portability.services.mapping.common import write_identifier, write_period
from tests.fuzz.good_messages import good_messages
from tests.services.cases.share_world import ShareWorld
from tests.services.cases.world import CLAIM, GERMAN_NUMBER, german_periods

__all__ = ["GoodRecords", "good_acts", "good_records", "good_requests"]


@dataclass(frozen=True, slots=True)
class GoodRecords:
    """What institutions sent in one case, by message type."""

    case_id: UUID
    by_type: dict[str, list[bytes]]


def good_records() -> GoodRecords:
    """Lodge, ask, answer, decide and close in three states; keep every record that was sent."""
    return asyncio.run(_whole_way())


async def _whole_way() -> GoodRecords:
    world = ShareWorld()
    await world.fill_registers()
    case_id = await world.lodge()
    await world.state_all(case_id)
    await world.decide_all(case_id)
    await world.summarise(case_id)
    by_type: dict[str, list[bytes]] = {}
    for one in world.said():
        by_type.setdefault(one.message.type, []).append(one.content)
    return GoodRecords(case_id, {**by_type, **good_messages()})


def good_requests(case_id: UUID) -> list[Message]:
    """One request of each kind that carries facts of a person."""
    case, request = str(case_id), str(counting_ids()())
    euros = common_pb2.Money(currency_code="EUR", amount="812.40")
    periods = [write_period(period) for period in german_periods()]
    claim = write_claim(CLAIM)
    remedy = messages_pb2.Remedy(text="objection", where="the office", period="one month from receipt")
    return [
        shares_pb2.LodgeOldAgeClaimRequest(request_id=request, claim=claim),
        sent_claims_pb2.StartMyClaimRequest(
            request_id=request,
            person=claim.person,
            award_on=claim.award_on,
            declared=claim.declared,
            asks_in_writing=True,
            language="it",
        ),
        sent_claims_pb2.OpenClaimRequest(request_id=request, claim_id=request, reason="settled", case_id=case),
        sent_claims_pb2.RefuseClaimRequest(request_id=request, claim_id=request, reason="claim in Spain"),
        shares_pb2.DetermineShareRequest(
            request_id=request,
            case_id=case,
            risk_materialised_on=Date(year=2025, month=3, day=10),
            national_answers=[cases_pb2.NationalAnswer(scheme="it-pensione", independent=euros, note="own system")],
        ),
        shares_pb2.DecideShareRequest(
            request_id=request,
            case_id=case,
            determination_id=request,
            result=messages_pb2.DECISION_RESULT_GRANTED,
            basis=messages_pb2.AWARD_BASIS_WORK,
            effective_on=Date(year=2025, month=4, day=1),
            remedy=remedy,
        ),
        records_pb2.PutRecordsRequest(
            request_id=request,
            accounts=[
                records_pb2.InsuranceAccount(
                    account_id="DE-1",
                    name="Rossi Maria",
                    birth_date=Date(year=1958, month=3, day=10),
                    identifiers=[write_identifier(GERMAN_NUMBER)],
                    periods=periods,
                    as_of=Date(year=2025, month=3, day=1),
                )
            ],
        ),
        records_pb2.EnterStatementRequest(
            request_id=request,
            case_id=case,
            statement=_stated(request),
            document="EESSI P5000",
            level="EVIDENCE_LEVEL_DECLARED",
        ),
        linking_pb2.RegisterWorkerRequest(
            request_id=request,
            contact="rosa@example.org",
            numbers=[write_identifier(GERMAN_NUMBER)],
            language="it",
            known_by=linking_pb2.KNOWN_BY_DOCUMENT,
        ),
        imports_pb2.ImportRecordsRequest(
            opening=imports_pb2.ImportOpening(import_id=request, as_of=Date(year=2025, month=3, day=1))
        ),
        imports_pb2.ImportRecordsRequest(
            first_item=1, records=[imports_pb2.ImportedRecord(account_id="DE-1", period=each) for each in periods]
        ),
        exchange_pb2.SubmitMessageRequest(
            request_id=request,
            recipient="it-inps",
            case_id=case,
            type="record.note",
            schema_version=1,
            record=b"a note",
            agreement_id="eu-883-2004",
            agreement_sha256="ab" * 32,
            in_reply_to=request,
            purpose="data-protection",
        ),
        determination_pb2.SelectAgreementsRequest(
            state="DE", branch="old_age", on=Date(year=2025, month=3, day=1), periods=periods, nationality="PH"
        ),
        determination_pb2.DetermineApplicableLegislationRequest(
            work=work_pb2.WorkFacts(activities=[work_pb2.Activity(kind=1, state="DE")], residence_state="DE"),
            on=Date(year=2025, month=3, day=1),
            agreement_ids=["de-us"],
        ),
        *_claims("ca-us", "de-us"),
    ]


def good_acts(case_id: UUID) -> list[Message]:
    """One request of each kind that acts on a case or on an agreement and carries little of its own."""
    case, request = str(case_id), str(counting_ids()())
    signed = statements_pb2.SignedStatement(
        statement=b"as signed",
        signatures=[statements_pb2.StatementSignature(signer_id="anna.vogel", ed25519=bytes(64), mldsa65=bytes(3309))],
    )
    return [
        shares_pb2.SummariseSharesRequest(request_id=request, case_id=case),
        shares_pb2.StateOwnRecordsRequest(
            request_id=request,
            case_id=case,
            answer=cases_pb2.RECORD_ANSWER_FROM_OWN_RECORDS,
            account_id="DE-1",
            reason="same number",
        ),
        reviews_pb2.SettleReviewRequest(
            request_id=request, case_id=case, state="DE", period_id="1990", stands=True, reason="her letter"
        ),
        agreements_pb2.PublishAgreementRequest(
            request_id=request, file=agreements_pb2.LawFile(file="de-us.yaml", text="format: 1")
        ),
        agreements_pb2.RatifyAgreementRequest(request_id=request, signed=signed),
        agreements_pb2.SuspendAgreementRequest(request_id=request, signed=signed),
        privacy_pb2.EraseRequest(request_id=request, case_id=case, ordered_by="court", register_basis="SGB X § 84"),
        privacy_pb2.ErasePersonRequest(
            request_id=request,
            on_file=privacy_pb2.PersonOnFile(contact="+49 170 1234567", insurance_number="65100358R023"),
            ordered_by="court",
        ),
        privacy_pb2.HoldCaseRequest(request_id=request, case_id=case, citation="SGG § 94"),
        privacy_pb2.ReleaseHoldRequest(request_id=request, hold_id=case, reason="the appeal is over"),
        privacy_pb2.ProtectPersonRequest(request_id=request, case_id=case, is_protected=True, reason="at risk"),
        declarations_pb2.DeclarePeriodRequest(
            request_id=request,
            state="TN",
            first_day=PartialDate(year=1984, precision=DatePrecision.DATE_PRECISION_YEAR),
            last_day=PartialDate(year=1985, month=6, precision=DatePrecision.DATE_PRECISION_MONTH),
            employer="Hotel",
        ),
        declarations_pb2.AddDocumentRequest(request_id=request, declaration_id=case, content=b"%PDF-1.7\n%%EOF"),
        declarations_pb2.SettleDeclarationRequest(request_id=request, declaration_id=case, reason="seen"),
    ]


def _stated(statement_id: str) -> career_pb2.CareerStatement:
    """As a P5000 becomes it: whole and partial dates, a sum in two units, a value that could not be read."""
    statement = career_pb2.CareerStatement(
        statement_id=statement_id,
        institution=common_pb2.InstitutionReference(institution_id="fr-cnav"),
        state="FR",
        status="ANSWER_STATUS_KNOWN",
        as_of=Date(year=2025, month=3, day=1),
    )
    statement.periods.add(
        period_id="1990",
        first_day=Date(year=1990, month=1, day=1),
        last_day=Date(year=1995, month=12, day=31),
        sum=career_pb2.PeriodSum(years="6", months="0"),
        period_type="11",
        scheme="01",
        relevance="111",
    )
    part = statement.periods.add(period_id="1996", state="FR", first_day=Date(year=1996), period_type="30")
    part.unread.add(field="last_day", text="summer")
    return statement


def _claims(*agreements: str) -> list[determination_pb2.ClaimFacts]:
    found = []
    for agreement_id in agreements:
        agreement = packaged.agreement(agreement_id)
        newest = boundary_dates(agreement)[-1]
        for case in agreement.content.examples:
            if case.kind == "determine" and case.given.get("state") and "error" not in case.expect:
                facts = DetermineGiven.model_validate(case.given).facts(newest)
                found.append(claims.write_claim(DetermineQuery(facts, (agreement_id,), Person("PH"))))
    return found
