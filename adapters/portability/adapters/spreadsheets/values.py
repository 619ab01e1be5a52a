"""What a cell says: dates in the order that the map gives, amounts with their decimal sign, numbers kept as text.

Each raises InputError in words for the clerk who has the file before her; nothing is guessed.
"""

import re
import unicodedata
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from portability.adapters.spreadsheets.map_file import DateOrder
from portability.agreements.errors import InputError

__all__ = ["as_amount", "as_day", "as_text"]

_PARTS = re.compile(r"(\d{1,4})[./\- ](\d{1,2})[./\- ](\d{1,4})")
_TIME = re.compile(r"[T ]00:00(:00(\.0+)?)?$")
_SERIAL = re.compile(r"\d{4,5}")
_YEARS: Final = range(1850, 2150)
_ORDERS: Final = {
    DateOrder.DAY_FIRST: "dmy",
    DateOrder.MONTH_FIRST: "mdy",
    DateOrder.YEAR_FIRST: "ymd",
}


def as_text(cell: object) -> str:
    """Text without what people and programs put around it: spaces, the apostrophe that makes a number a text."""
    if isinstance(cell, date):
        return cell.isoformat()
    text = str(cell).strip()
    if text.isascii() and not text.startswith("'"):
        return text
    return text.replace("\u00a0", " ").strip().removeprefix("'").strip()


def as_day(cell: object, order: DateOrder, *, zero: date | None = None) -> date | None:
    """The day in a cell; None where it is empty. `zero`: from when a bare number counts days, in a workbook."""
    if isinstance(cell, date):
        return cell
    return _day(as_text(cell), order, zero)


def as_amount(cell: object, decimals: str) -> str:
    """Decimal text with a point; empty where the cell is."""
    text = as_text(cell).replace(" ", "")
    if not text.isascii():
        text = "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in text)
    if decimals == "comma":
        if "." in text and "," not in text and not re.fullmatch(r"\d{1,3}(\.\d{3})+", text) and text.count(".") == 1:
            raise InputError(f"'{text}' has a point where the map says comma: correct `decimals` or the number.")
        text = text.replace(".", "").replace(",", ".")
    elif "," in text:
        raise InputError(f"'{text}' has a comma where the map says point: correct `decimals` or the number.")
    if text and not re.fullmatch(r"-?\d+(\.\d+)?", text):
        raise InputError(f"'{text}' is not a number.")
    return text


@lru_cache(maxsize=65_536)
def _day(text: str, order: DateOrder, zero: date | None) -> date | None:
    if not text:
        return None
    plain = _TIME.sub("", text)
    if zero and _SERIAL.fullmatch(plain):
        return _counted(int(plain), zero)
    written = _PARTS.fullmatch(plain)
    if written is None:
        raise InputError(f"'{text}' is not a date: write it as 1980-03-10, or as the map says ({order.value}).")
    first, second, third = written.groups()
    if len(first) == 4:
        return _date(text, first, second, third)
    if len(third) != 4:
        raise InputError(f"'{text}' has a year of {len(third)} digits: write four.")
    if order is DateOrder.YEAR_FIRST:
        raise InputError(f"'{text}' does not begin with the year, as the map says ({order.value}).")
    if order is DateOrder.UNKNOWN:
        if int(first) <= 12 and int(second) <= 12 and first != second:
            raise InputError(
                f"'{text}' could be two days: say in the map whether `dates` are day-month-year or month-day-year."
            )
        day, month = (first, second) if int(first) > 12 else (second, first)
        return _date(text, third, month, day)
    parts = dict(zip(_ORDERS[order], (first, second, third), strict=True))
    return _date(text, parts["y"], parts["m"], parts["d"])


def _counted(days: int, zero: date) -> date:
    day = zero + timedelta(days=days)
    if days in _YEARS:
        raise InputError(
            f"'{days}' could be a year, or the day {day} as a workbook counts days: write the whole date, 1980-03-10."
        )
    return day


def _date(text: str, year: str, month: str, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise InputError(f"There is no day '{text}': correct it, or `dates` in the map.") from error
