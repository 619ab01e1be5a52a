"""The facts of a claim from protobuf."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from portability.agreements.errors import InputError
from portability.agreements.model import DeterminationFacts, NationalAnswer
from portability.agreements.values import Branch, Money
from portability.api.determination.v1 import determination_pb2 as pb
from portability.services.determination.model import DetermineQuery
from portability.services.mapping.common import read_date, read_decimal, read_money, read_period

__all__ = ["read_query"]


def read_query(message: pb.ClaimFacts, agreement_ids: Iterable[str]) -> DetermineQuery:
    """Raises InputError with the path of the first thing that cannot be right."""
    try:
        branch = Branch(message.branch)
    except ValueError as error:
        raise InputError(
            f"facts.branch is '{message.branch}': expected one of {', '.join(Branch)}.", field="facts.branch"
        ) from error
    facts = DeterminationFacts(
        state=message.state,
        branch=branch,
        birth_date=_day(message, "birth_date"),
        residence_state=message.residence_state,
        risk_materialised_on=_day(message, "risk_materialised_on"),
        award_on=_day(message, "award_on"),
        periods=tuple(
            read_period(each, field=f"facts.periods[{index}]").period for index, each in enumerate(message.periods)
        ),
        scheme_facts=_figures(message.figures),
        national_answers=_answers(message.national_answers),
        unsatisfied_states=frozenset(message.unsatisfied_states),
    )
    return DetermineQuery(facts, tuple(agreement_ids))


def _day(message: pb.ClaimFacts, name: str) -> date:
    day = read_date(message, name, field=f"facts.{name}")
    if day is None:
        raise InputError(f"facts.{name} is not given: give a date.", field=f"facts.{name}")
    return day


def _figures(messages: Iterable[pb.Figure]) -> dict[str, dict[str, Fraction]]:
    figures: dict[str, dict[str, Fraction]] = {}
    for index, each in enumerate(messages):
        of_scheme = figures.setdefault(each.scheme, {})
        if each.name in of_scheme:
            raise InputError(
                f"The figure '{each.name}' of '{each.scheme}' stands twice: give it once.",
                field=f"facts.figures[{index}]",
            )
        of_scheme[each.name] = read_decimal(each.value, field=f"facts.figures[{index}].value")
    return figures


def _answers(messages: Iterable[pb.NationalAnswer]) -> dict[str, NationalAnswer]:
    answers: dict[str, NationalAnswer] = {}
    for index, each in enumerate(messages):
        field = f"facts.national_answers[{index}]"
        if each.scheme in answers:
            raise InputError(f"'{each.scheme}' is answered twice: give one answer.", field=field)
        answers[each.scheme] = NationalAnswer(
            scheme=each.scheme,
            answered_by=each.answered_by,
            independent_amount=_amount(each, "independent", field=field),
            theoretical_amount=_amount(each, "theoretical", field=field),
            earnings_amount=_amount(each, "earnings_part", field=field),
            flat_rate_amount=_amount(each, "flat_rate", field=field),
        )
    return answers


def _amount(message: pb.NationalAnswer, name: str, *, field: str) -> Money | None:
    money = read_money(message, name, field=f"{field}.{name}")
    if money is not None and money.amount < 0:
        raise InputError(f"{field}.{name} is below zero: give an amount a month.", field=f"{field}.{name}")
    return money
