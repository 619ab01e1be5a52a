"""What a caseworker or system asks for, and what cannot be right in it whatever the state of the case."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from portability.agreements.careers import AnswerStatus, check_state
from portability.agreements.errors import InputError, RefusedContentError
from portability.agreements.values import Citation, Money
from portability.services.cases.model import (
    AwardBasis,
    Claim,
    DecidedAmount,
    DecisionResult,
    RefusalReason,
    Remedy,
)

__all__ = [
    "Decide",
    "Determine",
    "GivenAmounts",
    "LodgeClaim",
    "RecordAnswer",
    "check_claim",
    "check_claim_days",
    "check_decision",
    "check_national_answer",
]


class RecordAnswer(StrEnum):
    FROM_OWN_RECORDS = "from_own_records"
    NONE = "none"
    NOT_FOUND = "not_found"
    MAY_NOT_DISCLOSE = "may_not_disclose"

    @property
    def status(self) -> AnswerStatus:
        return AnswerStatus.KNOWN if self is RecordAnswer.FROM_OWN_RECORDS else AnswerStatus(self.value)


@dataclass(frozen=True, slots=True)
class LodgeClaim:
    request_id: UUID
    claim: Claim


@dataclass(frozen=True, slots=True)
class GivenAmounts:
    """Amounts of a national scheme whose law is not encoded, as the institution gives them."""

    scheme: str
    independent: Money | None
    theoretical: Money | None
    flat_rate: Money | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Determine:
    """`award_on` None: the day from which the pension is claimed."""

    request_id: UUID
    case_id: UUID
    risk_materialised_on: date
    award_on: date | None = None


@dataclass(frozen=True, slots=True)
class Decide:
    """`amounts` empty and granted: as the determination proposes."""

    request_id: UUID
    case_id: UUID
    determination_id: UUID | None
    result: DecisionResult
    basis: AwardBasis
    effective_on: date
    remedy: Remedy
    amounts: tuple[DecidedAmount, ...] = ()
    refusal_reasons: tuple[RefusalReason, ...] = ()
    citations: tuple[Citation, ...] = ()
    note: str = ""


def check_claim(claim: Claim, *, today: date) -> None:
    """Raise InputError naming the field, the value and the next step where a claim cannot be right."""
    person = claim.person
    if not person.identifiers:
        raise InputError("Give at least one identifier, or nobody can find her.", field="claim.person.identifiers")
    for index, identifier in enumerate(person.identifiers):
        place = f"claim.person.identifiers[{index}]"
        check_state(identifier.country, field=f"{place}.country")
        if not identifier.comparable:
            raise InputError("An identifier has no letter and no digit: give the number.", field=f"{place}.value")
    check_state(person.residence_state, field="claim.person.residence_state")
    check_claim_days(claim.lodged_on, born=person.birth_date, born_field="claim.person.birth_date", on=today)
    if not claim.declared:
        raise InputError(
            "No period is declared: say where and when she worked or lived.",
            field="claim.declared",
            citation="Regulation (EC) No 987/2009 Art. 46(1)",
        )
    for index, declared in enumerate(claim.declared):
        place = f"claim.declared[{index}]"
        check_state(declared.state, field=f"{place}.state")
        if declared.end <= declared.start:
            last_day = declared.end - timedelta(days=1)
            raise InputError(
                f"The declared period ends on {last_day} before it starts on {declared.start}: correct the dates.",
                field=f"{place}.last_day",
            )
    states = {declared.state for declared in claim.declared}
    for index, state in enumerate(sorted(claim.deferred_states)):
        check_state(state, field=f"claim.deferred_states[{index}]")
        if state not in states:
            raise InputError(
                f"The pension of {state} is to be deferred, but no period in {state} is declared.",
                field=f"claim.deferred_states[{index}]",
            )


def check_claim_days(lodged_on: date, *, born: date | None, born_field: str, on: date) -> None:
    """Return where the days of a claim can be: who sends one and who receives one judge it by this one rule.

    `on`: the day, UTC, of sending, or of receipt by the recipient's own clock. `born` None: no day is told. Raises
    RefusedContentError with the field, and without its value: another institution reads the reason.
    """
    # Where an institution is, it may be tomorrow already: nowhere is it two days ahead of UTC.
    if lodged_on > on + timedelta(days=1):
        raise RefusedContentError(
            f"The claim is dated after today, {on}: give the day on which it was received.",
            field="claim.lodged_on",
        )
    if born is not None and born > lodged_on:
        raise RefusedContentError(
            "The birth date lies after the day of the claim: correct the one that is wrong.",
            field=born_field,
        )


def check_national_answer(command: GivenAmounts) -> None:
    """Raise InputError where an answer says nothing, is below zero or mixes currencies."""
    given = {
        "independent": command.independent,
        "theoretical": command.theoretical,
        "flat_rate": command.flat_rate,
    }
    amounts = {name: money for name, money in given.items() if money is not None}
    if not amounts:
        raise InputError(
            f"No amount is given for {command.scheme}: give the independent, the theoretical or the flat-rate one.",
            field="answer",
        )
    for name, money in amounts.items():
        if money.amount < 0:
            raise InputError(f"The {name} amount is below zero: correct it.", field=f"answer.{name}")
    if len({money.currency for money in amounts.values()}) > 1:
        raise InputError("The amounts are in several currencies: give them in one.", field="answer")


def check_decision(command: Decide) -> None:
    """Raise InputError where a decision contradicts itself or tells no remedy (987/2009 Art. 48(1))."""
    remedy = command.remedy
    if not remedy.text or not remedy.where:
        raise InputError(
            "A decision says how and where it can be looked at again: give both.",
            field="remedy",
            citation="Regulation (EC) No 987/2009 Art. 48(1)",
        )
    if not remedy.period and remedy.until is None:
        raise InputError(
            "A decision says within what period it can be looked at again: give `period` or `until`.",
            field="remedy.period",
            citation="Regulation (EC) No 987/2009 Art. 48(1)",
        )
    if command.result is DecisionResult.REFUSED:
        _check_refusal(command)
    elif command.refusal_reasons:
        raise InputError("A decision that grants has no refusal reason: leave it out.", field="refusal_reasons")
    _check_amounts(command)


def _check_refusal(command: Decide) -> None:
    if command.amounts:
        raise InputError("A decision that refuses has no amounts: leave them out.", field="amounts")
    if not command.refusal_reasons:
        raise InputError("Say why it is refused.", field="refusal_reasons")
    if RefusalReason.OTHER in command.refusal_reasons and not command.note:
        raise InputError("The reason is 'other': say in the note which.", field="note")
    if not command.citations and command.determination_id is None:
        raise InputError("Cite the provision on which the refusal rests.", field="citations")


def _check_amounts(command: Decide) -> None:
    for index, amount in enumerate(command.amounts):
        place = f"amounts[{index}]"
        if amount.amount.amount < 0:
            raise InputError("The amount is below zero: correct it.", field=f"{place}.amount")
        if amount.end is not None and amount.end <= amount.start:
            raise InputError(
                f"The amount ends before it starts on {amount.start}: correct the dates.", field=f"{place}.last_day"
            )
