"""A value of a step as one line of JSON that keeps its type, and back: for stores and messages between institutions.

`"DE"`, `12`, `{"number":"118/3"}`, `{"money":"1440/7","currency":"EUR"}`, `{"date":"2026-07-01"}`, lists of these and
null.
What arrives is not trusted: anything of another shape is an InputError.
"""

import json
import re
from datetime import date
from fractions import Fraction
from typing import NoReturn

from portability.agreements.errors import InputError
from portability.agreements.model import Step, Value
from portability.agreements.values import Citation, Money

__all__ = ["read_step", "read_value", "write_facts", "write_value"]

MOST_DEEP = 4  # lists of pairs of amounts and units are the deepest that a rule notes
_NUMBER = re.compile(r"-?[0-9]{1,60}(?:/[1-9][0-9]{0,59})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


def write_facts(step: Step) -> tuple[tuple[str, str], ...]:
    """The values of a step by name, and what came out as `output`, each as one line of JSON."""
    output = (("output", step.output),) if step.output is not None else ()
    return tuple((name, write_value(value)) for name, value in (*step.values, *output))


def read_step(rule: str, citation: Citation | None, facts: tuple[tuple[str, str], ...]) -> Step:
    """The step again, without the steps below it. Raises InputError where a value is not of a known shape."""
    found = {name: read_value(text) for name, text in facts}
    output = found.pop("output", None)
    return Step(rule, citation, tuple(found.items()), output)


def write_value(value: Value) -> str:
    """One line of JSON. Raises TypeError for what no step holds."""
    return json.dumps(_plain(value), separators=(",", ":"), ensure_ascii=False)


def read_value(text: str) -> Value:
    """The value that `write_value` wrote; InputError for any other text."""
    try:
        found = json.loads(text, parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InputError("A value of a step is not JSON of a known shape.", field="values") from error
    return _value(found, depth=0)


def _plain(value: object) -> object:
    match value:
        case None | str() | int():
            return value
        case Fraction():
            return {"number": str(value)}
        case Money():
            return {"money": str(value.amount), "currency": value.currency}
        case date():
            return {"date": value.isoformat()}
        case tuple():
            return [_plain(each) for each in value]
    raise TypeError(f"a step cannot hold a {type(value).__name__}")


def _value(found: object, *, depth: int) -> Value:
    match found:
        case None | str() | int():
            return found
        case list() if depth < MOST_DEEP:
            return tuple(_value(each, depth=depth + 1) for each in found)
        case {"number": str(number), **more} if not more:
            return _fraction(number)
        case {"money": str(amount), "currency": str(currency), **more} if not more and _CURRENCY.fullmatch(currency):
            return Money(_fraction(amount), currency)
        case {"date": str(day), **more} if not more:
            return _date(day)
    raise InputError("A value of a step is not of a known shape.", field="values")


def _fraction(text: str) -> Fraction:
    if not _NUMBER.fullmatch(text):
        raise InputError("A number of a step is not written as a whole number or as a ratio of two.", field="values")
    return Fraction(text)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError("A date of a step is not written as year-month-day.", field="values") from error


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)
