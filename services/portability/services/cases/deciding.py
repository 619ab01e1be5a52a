"""From a determination to a decision: what a named person may decide, and what has to be said for it."""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from portability.agreements.errors import InputError
from portability.agreements.values import Citation, Money, StateCode
from portability.services.cases.commands import Decide
from portability.services.cases.messages import SummarisedDecision, SummaryNotice
from portability.services.cases.model import (
    UNMET_CONDITIONS,
    Case,
    CaseSummary,
    DecidedAmount,
    Decision,
    DecisionResult,
    Determination,
    InstitutionId,
    Participant,
    state_of,
)
from portability.services.cases.ports import InstitutionDirectory

__all__ = ["make_decision", "notice_of", "told_to", "trace_sha256", "unsatisfied_states"]


def make_decision(
    command: Decide, *, case: Case, decided_by: str, me: InstitutionId, decision_id: UUID, at: datetime
) -> Decision:
    """The decision as it will be sent; raises InputError where it is not what the rules and the person agree on."""
    determination = _seen(command, case)
    amounts = _amounts(command, determination)
    citations = (*command.citations, *(determination.citations if determination else ()))
    if not citations:
        raise InputError("Cite the provision on which the decision rests.", field="citations")
    return Decision(
        decision_id=decision_id,
        institution=me,
        state=state_of(me),
        branch=case.branch,
        basis=command.basis,
        result=command.result,
        effective_on=command.effective_on,
        amounts=amounts,
        refusal_reasons=command.refusal_reasons,
        citations=tuple(_once(citations)),
        remedy=command.remedy,
        decided_by=decided_by,
        decided_at=at,
        determination_id=determination.determination_id if determination else None,
        trace_sha256=trace_sha256(determination.trace) if determination else "",
        explanation=determination.explanation if determination else (),
        agreements=determination.agreements if determination else (),
        review_status=determination.review_status if determination else "",
        banner=determination.banner if determination else "",
        note=command.note,
    )


def trace_sha256(trace: bytes) -> str:
    """Hexadecimal."""
    return hashlib.sha256(trace).hexdigest()


def unsatisfied_states(case: Case, *, mine: StateCode) -> frozenset[StateCode]:
    """Other states that have refused because a condition is not met yet (883/2004 Art. 50(2))."""
    return frozenset(
        decision.state
        for decision in case.decisions
        if decision.state != mine and UNMET_CONDITIONS.intersection(decision.refusal_reasons)
    )


async def told_to(
    other: Participant, *, case: Case, me: InstitutionId, directory: InstitutionDirectory
) -> tuple[Decision, ...]:
    """The decisions that an institution may know: ours, its own, and those of states that an agreement binds with its.

    A state without an agreement with another one's learns nothing of it.
    """
    known = []
    for decision in case.decisions:
        if decision.institution in {me, other.institution} or await directory.agreement_between(
            decision.state, other.state, branch=case.branch, on=case.claim.lodged_on
        ):
            known.append(decision)
    return tuple(known)


def notice_of(summary: CaseSummary, decisions: Iterable[Decision], *, case: Case, me: InstitutionId) -> SummaryNotice:
    """The summary of these decisions, as the contact institution sends it."""
    return SummaryNotice(
        summary_id=summary.summary_id,
        case_id=case.case_id,
        contact=me,
        sent_at=summary.sent_at,
        sent_by=summary.sent_by,
        language=summary.language,
        decisions=tuple(_summarised(decision) for decision in decisions),
    )


def _summarised(decision: Decision) -> SummarisedDecision:
    return SummarisedDecision(
        institution=decision.institution,
        decision_id=decision.decision_id,
        result=decision.result,
        effective_on=decision.effective_on,
        amounts=decision.amounts,
        remedy=decision.remedy,
    )


def _seen(command: Decide, case: Case) -> Determination | None:
    """The determination that the person has seen: the last one, so that nobody decides on an old figure."""
    if command.determination_id is None:
        return None
    last = case.determination
    if last is None or last.determination_id != command.determination_id:
        raise InputError(
            f"Determination {command.determination_id} is not the last one of this case: look at the last one first.",
            field="determination_id",
        )
    return last


def _amounts(command: Decide, determination: Determination | None) -> tuple[DecidedAmount, ...]:
    proposed = _proposed(determination, start=command.effective_on)
    if command.result is DecisionResult.REFUSED:
        if any(each.amount.amount > 0 for each in proposed) and not command.note:
            raise InputError("The determination proposes an award: say in the note why it is refused.", field="note")
        return ()
    amounts = command.amounts or proposed
    if not amounts:
        raise InputError("The determination proposes no award: give the amounts, or refuse.", field="amounts")
    _require_reasons(amounts, proposed)
    return amounts


def _proposed(determination: Determination | None, *, start: date) -> tuple[DecidedAmount, ...]:
    benefits = determination.benefits if determination else ()
    return tuple(
        DecidedAmount(benefit.scheme, benefit.award, benefit.frequency, start)
        for benefit in benefits
        if benefit.award is not None
    )


def _require_reasons(amounts: Iterable[DecidedAmount], proposed: Iterable[DecidedAmount]) -> None:
    """Raise InputError where an amount is not what was proposed and nobody says why, or one was left out."""
    expected = {each.scheme: each for each in proposed}
    given = set()
    for index, amount in enumerate(amounts):
        place = f"amounts[{index}]"
        try:
            amount.amount.decimal()
        except ValueError as error:
            raise InputError(
                f"The amount of {amount.scheme} has no exact decimal: round it as the national law says.",
                field=f"{place}.amount",
            ) from error
        before = expected.get(amount.scheme)
        same = (
            before is not None
            and before.frequency == amount.frequency
            and amount.amount in (before.amount, _to_the_cent(before.amount))
        )
        if not same and not amount.changed_because:
            raise InputError(
                f"The amount of {amount.scheme} is not what the determination proposes: say why.",
                field=f"{place}.changed_because",
            )
        given.add(amount.scheme)
    left_out = sorted(set(expected) - given)
    if left_out:
        raise InputError(
            f"The determination proposes an award for {', '.join(left_out)}, and no amount is given for it: give it, "
            "with the reason where it is another.",
            field="amounts",
        )


def _once(citations: Iterable[Citation]) -> Iterable[Citation]:
    return dict.fromkeys(citations)


def _to_the_cent(amount: Money) -> Money:
    """What an official was shown of an amount that no encoded rule has rounded; paying just that needs no reason."""
    return Money.of(amount.shown().split(" ")[0], amount.currency)
