"""Rights that a state's institution answers, where neither the age nor the minimum of its law is encoded."""

from portability.agreements.errors import DeterminationError
from portability.agreements.model import DeterminationFacts, Step
from portability.agreements.national.legislation import AnsweredByInstitution, Scheme

__all__ = ["answered_right", "asks_for_conditions"]


def asks_for_conditions(scheme: Scheme) -> bool:
    """Whether the file leaves the conditions to the institution's answer."""
    return isinstance(scheme, AnsweredByInstitution) and scheme.conditions == "answered"


def answered_right(scheme: Scheme, facts: DeterminationFacts, *, own_time_alone: bool) -> tuple[bool, Step]:
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
