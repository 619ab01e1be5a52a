"""Schemes whose law is not encoded: their institution answers the amounts, and the conditions where these are not."""

from typing import Literal

from pydantic import Field

from portability.agreements.errors import DeterminationError
from portability.agreements.model import DeterminationFacts, SchemeOutcome, Step
from portability.agreements.national.base import PensionAge, SchemeBase
from portability.agreements.rules import Text

__all__ = ["AnsweredByInstitution", "answered_amount", "answered_right", "asks_for_conditions"]


class AnsweredByInstitution(SchemeBase):
    """The institution answers the amounts; its law is not encoded here (`answered`).

    `conditions: answered` says that the file states neither age nor minimum: an independent amount is then answered
    only where own time alone opens a right.
    """

    law: Literal["answered_by_institution"]
    age: tuple[PensionAge, ...] = Field(default=(), description="Empty: the institution answers whether it is reached")
    conditions: Literal["stated", "answered"] = "stated"
    why: Text


def answered_amount(scheme: SchemeBase, facts: DeterminationFacts, *, theoretical: bool) -> SchemeOutcome:
    """The institution's own answer, and whose it is; DeterminationError where it has not answered.

    Where all time together opens the right and own periods alone make the amount (Canada-Estonia Art. XVII), there
    is no independent amount: the one from own earnings or periods stands in its place.
    """
    answer = facts.national_answers.get(scheme.id)
    amount = None
    if answer is not None:
        own = answer.earnings_amount if answer.independent_amount is None else answer.independent_amount
        amount = answer.theoretical_amount if theoretical else own
    name = "theoretical" if theoretical else "independent"
    if answer is None or amount is None:
        raise DeterminationError(
            f"The law of scheme '{scheme.id}' is not encoded, and its institution has not answered the {name} amount: "
            "record the national answer, then determine again."
        )
    values = (("scheme", scheme.name), ("answered_by", answer.answered_by), ("kind", name))
    step = Step("national_answer", None, values, amount)
    return SchemeOutcome(True, amount, (step,), answer.answered_by)


def asks_for_conditions(scheme: SchemeBase) -> bool:
    """Whether the file leaves the conditions to the institution's answer."""
    return isinstance(scheme, AnsweredByInstitution) and scheme.conditions == "answered"


def answered_right(scheme: SchemeBase, facts: DeterminationFacts, *, own_time_alone: bool) -> tuple[bool, Step]:
    """Whether own time alone (or all time together) opens the right, as the institution has answered.

    An independent amount is an answer that own time opens it, any amount that all time together does.
    DeterminationError where there is no answer.
    """
    answer = facts.national_answers.get(scheme.id)
    if answer is None:
        raise DeterminationError(
            f"The conditions of scheme '{scheme.id}' are not encoded, and its institution has not answered whether "
            "they are met: record the national answer, then determine again."
        )
    amounts = (answer.independent_amount, answer.theoretical_amount, answer.earnings_amount, answer.flat_rate_amount)
    met = amounts[0] is not None if own_time_alone else any(amount is not None for amount in amounts)
    time = "own_time_alone" if own_time_alone else "all_time_together"
    values = (("scheme", scheme.name), ("time", time), ("answered_by", answer.answered_by))
    return met, Step("answered_right", None, values, "met" if met else "not_met")
