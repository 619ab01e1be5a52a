"""Sentences for the steps of an explanation: one catalogue a language, values written as its readers write them.

A catalogue (`explanations/<language>.yaml`) gives for each rule a template for the caseworker, and one for the worker
where she needs it; a template may differ by the step's output. `{own}` writes a value by its type, `{own:unit}` as an
amount of the step's unit. The caseworker's sentence serves the jurist too, who reads it after its article.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal

from portability.agreements.errors import InputError, NotFoundError
from portability.agreements.model import Step, Value
from portability.agreements.values import Money
from portability.agreements.yaml_source import read_yaml

__all__ = [
    "Catalogue",
    "Reader",
    "can_say",
    "catalogue",
    "languages",
    "nearest_language",
    "placeholders",
    "sentence",
    "written",
]

Reader = Literal["caseworker", "worker"]
Template = str | Mapping[str, str]
ENGLISH = "en"
_PLACE = re.compile(r"\{(\w+)(?::(\w+))?\}")
_WITH_UNIT = frozenset({"unit", "by_article"})
_STATES = frozenset({"state", "states", "residence_state", "last"})
_ISOLATE = "\u2068{}\u2069"  # a number or a Latin name keeps its own direction in a right-to-left sentence


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sentences and terms of one language."""

    language: str
    locale: Locale
    terms: Mapping[str, str]
    units: Mapping[str, Mapping[str, str]]  # by unit and plural form: "{n} months"
    sentences: Mapping[str, Mapping[str, Template]]

    def template(self, step: Step, reader: Reader) -> str:
        """The template for a step; empty where this reader is not told of it. NotFoundError for an unknown rule."""
        if step.rule not in self.sentences:
            raise NotFoundError(f"The catalogue '{self.language}' has no sentence for the rule '{step.rule}'.")
        found = self.sentences[step.rule].get(reader, "")
        return found if isinstance(found, str) else found.get(str(step.output), "")

    def term(self, name: str) -> str:
        """The word of this language for a name that steps use; the name itself where it is a proper one."""
        return self.terms.get(name, name)


def languages() -> tuple[str, ...]:
    """Every language with a catalogue, in order."""
    found = files("portability.agreements.explanations").iterdir()
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in found if entry.name.endswith(".yaml")))


def nearest_language(tag: str) -> str:
    """The language with a catalogue that a BCP 47 tag names, its region aside; English where there is none."""
    known, wanted = languages(), tag.replace("_", "-").lower()
    return next((one for one in (wanted, wanted.split("-")[0]) if one in known), ENGLISH)


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of a language; NotFoundError with the known ones where there is none."""
    if language not in languages():
        raise NotFoundError(f"There are no explanations in '{language}'. Known: {', '.join(languages())}.")
    file = f"{language}.yaml"
    text = files("portability.agreements.explanations").joinpath(file).read_text(encoding="utf-8")
    values = cast("dict[str, Any]", read_yaml(text, file).values)
    return Catalogue(language, Locale.parse(language), values["terms"], values["units"], values["sentences"])


def placeholders(template: str) -> frozenset[str]:
    """Names of the values that a template wants, the unit among them where it writes an amount of it."""
    asked = {(name, how) for name, how in _PLACE.findall(template)}
    return frozenset({name for name, _ in asked} | {"unit" for _, how in asked if how in _WITH_UNIT})


def can_say(step: Step, reader: Reader, words: Catalogue) -> bool:
    """Whether the language has a sentence for this reader of the step, and the step all that it wants."""
    if step.rule not in words.sentences:
        return False
    template = words.template(step, reader)
    return bool(template) and placeholders(template) <= {"output", *(name for name, _ in step.values)}


def sentence(step: Step, reader: Reader, words: Catalogue) -> str:
    """The sentence that tells a reader of a step; empty where she is not told of it.

    NotFoundError for an unknown rule, InputError where a value of the step is not what the sentence wants of it.
    """
    try:
        return _filled(words.template(step, reader), step, words)
    except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError) as error:
        raise InputError(f"The values of the step '{step.rule}' do not fit its sentence.", field="values") from error


def _filled(template: str, step: Step, words: Catalogue) -> str:
    rtl = words.locale.text_direction == "rtl"

    def put(match: re.Match[str]) -> str:
        name, how = match.group(1), match.group(2) or ""
        text = _as(how, step.value(name), step, words) if how else written(step.value(name), words, name=name)
        return _ISOLATE.format(text) if rtl else text

    return _PLACE.sub(put, template)


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
            text = words.locale.territories.get(value, value)
        case _:
            text = words.term(value or "nothing")
    return str(text)


def _as(how: str, value: Value, step: Step, words: Catalogue) -> str:
    """A value in one of the ways that a template asks for."""
    if how == "unit":
        return _time(value, step.value("unit"), words)
    pairs = cast("tuple[tuple[Value, Value], ...]", value)
    if how == "times":  # (amount, unit) pairs
        return format_list([_time(amount, unit, words) for amount, unit in pairs], locale=words.locale)
    if how == "by_state":  # (state, amount) pairs
        return " + ".join(f"{written(one, words, name='state')} {written(amount, words)}" for one, amount in pairs)
    if how == "offers":  # (award, agreement) pairs
        under = words.term("under")
        offers = [under.format(award=written(award, words), agreement=name) for award, name in pairs]
        return format_list(offers, locale=words.locale)
    if how == "by_article":  # (citation, amount) pairs
        return "; ".join(f"{_time(amount, step.value('unit'), words)} ({cite})" for cite, amount in pairs)
    raise NotFoundError(f"The catalogue '{words.language}' asks for a value as '{how}', which is not known.")


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
