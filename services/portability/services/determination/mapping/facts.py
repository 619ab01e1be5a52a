"""The facts of a claim from protobuf, and the person whom they are about; `claims` writes them."""

from collections.abc import Container, Iterable, Mapping
from datetime import date
from fractions import Fraction

from google.protobuf.message import Message

from portability.agreements.errors import InputError
from portability.agreements.model import DeterminationFacts, NationalAnswer
from portability.agreements.periods import InsurancePeriod
from portability.agreements.rules.base import Group
from portability.agreements.selection import Person
from portability.agreements.values import Branch, Money, StateCode
from portability.api.common.v1 import common_pb2 as common
from portability.api.determination.v1 import determination_pb2 as pb
from portability.services.determination.model import DetermineQuery
from portability.services.mapping.common import read_date, read_decimal, read_money, read_period

__all__ = ["read_branch", "read_needed_date", "read_periods", "read_person", "read_query"]

_GROUPS: Mapping[int, Group] = {
    pb.PERSON_GROUP_REFUGEES: "refugees",
    pb.PERSON_GROUP_STATELESS: "stateless",
    pb.PERSON_GROUP_FAMILY: "family",
    pb.PERSON_GROUP_SURVIVORS: "survivors",
}


def read_query(message: pb.ClaimFacts, agreement_ids: Iterable[str]) -> DetermineQuery:
    """Raises InputError with the path of the first thing that cannot be right."""
    facts = DeterminationFacts(
        state=message.state,
        branch=read_branch(message.branch, field="facts.branch"),
        birth_date=read_needed_date(message, "birth_date", field="facts.birth_date"),
        residence_state=message.residence_state,
        risk_materialised_on=read_needed_date(message, "risk_materialised_on", field="facts.risk_materialised_on"),
        award_on=read_needed_date(message, "award_on", field="facts.award_on"),
        periods=read_periods(message.periods, field="facts.periods"),
        scheme_facts=_figures(message.figures),
        yearly_facts=_yearly(message.yearly_figures),
        scheme_dates=_scheme_dates(message.scheme_dates),
        national_answers=_answers(message.national_answers),
        unsatisfied_states=frozenset(message.unsatisfied_states),
        third_states=frozenset(message.third_states.states) if message.HasField("third_states") else None,
    )
    person = read_person(message.nationality, message.groups, field="facts.groups")
    return DetermineQuery(facts, tuple(agreement_ids), person)


def read_branch(branch: str, *, field: str) -> Branch:
    """Raises InputError for a branch of another version."""
    try:
        return Branch(branch)
    except ValueError as error:
        raise InputError(f"{field} is none: expected one of {', '.join(Branch)}.", field=field) from error


def read_needed_date(message: Message, name: str, *, field: str) -> date:
    """Raises InputError where the day is not given or does not exist."""
    day = read_date(message, name, field=field)
    if day is None:
        raise InputError(f"{field} is not given: give a date.", field=field)
    return day


def read_periods(messages: Iterable[common.InsurancePeriod], *, field: str) -> tuple[InsurancePeriod, ...]:
    """Periods without their evidence, which no determination turns on."""
    return tuple(read_period(each, field=f"{field}[{index}]").period for index, each in enumerate(messages))


def read_person(nationality: StateCode, groups: Iterable[int], *, field: str) -> Person:
    """Raises InputError for groups of a later version."""
    numbers = list(groups)
    unknown = [number for number in numbers if number not in _GROUPS]
    if unknown:
        raise InputError(f"{field} has {unknown[0]}: expected one of {', '.join(map(str, _GROUPS))}.", field=field)
    return Person(nationality, frozenset(_GROUPS[number] for number in numbers))


def _figures(messages: Iterable[pb.Figure]) -> dict[str, dict[str, Fraction]]:
    figures: dict[str, dict[str, Fraction]] = {}
    for index, each in enumerate(messages):
        field = f"facts.figures[{index}]"
        of_scheme = figures.setdefault(each.scheme, {})
        _refuse_second(each.name, of_scheme, f"The figure of {field}", field=field)
        of_scheme[each.name] = read_decimal(each.value, field=f"{field}.value")
    return figures


def _yearly(messages: Iterable[pb.YearlyFigure]) -> dict[str, dict[str, dict[int, Fraction]]]:
    figures: dict[str, dict[str, dict[int, Fraction]]] = {}
    for index, each in enumerate(messages):
        field = f"facts.yearly_figures[{index}]"
        of_scheme = figures.setdefault(each.scheme, {})
        _refuse_second(each.name, of_scheme, f"The figure of {field}", field=field)
        years = of_scheme[each.name] = {}
        for position, one in enumerate(each.years):
            at = f"{field}.years[{position}]"
            _refuse_second(one.year, years, f"The year {one.year}", field=at)
            years[one.year] = read_decimal(one.value, field=f"{at}.value")
    return figures


def _scheme_dates(messages: Iterable[pb.SchemeDate]) -> dict[str, dict[str, date]]:
    days: dict[str, dict[str, date]] = {}
    for index, each in enumerate(messages):
        field = f"facts.scheme_dates[{index}]"
        of_scheme = days.setdefault(each.scheme, {})
        _refuse_second(each.name, of_scheme, f"The date of {field}", field=field)
        of_scheme[each.name] = read_needed_date(each, "day", field=f"{field}.day")
    return days


def _refuse_second(key: str | int, known: Container[str | int], what: str, *, field: str) -> None:
    if key in known:
        raise InputError(f"{what} stands twice: give it once.", field=field)


def _answers(messages: Iterable[pb.NationalAnswer]) -> dict[str, NationalAnswer]:
    answers: dict[str, NationalAnswer] = {}
    for index, each in enumerate(messages):
        field = f"facts.national_answers[{index}]"
        if each.scheme in answers:
            raise InputError(f"The scheme of {field} is answered twice: give one answer.", field=field)
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
