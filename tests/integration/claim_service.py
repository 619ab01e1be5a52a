"""The same desks at the claim service: a claim is lodged, and whatever it allows is done, until all have decided."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from google.type.date_pb2 import Date

from portability.adapters.clock.ids import time_ordered_id
from portability.api.cases.v1 import cases_pb2 as cases
from portability.api.cases.v1 import cases_pb2_grpc, messages_pb2
from portability.api.common.v1 import common_pb2 as common
from portability.api.records.v1 import messages_pb2 as record_messages
from portability.app.demo.nodes import DemoNode
from portability.app.demo.story import BIRTH, INSTITUTIONS, WORKER

__all__ = ["act", "lodge_claim", "read_case"]

Action = cases.CaseAction


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


def _day(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


def _request_id() -> str:
    return str(time_ordered_id())
