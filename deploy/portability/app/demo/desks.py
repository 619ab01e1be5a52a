"""What the people of the three institutions do in the demo, each through gRPC, as the flow of the claim allows."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from google.type.date_pb2 import Date

from portability.adapters.clock.ids import time_ordered_id
from portability.api.cases.v1 import cases_pb2 as cases
from portability.api.cases.v1 import flows_pb2 as flows
from portability.api.cases.v1 import flows_pb2_grpc, messages_pb2, shares_pb2_grpc
from portability.api.cases.v1 import shares_pb2 as shares
from portability.api.certificates.v1 import certificates_pb2 as certificates
from portability.api.certificates.v1 import certificates_pb2_grpc
from portability.api.common.v1 import common_pb2 as common
from portability.api.records.v1 import messages_pb2 as record_messages
from portability.api.records.v1 import records_pb2 as records
from portability.api.records.v1 import records_pb2_grpc
from portability.api.workers.v1 import linking_pb2, linking_pb2_grpc
from portability.app.demo.nodes import DemoNode
from portability.app.demo.story import BIRTH, INSTITUTIONS, WORKER, Answer, Period

__all__ = [
    "ClaimAtDesk",
    "act",
    "certify",
    "lodge_claim",
    "national_answer",
    "old_age_claim",
    "put_records",
    "read_case",
    "register_worker",
]


@dataclass(frozen=True, slots=True)
class ClaimAtDesk:
    """A claim as one institution sees it: the case on its flow, and what the institution owes in it."""

    case: flows.FlowCase
    shown: shares.GetShareResponse

    @property
    def allowed(self) -> frozenset[str]:
        """Actions of the flow that the institution may do now."""
        return frozenset(one.action for one in self.case.actions if not one.why_not)

    @property
    def claim(self) -> messages_pb2.OldAgeClaim:
        (sent,) = self._said("claim.old_age")
        return messages_pb2.OldAgeClaimSent.FromString(sent).claim

    @property
    def career(self) -> Sequence[record_messages.CareerRecord]:
        return self.shown.career

    @property
    def determination(self) -> cases.Determination:
        """The last one of this institution; without an id where there is none."""
        return self.shown.share.determination

    @property
    def decisions(self) -> list[messages_pb2.Decision]:
        """In the order in which they were told."""
        return [messages_pb2.DecisionNotice.FromString(one).decision for one in self._said("decision.notify")]

    @property
    def is_closed(self) -> bool:
        """Whether the summary of all decisions is here."""
        return any((one.step_id, one.state) == ("claim", "summarised") for one in self.case.steps)

    def _said(self, kind: str) -> list[bytes]:
        return [one.content for one in self.case.documents if one.type == kind and not one.without_effect]


async def put_records(desk: DemoNode, today: date) -> None:
    """The institution's own system puts what it knows of the worker into the register."""
    account = desk.institution.account
    stub: Any = records_pb2_grpc.RecordServiceStub(desk.system)
    await stub.PutRecords(
        records.PutRecordsRequest(
            request_id=_request_id(),
            accounts=[
                records.InsuranceAccount(
                    account_id=account.account_id,
                    name=f"{WORKER.family_name}, {WORKER.given_names}",
                    birth_date=_day(BIRTH),
                    identifiers=[_identifier(desk)],
                    periods=[_period(period, desk) for period in account.periods],
                    as_of=_day(today),
                    scheme_facts=[
                        records.SchemeFact(scheme=scheme, name=name, value=value)
                        for scheme, name, value in account.facts
                    ],
                )
            ],
        )
    )


async def register_worker(desk: DemoNode) -> None:
    """A caseworker puts the worker on file, by her phone and her number at this institution."""
    stub: Any = linking_pb2_grpc.WorkerDeskServiceStub(desk.caseworker)
    await stub.RegisterWorker(
        linking_pb2.RegisterWorkerRequest(
            request_id=_request_id(),
            contact=WORKER.phone,
            numbers=[_identifier(desk)],
            language=WORKER.language,
            known_by=linking_pb2.KNOWN_BY_DOCUMENT,
        )
    )


