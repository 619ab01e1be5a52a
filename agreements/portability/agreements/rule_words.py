"""Rules in plain words, of any kind: its parameters, each with the provision that it stands in, and its dates.

What a kind means as a whole is in `rule_meaning`. Pure.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from pydantic import BaseModel

from portability.agreements.rules import Instrument, RuleBase, Units

__all__ = ["Parameter", "dates_in_words", "joined", "kind_of", "label", "parameters", "value_in_words"]

IDENTITY = frozenset({"id", "rule", "valid_from", "valid_until", "cite", "status", "note", "branches", "states",
                      "schemes"})  # fmt: skip
"""Fields that every rule has; they say which rule it is, not what it gives."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as people read it. `text` is empty where the file gives a citation alone.

    `about` is what the vocabulary says of it; empty where the name says all.
    """

    name: str
    text: str
    cite: str
    about: str = ""

    @property
    def label(self) -> str:
        """Its name in words."""
        return label(self.name)


def parameters(
    entry: BaseModel, instruments: Iterable[Instrument], *, skip: frozenset[str] = IDENTITY
) -> tuple[Parameter, ...]:
    """What the file gives, in its order; what it leaves open is left out.

    A citation field (`limit_cite`) joins the field that it is about (`limit`); one of its own stands alone.
    """
    starts = tuple(f"{one.id} " for one in instruments)
    given = {name: value for name, value in _given(entry) if name not in skip}
    cites = {name: value for name, value in given.items() if isinstance(value, str) and value.startswith(starts)}
    owners = {_owner(name, [one for one in given if one not in cites]): name for name in cites}
    return tuple(
        Parameter(name.removesuffix("_cite"), "", cites[name], _about(entry, name))
        if name in cites
        else Parameter(name, value_in_words(value), cites.get(owners.get(name, ""), ""), _about(entry, name))
        for name, value in given.items()
        if name not in cites or _owner(name, [one for one in given if one not in cites]) is None
    )


def value_in_words(value: object) -> str:
    """A value of a file as people read it: `12 months`, `as soon as possible`, `CA, IT`."""
    if isinstance(value, Units):
        regime = f" of a {value.day_regime}-day week" if value.day_regime else ""
        unit = value.unit.removesuffix("s") if value.amount == 1 else value.unit.value
        return f"{value.amount} {unit}{regime}"
    if isinstance(value, BaseModel):
        return ", ".join(f"{label(name)} {value_in_words(one)}" for name, one in _given(value) if one != "verified")
    if isinstance(value, tuple):
        separator = "; " if any(isinstance(one, BaseModel) for one in value) else ", "
        return separator.join(map(value_in_words, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date | Fraction):
        return str(value)
    text = str(value)
    return text.replace("_", " ") if text == text.lower() and " " not in text else text


def dates_in_words(first: date | None, last: date | None) -> str:
    """From when until when, both days inclusive."""
    if first is None:
        return f"until {last}" if last else "at all times"
    return f"from {first}" + (f" until {last}" if last else "")


def label(name: str) -> str:
    """The name of a field in words."""
    return {"valid_from": "from", "valid_until": "until"}.get(name, name).replace("_", " ")


def kind_of(rule: RuleBase) -> str:
    """The kind of a rule as the file writes it."""
    return str(getattr(rule, "rule", ""))


def joined(words: Iterable[str], *, last: str = "and") -> str:
    """`a, b and c`."""
    found = list(words)
    return f"{', '.join(found[:-1])} {last} {found[-1]}" if len(found) > 1 else "".join(found)


def _given(entry: BaseModel) -> Iterator[tuple[str, object]]:
    """The fields that the file gives a value, in the order of the vocabulary."""
    for name in type(entry).model_fields:
        value = getattr(entry, name)
        if name in entry.model_fields_set and value is not None and value != () and value is not False:
            yield name, value


def _about(entry: BaseModel, name: str) -> str:
    return type(entry).model_fields[name].description or ""


def _owner(cite: str, fields: list[str]) -> str | None:
    """The field that a citation field is about: `extension_cite` that of `extension`, `otherwise_cite` likewise."""
    stem = cite.removesuffix("_cite")
    return next((name for name in fields if name == stem or name.startswith(f"{stem}_")), None)
