"""The shape of citations: whether one names a place in its text, and whether to the sub-paragraph. Pure.

Whether the place says what the file says is for a jurist beside the text.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from portability.agreements.rules import Instrument

__all__ = [
    "Provision",
    "article_of",
    "article_order",
    "names_a_place",
    "names_a_subparagraph",
    "place_in",
    "provisions",
]

# `Art. 13`, `§ 50`, `s. 9`, `Annex VIII`, `Protocol 3`, `point 2`, or the bare number of a code: `404.1908(a)`.
_DIVISION = re.compile(
    r"(?:\b(?:Art|Arts|s|ss|No|para|paras|Sch|reg|r)\.|§§?|\b(?:Annex|Annexes|Protocol|Part|Chapter|Schedule|Section|"
    r"Rule|point|note|table|Table|sentence|decision|Decision))\s*(?:[A-Z]?\d[\w.-]*|[IVXLC]+\b|[A-Z]\b)|^\d[\w.-]*"
)
_DIVIDED = re.compile(r"\(\w+\)|\b(?:Abs|para|paras|No|sentence|subparagraph|point|indent|s)\b")


@dataclass(frozen=True, slots=True)
class Provision:
    """One entry of a file that states law: its path in the file, what it is, its citation, whether it was verified."""

    path: tuple[str | int, ...]
    name: str
    cite: str
    verified: bool


def place_in(cite: str, instruments: Iterable[Instrument]) -> str:
    """What follows the id of the instrument (which may hold a blank); empty where no instrument is named."""
    ids = sorted((one.id for one in instruments), key=len, reverse=True)
    return next((cite[len(name) + 1 :] for name in ids if cite.startswith(f"{name} ")), "")


def names_a_place(place: str) -> bool:
    """Whether an article, a section or another numbered place is named: `Art. 13`, not `(article not read)`."""
    return _DIVISION.search(place) is not None


def article_of(place: str) -> str:
    """The article, section or annex without its paragraphs: `Art. 13` of `Art. 13(2)(a)`; empty where none is named."""
    found = _DIVISION.search(place)
    return found.group(0).strip() if found else ""


def names_a_subparagraph(place: str) -> bool:
    """Whether a paragraph, a number or a sentence of the article is named."""
    found = _DIVISION.search(place)
    return found is not None and _DIVIDED.search(place[found.end() :]) is not None


def provisions(entry: BaseModel, path: tuple[str | int, ...], name: str = "") -> Iterator[Provision]:
    """The entry and all within it that have a citation of their own, outermost first."""
    here = str(getattr(entry, "id", "")) or name
    cite = getattr(entry, "cite", None)
    if isinstance(cite, str):
        yield Provision(path, here, cite, getattr(entry, "status", "verified") == "verified")
    for field in type(entry).model_fields:
        value = getattr(entry, field)
        if isinstance(value, BaseModel):
            yield from provisions(value, (*path, field), f"{here} {field}".strip())
        elif isinstance(value, tuple):
            for index, one in enumerate(value):
                if isinstance(one, BaseModel):
                    yield from provisions(one, (*path, field, index), f"{here} {field}".strip())


def article_order(place: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts places as the text has them: Art. 2 before Art. 13, Art. IX before Art. X, (a) before (b)."""
    parts = re.findall(r"\d+|[IVXLC]+\b|[a-z]+|[A-Z]+", place.removeprefix("Art. "))
    return tuple((int(part), "") if part.isdigit() else (_roman(part), part) for part in parts)


def _roman(part: str) -> int:
    """The value of a Roman number; 0 of anything else, which sorts by its letters."""
    values = [{"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}.get(letter, 0) for letter in part]
    if 0 in values:
        return 0
    return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))