def old_age_claim(*, today: date, award_on: date) -> messages_pb2.OldAgeClaim:
    """The claim of the demo's worker, with all that she tells."""
    return messages_pb2.OldAgeClaim(
        person=messages_pb2.Person(
            family_name=WORKER.family_name,
            given_names=WORKER.given_names,
            birth_date=_day(BIRTH),
            residence_state=WORKER.residence_state,
            identifiers=[
                record_messages.PersonIdentifier(
                    country=one.country, sector=one.account.number[0], value=one.account.number[1]
                )
                for one in INSTITUTIONS
            ],
        ),
        lodged_on=_day(today),
        award_on=_day(award_on),
        declared=[
            messages_pb2.DeclaredPeriod(
                state=one.country,
                first_day=_day(one.declared[0]),
                last_day=_day(one.declared[1]),
                activity=one.declared[2],
            )
            for one in INSTITUTIONS
        ],
        asks_in_writing=True,
        language=WORKER.language,
    )


async def lodge_claim(desk: DemoNode, *, today: date, award_on: date) -> str:
    """The caseworker of the contact institution lodges the claim; returns the case's id."""
    claim = old_age_claim(today=today, award_on=award_on)
    answer = await _shares(desk).LodgeOldAgeClaim(shares.LodgeOldAgeClaimRequest(request_id=_request_id(), claim=claim))
    return str(answer.case_id)


async def certify(desk: DemoNode, case_id: str) -> Sequence[str]:
    """The caseworker issues what proves the career and the pension elsewhere; returns the numbers."""
    stub: Any = certificates_pb2_grpc.CertificateServiceStub(desk.caseworker)
    kinds = (certificates.CERTIFICATE_KIND_CAREER, certificates.CERTIFICATE_KIND_ENTITLEMENT)
    issued = [
        await stub.IssueCertificate(
            certificates.IssueCertificateRequest(request_id=_request_id(), case_id=case_id, kind=kind)
        )
        for kind in kinds
    ]
    return [one.certificate.number for one in issued]


async def read_case(desk: DemoNode, case_id: str) -> ClaimAtDesk:
    """The claim as the institution sees it now."""
    found: flows.GetFlowCaseResponse = await _flows(desk).GetFlowCase(flows.GetFlowCaseRequest(case_id=case_id))
    if not found.case.steps:  # a message of another institution has overtaken the claim
        return ClaimAtDesk(found.case, shares.GetShareResponse())
    return ClaimAtDesk(found.case, await _shares(desk).GetShare(shares.GetShareRequest(case_id=case_id)))


async def act(desk: DemoNode, claim: ClaimAtDesk, *, award_on: date) -> str:
    """Do the first thing that the flow allows and the claim needs; what was done, or "" where there is nothing."""
    for action, needed, do in _DESK:
        if action in claim.allowed and needed(claim):
            return await do(desk, claim, award_on)
    return ""


async def _state(desk: DemoNode, claim: ClaimAtDesk, award_on: date) -> str:
    await _shares(desk).StateOwnRecords(
        shares.StateOwnRecordsRequest(
            request_id=_request_id(),
            case_id=claim.case.case_id,
            answer=cases.RECORD_ANSWER_FROM_OWN_RECORDS,
        )
    )
    return "states her periods, found by her insurance number"


async def _determine(desk: DemoNode, claim: ClaimAtDesk, award_on: date) -> str:
    given = [national_answer(one) for one in desk.institution.answers]
    await _shares(desk).DetermineShare(
        shares.DetermineShareRequest(
            request_id=_request_id(),
            case_id=claim.case.case_id,
            risk_materialised_on=_day(award_on),
            award_on=_day(award_on),
            national_answers=given,
        )
    )
    own = f", with amounts of its own law that is not encoded: {', '.join(one.scheme for one in given)}"
    return f"determines its share{own if given else ''}"


