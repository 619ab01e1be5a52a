"""Values of a form read into ours and written back. Each reading says what it understood; none guesses."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

from portability.adapters.eessi.names import Form
from portability.agreements.careers import check_state
from portability.agreements.errors import InputError

__all__ = ["Read", "Reading", "reading_named"]


@dataclass(frozen=True, slots=True)
class Read:
    """A value understood; `known` is False where it is a code outside its table, carried all the same."""

    value: Any
    known: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """`read` gives None where it cannot understand; `write` gives the form's usual spelling of what was read."""

    read: Callable[[Any], Read | None]
    write: Callable[[Any], Any]


@cache
def reading_named(name: str, form: Form) -> Reading:
    """The reading of a rule's `as`."""
    plain = {"text": _TEXT, "number": _NUMBER, "date": _DATE, "flag": _FLAG, "state": _STATE}
    return plain[name] if name in plain else _codes(name, form)


@cache
def _tables() -> Mapping[str, Any]:
    text = (files("portability.adapters.eessi") / "data" / "codes.yaml").read_text(encoding="utf-8")
    return MappingProxyType(yaml.safe_load(text))


def _codes(name: str, form: Form) -> Reading:
    known = frozenset(_tables()[name])
    words = _tables()["words_of_both"].get(name, {})
    words = words or (_tables()["words"].get(name, {}) if form is Form.NORWEGIAN else {})
    spelled = {code: word for word, code in words.items()}

    def read(value: Any) -> Read | None:
        text = _plain(value)
        if text is None:
            return None
        code = words.get(text.casefold(), text)
        return Read(code, known=code in known)

    return Reading(read, lambda code: spelled.get(code, code))


def _plain(value: Any) -> str | None:
    """Letters and digits of a value, without space around them; None where it is no text and no number."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    return str(value).strip() or None


def _read_text(value: Any) -> Read | None:
    if isinstance(value, str):
        return Read(value)
    text = _plain(value)
    return None if text is None else Read(text)


_NUMBERS = re.compile(r"0*(\d{1,15})(?:[.,](\d{1,12}))?")


def _read_number(value: Any) -> Read | None:
    match = _NUMBERS.fullmatch(_plain(value) or "")
    if match is None or not match[0].isascii():
        return None
    return Read(f"{match[1]}.{match[2]}" if match[2] else match[1])


_DATES = (
    re.compile(
        r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    ),
    re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)(?P<day>)"),
    re.compile(r"(?P<year>\d{4})(?P<month>)(?P<day>)"),
    re.compile(r"(?P<day>\d\d)[-.](?P<month>\d\d)[-.](?P<year>\d{4})"),
)


def _read_date(value: Any) -> Read | None:
    """A day, a month or a year; a part written 00 is not known. 01-09-2025 is read day first, as Europe writes it."""
    text = _plain(value) or ""
    match = next((found for one in _DATES if (found := one.fullmatch(text)) and text.isascii()), None)
    if match is None:
        return None
    year, month, day = (int(match[part] or 0) for part in ("year", "month", "day"))
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        return None
    if day and not month:
        return None
    return Read({name: part for name, part in (("year", year), ("month", month), ("day", day)) if part})


def _write_date(value: Mapping[str, int]) -> str:
    year, month, day = (int(value.get(part, 0)) for part in ("year", "month", "day"))
    return f"{year:04}-{month:02}-{day:02}" if day else f"{year:04}-{month:02}" if month else f"{year:04}"


_TRUE, _FALSE = frozenset({"1", "ja", "yes", "true"}), frozenset({"0", "nei", "no", "false"})


def _read_flag(value: Any) -> Read | None:
    if isinstance(value, bool):
        return Read(value)
    text = (_plain(value) or "").casefold()
    return Read(text in _TRUE) if text in _TRUE | _FALSE else None


def _read_state(value: Any) -> Read | None:
    text = _plain(value)
    if text is None:
        return None
    code = _tables()["states"].get(text.upper(), text.upper())
    try:
        check_state(code, field="state")
    except InputError:
        return Read(text, known=False)
    return Read(code)


_TEXT = Reading(_read_text, str)
_NUMBER = Reading(_read_number, str)
_DATE = Reading(_read_date, _write_date)
_FLAG = Reading(_read_flag, lambda value: "1" if value else "0")
_STATE = Reading(_read_state, str)
