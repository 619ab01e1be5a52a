"""Examples on procedure: the day of a claim, time limits, what messages must say, earlier rights, payment abroad."""

from datetime import date
from fractions import Fraction
from typing import Any

from portability.agreements.applicable_rules import LawOn
from portability.agreements.claim_date import Claim, claim_day
from portability.agreements.export import paid_abroad
from portability.agreements.invalidity_route import Insured, invalidity_route
from portability.agreements.loading import Agreement
from portability.agreements.required_fields import missing_fields
from portability.agreements.rules import (
    Amount,
    ClaimDate,
    Day,
    Entry,
    Export,
    InvalidityTypes,
    RequiredFields,
    State,
    TimeLimit,
    Transition,
)
from portability.agreements.time_limits import due_day
from portability.agreements.transition import falls_under, review_from, transitional_amount
from portability.agreements.values import Branch, Money

__all__ = [
    "ClaimGiven", "ExportGiven", "FieldsGiven", "RouteGiven", "TimeLimitGiven", "TransitionGiven",
    "evaluate_claim_day", "evaluate_export", "evaluate_fields", "evaluate_route", "evaluate_time_limit",
    "evaluate_transition",
]  # fmt: skip


class ClaimGiven(Entry):
    """A claim as it was made first, and the state whose day of claim is asked for."""

    on: Day
    for_state: State
    filed_on: Day
    state: State
    named_states: tuple[State, ...] = ()
    asked_to_name_states: bool = False
    completed_on: Day | None = None
    asked_for_other_state: bool = False
    asked_in_writing: bool = False
    asked_to_wait: bool = False


def evaluate_claim_day(given: ClaimGiven, agreement: Agreement) -> dict[str, Any]:
    """The day of the claim in that state."""
    facts = {name: value for name, value in given if name not in ("on", "for_state")}
    claim = Claim(**{**facts, "named_states": frozenset(given.named_states)})
    result = claim_day(claim, state=given.for_state, rule=LawOn(agreement, given.on).rule(ClaimDate))
    return {"day": result.day, "citation": str(result.citation)}


class TimeLimitGiven(Entry):
    """An action, and the day of the event that starts its time."""

    on: Day
    action: str
    event_on: Day


def evaluate_time_limit(given: TimeLimitGiven, agreement: Agreement) -> dict[str, Any]:
    """The last day for the action, or the words of the law."""
    rule = LawOn(agreement, given.on).rule(TimeLimit, subject=given.action)
    return {"due": due_day(given.event_on, rule=rule), "limit": rule.limit, "citation": str(rule.citation)}


class FieldsGiven(Entry):
    """A message and the fields that it holds."""

    on: Day
    message: str
    fields: tuple[str, ...] = ()


def evaluate_fields(given: FieldsGiven, agreement: Agreement) -> dict[str, Any]:
    """What is missing."""
    rules = [
        rule
        for rule in agreement.content.rules
        if isinstance(rule, RequiredFields)
        and rule.valid_from <= given.on
        and (rule.valid_until is None or given.on <= rule.valid_until)
    ]
    missing = missing_fields(given.message, given.fields, rules=rules)
    return {"missing": [one.field for one in missing], "citations": sorted({str(one.citation) for one in missing})}


class TransitionGiven(Entry):
    """A right from before the agreement applied; or a request to review an earlier pension."""

    applies_from: Day
    event_on: Day | None = None
    right_from: Day | None = None
    awarded_on: Day | None = None
    review_requested_on: Day | None = None
    earlier: Amount | None = None
    now: Amount = Fraction(0)


def evaluate_transition(given: TransitionGiven, agreement: Agreement) -> dict[str, Any]:
    """Which law the right falls under, and from when this agreement pays."""
    rule = LawOn(agreement, given.applies_from).rule(Transition)
    if given.review_requested_on is not None:
        result = review_from(given.review_requested_on, applies_from=given.applies_from, rule=rule)
    else:
        result = falls_under(
            event_on=given.event_on or given.applies_from,
            right_from=given.right_from or given.applies_from,
            awarded_on=given.awarded_on,
            applies_from=given.applies_from,
            rule=rule,
        )
    shown: dict[str, Any] = {"law": result.law, "pays_from": result.pays_from, "citation": str(result.citation)}
    if given.earlier is not None:
        due = transitional_amount(earlier=Money(given.earlier, "EUR"), now=Money(given.now, "EUR"), rule=rule)
        shown["due"] = due.amount
    return shown


class ExportGiven(Entry):
    """A benefit, where it comes from, and where the person lives."""

    on: Day
    benefit: str
    branch: Branch = Branch.OLD_AGE
    paying_state: State
    residence_state: State
    left_on: date | None = None


def evaluate_export(given: ExportGiven, agreement: Agreement) -> dict[str, Any]:
    """Whether it is paid there, and until when."""
    law = LawOn(agreement, given.on)
    result = paid_abroad(
        given.benefit,
        rule=law.rule(Export, branch=given.branch, state=given.paying_state),
        parties=law.parties,
        paying_state=given.paying_state,
        residence_state=given.residence_state,
        left_on=given.left_on,
        on=given.on,
    )
    return {"answer": result.answer, "until": result.until, "citation": str(result.citation)}


class InsuredGiven(Entry):
    """Insurance under one scheme."""

    state: State
    scheme: str
    opens_right: bool = True
    without_type_b: bool = False


class RouteGiven(Entry):
    """The schemes of a career, and the one that applied when the incapacity began."""

    on: Day
    insured: tuple[InsuredGiven, ...]
    incapacity_under: str
    claims_old_age: bool = False


def evaluate_route(given: RouteGiven, agreement: Agreement) -> dict[str, Any]:
    """Which way the pension goes, and which states pay or calculate."""
    result = invalidity_route(
        [Insured(**dict(one)) for one in given.insured],
        incapacity_under=given.incapacity_under,
        claims_old_age=given.claims_old_age,
        rule=LawOn(agreement, given.on).rule(InvalidityTypes),
    )
    return {"way": result.way, "states": list(result.states), "citation": str(result.citation)}