async def _decide(desk: DemoNode, claim: ClaimAtDesk, award_on: date) -> str:
    way, where, period = desk.institution.remedy
    amounts = [
        messages_pb2.DecidedAmount(
            scheme=benefit.scheme,
            amount=benefit.award,
            frequency=messages_pb2.FREQUENCY_MONTH,
            first_day=_day(award_on),
        )
        for benefit in claim.determination.benefits
        if benefit.HasField("award")
    ]
    await _shares(desk).DecideShare(
        shares.DecideShareRequest(
            request_id=_request_id(),
            case_id=claim.case.case_id,
            determination_id=claim.determination.determination_id,
            result=messages_pb2.DECISION_RESULT_GRANTED,
            basis=messages_pb2.AWARD_BASIS_WORK,
            effective_on=_day(award_on),
            amounts=amounts,
            remedy=messages_pb2.Remedy(text=way, where=where, period=period),
        )
    )
    return f"decides: {desk.institution.official} signs"


async def _summarise(desk: DemoNode, claim: ClaimAtDesk, award_on: date) -> str:
    await _shares(desk).SummariseShares(
        shares.SummariseSharesRequest(request_id=_request_id(), case_id=claim.case.case_id)
    )
    return "sends the summary of all decisions"


def _always(claim: ClaimAtDesk) -> bool:
    return True


def _is_determined(claim: ClaimAtDesk) -> bool:
    return bool(claim.determination.determination_id)


_DESK: tuple[
    tuple[str, Callable[[ClaimAtDesk], bool], Callable[[DemoNode, ClaimAtDesk, date], Awaitable[str]]], ...
] = (
    ("state", _always, _state),
    ("decide", lambda claim: not _is_determined(claim), _determine),
    ("decide", _is_determined, _decide),
    ("summarise", _always, _summarise),
)


def national_answer(answer: Answer) -> cases.NationalAnswer:
    """An amount that the institution computes itself, as it is given with a determination."""
    given = cases.NationalAnswer(scheme=answer.scheme, note=answer.note)
    for name in ("independent", "theoretical"):
        if amount := getattr(answer, name):
            getattr(given, name).CopyFrom(common.Money(currency_code=answer.currency, amount=amount))
    return given


def _flows(desk: DemoNode) -> Any:
    """The generated stub; on an aio channel its calls are awaited, which the generated types do not say."""
    return flows_pb2_grpc.FlowServiceStub(desk.caseworker)


def _shares(desk: DemoNode) -> Any:
    return shares_pb2_grpc.ShareServiceStub(desk.caseworker)


def _identifier(desk: DemoNode) -> record_messages.PersonIdentifier:
    sector, value = desk.institution.account.number
    return record_messages.PersonIdentifier(country=desk.institution.country, sector=sector, value=value)


def _period(period: Period, desk: DemoNode) -> common.InsurancePeriod:
    return common.InsurancePeriod(
        period_id=period.period_id,
        state=desk.institution.country,
        kind=common.PeriodKind.Value(f"PERIOD_KIND_{period.kind.upper()}"),
        scheme=period.scheme,
        first_day=_day(period.first_day),
        last_day=_day(period.last_day),
        amount=period.amount,
        unit=common.PeriodUnit.Value(f"PERIOD_UNIT_{period.unit.upper()}"),
        day_regime=period.day_regime,
        period_type=period.period_type,
        evidence=common.Evidence(
            level=common.EVIDENCE_LEVEL_FINAL_ACCOUNT,
            method="contribution account",
            verified_by=desk.institution.institution_id,
            verified_on=_day(date(2026, 10, 1)),
        ),
    )


def _day(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


def _request_id() -> str:
    return str(time_ordered_id())
