"""Sentences for the steps of an explanation, with every value written as the readers of the language write it.

In a template `{own}` writes a value by its type, `{own:unit}` as an amount of the step's unit, `{age:years}` as an
amount of that unit, and `{country}` the country whose institution determines.
"""

import re
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import cast

from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal

from portability.agreements.catalogues import Catalogue, Reader
from portability.agreements.errors import InputError, NotFoundError
from portability.agreements.model import Step, Value
from portability.agreements.values import Money, StateCode

__all__ = ["can_say", "placeholders", "sentence", "written"]

Pairs = tuple[tuple[Value, Value], ...]
COUNTRY = "country"
_PLACE = re.compile(r"\{(\w+)(?::(\w+))?\}")
_WITH_UNIT = frozenset({"unit", "by_article"})
_STATES = frozenset({"state", "states", "residence_state", "last"})


def placeholders(template: str) -> frozenset[str]:
    """Names of the values that a template wants of its step, the unit among them where it writes an amount of it."""
    asked = _PLACE.findall(template)
    units = {"unit" for _, how in asked if how in _WITH_UNIT}
    return frozenset({name for name, _ in asked if name != COUNTRY} | units)


def can_say(step: Step, reader: Reader, words: Catalogue) -> bool:
    """Whether the language has a sentence for this reader of the step, and the step all that it wants."""
    if step.rule not in words.sentences:
        return False
    template = words.template(step, reader)
    return bool(template) and placeholders(template) <= {"output", *(name for name, _ in step.values)}


def sentence(step: Step, reader: Reader, words: Catalogue, *, country: StateCode = "") -> str:
    """The sentence that tells a reader of a step of the institution of `country`; empty where she is not told of it.

    NotFoundError for an unknown rule, InputError where a value of the step is not what the sentence wants of it.
    """
    try:
        return _filled(words.template(step, reader), step, words, country)
    except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError) as error:
        raise InputError(f"The values of the step '{step.rule}' do not fit its sentence.", field="values") from error


def written(value: Value, words: Catalogue, *, name: str = "") -> str:
    """A value as the readers of the language write it; `name` tells states from other words."""
    match value:
        case Money():
            cents = _decimal(value.amount).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
            text = format_currency(cents, value.currency, locale=words.locale)
        case Fraction() | int():
            text = format_decimal(_rounded(Fraction(value)), format="#,##0.####", locale=words.locale)
        case date():
            text = format_date(value, "long", locale=words.locale)
        case tuple():
            text = format_list([written(cast(Value, one), words, name=name) for one in value], locale=words.locale)
        case str() if name in _STATES:
            text = words.state(value)
        case _:
            text = words.term(value or "nothing")
    return str(text)


def _filled(template: str, step: Step, words: Catalogue, country: StateCode) -> str:
    here = words.state(country) if country else words.term("that_country")

    def put(match: re.Match[str]) -> str:
        name, how = match.group(1), match.group(2) or ""
        value = step.value(name)
        text = here if name == COUNTRY else _as(how, value, step, words) if how else written(value, words, name=name)
        if match.start() == 0 and name in {COUNTRY, *_STATES}:
            text = text[:1].upper() + text[1:]  # a sentence begins: "The Netherlands pay"
        return words.isolated(text)

    return _PLACE.sub(put, template)


def _as(how: str, value: Value, step: Step, words: Catalogue) -> str:
    """A value in one of the ways that a template asks for."""
    if how == "unit":
        return _time(value, step.value("unit"), words)
    if how in words.units:
        return _time(value, how, words)
    pairs = cast(Pairs, value)
    if how == "times":  # (amount, unit) pairs
        return format_list([_time(amount, unit, words) for amount, unit in pairs], locale=words.locale)
    if how == "by_state":  # (state, amount) pairs
        return " + ".join(f"{words.state(str(one))} {written(amount, words)}" for one, amount in pairs)
    if how == "by_article":  # (citation, amount) pairs
        return "; ".join(f"{_time(amount, step.value('unit'), words)} ({cite})" for cite, amount in pairs)
    if how == "offers":  # (award, agreement) pairs
        return _offers(pairs, words)
    raise NotFoundError(f"The catalogue '{words.language}' asks for a value as '{how}', which is not known.")


def _offers(pairs: Pairs, words: Catalogue) -> str:
    under = words.term("under")
    offers = [under.format(award=written(award, words), agreement=name) for award, name in pairs]
    return str(format_list(offers, locale=words.locale))


def _time(amount: Value, unit: Value, words: Catalogue) -> str:
    number = _rounded(Fraction(cast("Fraction | int", amount)))
    forms = words.units[str(unit)]
    form = forms.get(words.locale.plural_form(number), forms["other"])
    return form.replace("{n}", written(Fraction(number), words))


def _rounded(value: Fraction) -> Decimal:
    """To four decimals, for people; the exact value stays in the step."""
    return _decimal(value).quantize(Decimal("0.0001"), rounding=ROUND_HALF_EVEN).normalize() + 0


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
