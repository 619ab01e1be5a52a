"""The rules of the documents whose fields become records of ours: data files that say which place is which field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from portability.adapters.eessi.leaves import Path, folded
from portability.adapters.eessi.names import Form
from portability.adapters.eessi.values import Reading, reading_named

__all__ = ["STAR", "FieldRule", "ListRule", "Place", "Rules", "field_at", "filled", "rules_of"]

STAR = "*"
_TOGETHER = ("P5000", "P6000")
_WITH_RECORDS = (*_TOGETHER, "P4000", "U002")
_PLAIN = frozenset({"text", "date", "number"})
_CODED_TEXTS = frozenset({"currency", "occupation", "sector"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document has a field, and the field's path in the record; `*` is a place in a list, the same in both."""

    at: Path
    to: Path


@dataclass(frozen=True, slots=True, eq=False)  # each is itself: comparing by content costs more than reading
class FieldRule:
    """A field of a record: its path, how its values are read, and its places in the document, the usual one first."""

    to: Path
    reading: Reading
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True, eq=False)  # each is itself: comparing by content costs more than reading
class ListRule:
    """Lists of the document whose elements are records of one list of ours."""

    into: str
    under: Path  # where in a record of the list the fields go
    identified_by: str  # field that holds the record's id; empty where its place alone tells it
    constant: Mapping[str, Any]
    lists: tuple[Path, ...]
    fields: tuple[FieldRule, ...]


@dataclass(frozen=True, slots=True, eq=False)  # each is itself: comparing by content costs more than reading
class Rules:
    """All rules of one type of document in one form; `root` names the record that they fill.

    `is_answer`: with it an institution answers; it is not the word of the insured person alone.
    """

    root: str
    fields: tuple[FieldRule, ...]
    lists: tuple[ListRule, ...]
    is_answer: bool = True

    def element_at(self, path: Path) -> tuple[ListRule, Path, Path] | None:
        """The list, the element and the place in it of a path inside a list of records.

        One record may stand without its list, as systems write it that make JSON of XML.
        """
        for rule in self.lists:
            for one in rule.lists:
                if len(path) > len(one) and folded(path[: len(one)]) == folded(one):
                    length = len(one) + isinstance(path[len(one)], int)
                    return rule, path[:length], path[length:]
        return None


def field_at(fields: tuple[FieldRule, ...], path: Path) -> tuple[FieldRule, Place] | None:
    """The rule of a place, and the place as the rule has it."""
    pattern = tuple(STAR if isinstance(part, int) else part for part in folded(path))
    return None if STAR in path else _lookup(fields).get(pattern)


def filled(pattern: Path, places: Iterator[int]) -> Path:
    """The pattern with places in lists for its stars; a star beyond them is the first place."""
    return tuple(next(places, 0) if part == STAR else part for part in pattern)


def rules_of(document_type: str, form: Form) -> tuple[Rules, ...]:
    """The rules of a type, those of its own record first; none where its fields become no record of ours.

    Some systems put the decisions of a case into a P5000 too, or its periods into a P6000, so both are read in both.
    """
    if document_type not in _WITH_RECORDS:
        return ()
    own = _rules(document_type, form)
    others = _TOGETHER if document_type in _TOGETHER else ()
    return (own, *(_rules(one, form) for one in others if one != document_type))


@cache
def _rules(document_type: str, form: Form) -> Rules:
    file = files("portability.adapters.eessi") / "data" / f"{document_type}.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    sets = {name: tuple(_fields(rows, form)) for name, rows in content["fields"].items()}
    lists = tuple(
        ListRule(
            row["into"],
            _path(row.get("under", "")),
            row.get("id", ""),
            row.get("constant", {}),
            tuple(variant for one in row[form] for variant in _bare(_path(one))),
            sets[row["fields"]],
        )
        for row in content["lists"]
    )
    return Rules(content["root"], sets["root"], lists, content.get("is_answer", True))


@cache
def _lookup(fields: tuple[FieldRule, ...]) -> dict[Path, tuple[FieldRule, Place]]:
    return {folded(place.at): (rule, place) for rule in reversed(fields) for place in reversed(rule.places)}


def _fields(rows: list[dict[str, Any]], form: Form) -> Iterator[FieldRule]:
    for row in rows:
        to = _path(row["to"])
        usual = [_path(one) for one in row[form]]
        if form is Form.OFFICIAL:
            usual = [variant for at in usual for variant in _wrapped(at, coded=row["as"] not in _PLAIN)]
        if usual:
            places = tuple(place for at in usual for bare in _bare(at) for place in _without_lists(bare, to))
            yield FieldRule(to, reading_named(row["as"], form), places)


def _bare(at: Path) -> tuple[Path, ...]:
    """The place, and the one that it has where a system leaves out the block around the fields of a sector."""
    return (at, at[1:]) if at[0] == "pensjon" else (at,)


def _wrapped(at: Path, *, coded: bool) -> tuple[Path, Path]:
    """A coded value stands as {"value": ["01"]}; some systems write it bare."""
    wrapped = (*at, "value", STAR)
    return (wrapped, at) if coded or at[-1] in _CODED_TEXTS else (at, wrapped)


def _without_lists(at: Path, to: Path) -> Iterator[Place]:
    """The place, and the places that it has where one element stands without its list."""
    yield Place(at, to)
    for index, part in enumerate(at):
        if part == STAR and index + 1 < len(at):
            star = [place for place, one in enumerate(to) if one == STAR][at[:index].count(STAR)]
            fixed = (*to[:star], 0, *to[star + 1 :])
            yield Place((*at[:index], *at[index + 1 :]), fixed)


def _path(text: str) -> Path:
    return tuple(text.split("/")) if text else ()
