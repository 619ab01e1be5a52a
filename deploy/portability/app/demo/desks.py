"""What the people of the three institutions do in the demo, each through gRPC, as the server's allowed actions say."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any

from google.type.date_pb2 import Date

from portability.adapters.clock.ids import time_ordered_id
from portability.api.cases.v1 import cases_pb2 as cases
from portability.api.cases.v1 import cases_pb2_grpc, messages_pb2
from portability.api.certificates.v1 import certificates_pb2 as certificates
from portability.api.certificates.v1 import certificates_pb2_grpc
from portability.api.common.v1 import common_pb2 as common
from portability.api.records.v1 import messages_pb2 as record_messages
from portability.api.records.v1 import records_pb2 as records
from portability.api.records.v1 import records_pb2_grpc
from portability.app.demo.nodes import DemoNode
from portability.app.demo.story import BIRTH, INSTITUTIONS, WORKER, Period

__all__ = ["act", "certify", "lodge_claim", "put_records", "read_case"]

Action = cases.CaseAction


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


async def lodge_claim(desk: DemoNode, *, today: date, award_on: date) -> str:
    """The caseworker of the contact institution lodges the claim; returns the case's id."""
    claim = messages_pb2.OldAgeClaim(
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
    answer = await _stub(desk).LodgeClaim(cases.LodgeClaimRequest(request_id=_request_id(), claim=claim))
    return str(answer.case.header.case_id)


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


async def read_case(desk: DemoNode, case_id: str) -> cases.Case:
    """The case as the institution sees it now."""
    answer: cases.GetCaseResponse = await _stub(desk).GetCase(cases.GetCaseRequest(case_id=case_id))
    return answer.case


async def act(desk: DemoNode, case: cases.Case, *, award_on: date) -> str:
    """Do the first thing that the server allows and the case needs; what was done, or "" where there is nothing."""
    allowed = {state.action for state in case.actions if state.allowed}
    for action, needed, do in _DESK:
        if action in allowed and needed(desk, case):
            return await do(desk, case, award_on)
    return ""


async def _answer(desk: DemoNode, case: cases.Case, award_on: date) -> str:
    await _stub(desk).AnswerRecordRequest(
        cases.AnswerRecordRequestRequest(
            request_id=_request_id(),
            case_id=case.header.case_id,
            answer=cases.RECORD_ANSWER_FROM_OWN_RECORDS,
        )
    )
    return "states her periods, found by her insurance number"


async def _give_amount(desk: DemoNode, case: cases.Case, award_on: date) -> str:
    known = {answer.scheme for answer in case.national_answers}
    answer = next(one for one in desk.institution.answers if one.scheme not in known)
    given = cases.NationalAnswer(scheme=answer.scheme, note=answer.note)
    for name in ("independent", "theoretical"):
        if amount := getattr(answer, name):
            getattr(given, name).CopyFrom(common.Money(currency_code=answer.currency, amount=amount))
    await _stub(desk).RecordNationalAnswer(
        cases.RecordNationalAnswerRequest(request_id=_request_id(), case_id=case.header.case_id, answer=given)
    )
    return f"gives an amount of its own law that is not encoded: {answer.scheme}"


async def _determine(desk: DemoNode, case: cases.Case, award_on: date) -> str:
    await _stub(desk).Determine(
        cases.DetermineRequest(
            request_id=_request_id(),
            case_id=case.header.case_id,
            risk_materialised_on=_day(award_on),
            award_on=_day(award_on),
        )
    )
    return "determines its share"


async def _decide(desk: DemoNode, case: cases.Case, award_on: date) -> str:
    way, where, period = desk.institution.remedy
    amounts = [
        messages_pb2.DecidedAmount(
            scheme=benefit.scheme,
            amount=benefit.award,
            frequency=messages_pb2.FREQUENCY_MONTH,
            first_day=_day(award_on),
        )
        for benefit in case.determination.benefits
        if benefit.HasField("award")
    ]
    await _stub(desk).Decide(
        cases.DecideRequest(
            request_id=_request_id(),
            case_id=case.header.case_id,
            determination_id=case.determination.determination_id,
            result=messages_pb2.DECISION_RESULT_GRANTED,
            basis=messages_pb2.AWARD_BASIS_WORK,
            effective_on=_day(award_on),
            amounts=amounts,
            remedy=messages_pb2.Remedy(text=way, where=where, period=period),
        )
    )
    return f"decides: {desk.institution.official} signs"


async def _summarise(desk: DemoNode, case: cases.Case, award_on: date) -> str:
    await _stub(desk).SendSummary(cases.SendSummaryRequest(request_id=_request_id(), case_id=case.header.case_id))
    return "sends the summary of all decisions"


def _lacks_amounts(desk: DemoNode, case: cases.Case) -> bool:
    return len(case.national_answers) < len(desk.institution.answers)


def _always(desk: DemoNode, case: cases.Case) -> bool:
    return True


_DESK: tuple[
    tuple[
        Action.ValueType, Callable[[DemoNode, cases.Case], bool], Callable[[DemoNode, cases.Case, date], Awaitable[str]]
    ],
    ...,
] = (
    (cases.CASE_ACTION_ANSWER_RECORD_REQUEST, _always, _answer),
    (cases.CASE_ACTION_RECORD_NATIONAL_ANSWER, _lacks_amounts, _give_amount),
    (cases.CASE_ACTION_DETERMINE, lambda desk, case: not case.HasField("determination"), _determine),
    (cases.CASE_ACTION_DECIDE, lambda desk, case: case.HasField("determination"), _decide),
    (cases.CASE_ACTION_SEND_SUMMARY, _always, _summarise),
)


def _stub(desk: DemoNode) -> Any:
    """The generated stub; on an aio channel its calls are awaited, which the generated types do not say."""
    return cases_pb2_grpc.CaseServiceStub(desk.caseworker)


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
