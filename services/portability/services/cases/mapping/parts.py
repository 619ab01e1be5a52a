"""Claims and decisions to and from protobuf; messages between institutions and calls share them."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import cast

from google.protobuf.message import Message

from portability.agreements.errors import InputError
from portability.agreements.values import Branch, Citation
from portability.api.cases.v1 import messages_pb2 as pb
from portability.api.common.v1 import common_pb2 as common
from portability.services.cases.model import (
    AgreementUsed,
    AwardBasis,
    Claim,
    DecidedAmount,
    Decision,
    DecisionResult,
    DeclaredPeriod,
    Explanation,
    Frequency,
    Person,
    RefusalReason,
    Remedy,
)
from portability.services.mapping.common import (
    EnumTable,
    read_citation,
    read_date,
    read_day_after,
    read_exact,
    read_identifier,
    read_instant,
    read_money,
    read_uuid,
    write_citation,
    write_date,
    write_exact,
    write_identifier,
    write_instant,
    write_institution,
    write_last_day,
    write_money,
)

__all__ = [
    "BASIS",
    "FREQUENCY",
    "REFUSAL",
    "RESULT",
    "needed_date",
    "read_amount",
    "read_citations",
    "read_claim",
    "read_decision",
    "read_declared",
    "read_explanation",
    "read_remedy",
    "write_agreements",
    "write_amount",
    "write_claim",
    "write_decision",
    "write_explanation",
    "write_remedy",
]

FREQUENCY = EnumTable(Frequency, pb.Frequency, "FREQUENCY")
RESULT = EnumTable(DecisionResult, pb.DecisionResult, "DECISION_RESULT")
BASIS = EnumTable(AwardBasis, pb.AwardBasis, "AWARD_BASIS")
REFUSAL = EnumTable(RefusalReason, pb.RefusalReason, "REFUSAL_REASON")


def needed_date(day: date | None, *, field: str) -> date:
    """A date that must be there; raises InputError where it is not."""
    if day is None:
        raise InputError(f"{field} is not given: give a date.", field=field)
    return day


def write_claim(claim: Claim) -> pb.OldAgeClaim:
    person = claim.person
    return pb.OldAgeClaim(
        person=pb.Person(
            family_name=person.family_name,
            given_names=person.given_names,
            birth_date=write_date(person.birth_date),
            residence_state=person.residence_state,
            identifiers=[write_identifier(each) for each in person.identifiers],
        ),
        lodged_on=write_date(claim.lodged_on),
        award_on=write_date(claim.award_on),
        declared=[
            pb.DeclaredPeriod(
                state=each.state,
                first_day=write_date(each.start),
                last_day=write_last_day(each.end),
                activity=each.activity,
            )
            for each in claim.declared
        ],
        deferred_states=sorted(claim.deferred_states),
        asks_in_writing=claim.asks_in_writing,
        language=claim.language,
    )


def read_claim(message: pb.OldAgeClaim, *, field: str) -> Claim:
    person, place = message.person, f"{field}.person"
    return Claim(
        person=Person(
            family_name=person.family_name,
            given_names=person.given_names,
            birth_date=_day(person, "birth_date", field=place),
            residence_state=person.residence_state,
            identifiers=tuple(read_identifier(each) for each in person.identifiers),
        ),
        lodged_on=_day(message, "lodged_on", field=field),
        award_on=_day(message, "award_on", field=field),
        declared=tuple(
            read_declared(each, field=f"{field}.declared[{index}]") for index, each in enumerate(message.declared)
        ),
        deferred_states=frozenset(message.deferred_states),
        asks_in_writing=message.asks_in_writing,
        language=message.language,
    )


def write_amount(amount: DecidedAmount) -> pb.DecidedAmount:
    return pb.DecidedAmount(
        scheme=amount.scheme,
        amount=write_money(amount.amount),
        frequency=FREQUENCY.write(amount.frequency),
        first_day=write_date(amount.start),
        last_day=write_last_day(amount.end),
        changed_because=amount.changed_because,
    )


def read_amount(message: pb.DecidedAmount, *, field: str) -> DecidedAmount:
    amount = read_money(message, "amount", field=f"{field}.amount")
    if amount is None:
        raise InputError(f"{field}.amount is not given: give an amount.", field=f"{field}.amount")
    return DecidedAmount(
        scheme=message.scheme,
        amount=amount,
        frequency=cast(Frequency, FREQUENCY.read(message.frequency, field=f"{field}.frequency")),
        start=_day(message, "first_day", field=field),
        end=read_day_after(message, "last_day", field=f"{field}.last_day"),
        changed_because=message.changed_because,
    )


def write_remedy(remedy: Remedy) -> pb.Remedy:
    return pb.Remedy(
        text=remedy.text,
        where=remedy.where,
        period=remedy.period,
        until=write_date(remedy.until),
        citation=write_citation(remedy.citation),
    )


def read_remedy(message: pb.Remedy, *, field: str) -> Remedy:
    return Remedy(
        text=message.text,
        where=message.where,
        period=message.period,
        until=read_date(message, "until", field=f"{field}.until"),
        citation=read_citation(message.citation),
    )


def write_agreements(agreements: Iterable[AgreementUsed]) -> list[pb.AgreementUsed]:
    return [pb.AgreementUsed(agreement_id=each.agreement_id, sha256=each.sha256) for each in agreements]


def write_explanation(explanation: Iterable[Explanation]) -> list[pb.ExplanationStep]:
    """Steps in reading order, each with its depth."""
    return [
        pb.ExplanationStep(
            rule=step.rule,
            citation=write_citation(step.citation),
            text=step.text,
            plain=step.plain,
            output=step.output,
            depth=depth,
            values=write_exact(step.values),
        )
        for top in explanation
        for depth, step in top.walk()
    ]


def read_explanation(steps: Sequence[pb.ExplanationStep], *, field: str) -> tuple[Explanation, ...]:
    """The tree again; raises InputError where a step lies deeper than one below the step before it."""
    deepest = -1
    for index, step in enumerate(steps):
        if step.depth > deepest + 1:
            raise InputError(
                f"{field}[{index}].depth is {step.depth}: at most {deepest + 1} can follow here.",
                field=f"{field}[{index}].depth",
            )
        deepest = step.depth
    return _branches(steps, start=0, depth=0)[0]


def write_decision(decision: Decision) -> pb.Decision:
    return pb.Decision(
        decision_id=str(decision.decision_id),
        institution=write_institution(decision.institution),
        state=decision.state,
        branch=decision.branch.value,
        basis=BASIS.write(decision.basis),
        result=RESULT.write(decision.result),
        effective_on=write_date(decision.effective_on),
        amounts=[write_amount(each) for each in decision.amounts],
        refusal_reasons=[REFUSAL.write(each) for each in decision.refusal_reasons],
        citations=[common.LegalReference(instrument=c.instrument, article=c.article) for c in decision.citations],
        remedy=write_remedy(decision.remedy),
        decided_by=decision.decided_by,
        decided_at=write_instant(decision.decided_at),
        determination_id=str(decision.determination_id) if decision.determination_id else "",
        trace_sha256=decision.trace_sha256,
        explanation=write_explanation(decision.explanation),
        agreements=write_agreements(decision.agreements),
        review_status=decision.review_status,
        banner=decision.banner,
        note=decision.note,
    )


def read_decision(message: pb.Decision, *, field: str) -> Decision:
    try:
        branch = Branch(message.branch)
    except ValueError as error:
        raise InputError(
            f"{field}.branch is none: expected one of {', '.join(Branch)}.", field=f"{field}.branch"
        ) from error
    determination_id = message.determination_id
    return Decision(
        decision_id=read_uuid(message.decision_id, field=f"{field}.decision_id"),
        institution=message.institution.institution_id,
        state=message.state,
        branch=branch,
        basis=cast(AwardBasis, BASIS.read(message.basis, field=f"{field}.basis")),
        result=cast(DecisionResult, RESULT.read(message.result, field=f"{field}.result")),
        effective_on=_day(message, "effective_on", field=field),
        amounts=tuple(read_amount(a, field=f"{field}.amounts[{i}]") for i, a in enumerate(message.amounts)),
        refusal_reasons=tuple(
            REFUSAL.read(reason, field=f"{field}.refusal_reasons[{index}]")
            for index, reason in enumerate(message.refusal_reasons)
        ),
        citations=read_citations(message.citations),
        remedy=read_remedy(message.remedy, field=f"{field}.remedy"),
        decided_by=message.decided_by,
        decided_at=read_instant(message, "decided_at", field=f"{field}.decided_at"),
        determination_id=read_uuid(determination_id, field="determination_id") if determination_id else None,
        trace_sha256=message.trace_sha256,
        explanation=read_explanation(message.explanation, field=f"{field}.explanation"),
        agreements=tuple(AgreementUsed(each.agreement_id, each.sha256) for each in message.agreements),
        review_status=message.review_status,
        banner=message.banner,
        note=message.note,
    )


def read_citations(references: Iterable[common.LegalReference]) -> tuple[Citation, ...]:
    read = (read_citation(reference) for reference in references)
    return tuple(citation for citation in read if citation is not None)


def _day(message: Message, name: str, *, field: str) -> date:
    place = f"{field}.{name}"
    return needed_date(read_date(message, name, field=place), field=place)


def read_declared(message: pb.DeclaredPeriod, *, field: str) -> DeclaredPeriod:
    end = read_day_after(message, "last_day", field=f"{field}.last_day")
    return DeclaredPeriod(
        state=message.state,
        start=_day(message, "first_day", field=field),
        end=needed_date(end, field=f"{field}.last_day"),
        activity=message.activity,
    )


def _branches(steps: Sequence[pb.ExplanationStep], *, start: int, depth: int) -> tuple[tuple[Explanation, ...], int]:
    """The steps of one depth from `start` on with all below them, and where the next step further up stands."""
    found: list[Explanation] = []
    index = start
    while index < len(steps) and steps[index].depth == depth:
        step = steps[index]
        children, index = _branches(steps, start=index + 1, depth=depth + 1)
        found.append(
            Explanation(
                rule=step.rule,
                citation=read_citation(step.citation),
                text=step.text,
                plain=step.plain,
                output=step.output,
                children=children,
                values=read_exact(step.values),
            )
        )
    return tuple(found), index
