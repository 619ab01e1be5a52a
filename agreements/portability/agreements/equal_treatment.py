"""Which rules can give people a different outcome by nationality, sex or residence, and the article that says so. Pure.

A file may encode an inequality that the law holds; it may not do so without the provision to the sub-paragraph. What
a rule distinguishes is read off its groups of persons and the words of its closed vocabulary, so that a new kind of
rule is examined like the others.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, get_args, get_origin

from pydantic import BaseModel

from portability.agreements.citations import article_of, names_a_place, names_a_subparagraph, place_in
from portability.agreements.national.legislation import LegislationFile
from portability.agreements.rule_meaning import GROUP_WORDS
from portability.agreements.rule_words import joined, label, value_in_words
from portability.agreements.rules import AgreementFile, Export, Instrument, NotModelled, PersonalScope

__all__ = ["Finding", "Ground", "Proof", "findings_of", "gaps_that_may_differ", "groups_left_out", "proof_of"]

Path = tuple[str | int, ...]


class Ground(StrEnum):
    """What a different outcome can turn on."""

    NATIONALITY = "nationality"
    SEX = "sex"
    RESIDENCE = "residence"


class Proof(StrEnum):
    """How exactly the file says where the law makes a difference."""

    SUBPARAGRAPH = "subparagraph"
    WHOLE_ARTICLE = "whole_article"
    """The article is named whole, and nothing in the file shows that it has paragraphs."""
    MISSING = "missing"
    """No article, or a whole article of which the file cites paragraphs elsewhere."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference: the rule or scheme, its ground, what it turns on, and where the law says it."""

    path: Path
    rule: str
    ground: Ground
    what: str
    cite: str


_WORDS: Mapping[Ground, frozenset[str]] = {
    Ground.NATIONALITY: frozenset({"nationality", "nationals", "citizen", "citizens", "citizenship"}),
    Ground.SEX: frozenset({"sex", "woman", "women", "man", "men", "female", "male", "widow", "widows", "widower",
                           "widowers", "mother", "mothers", "father", "fathers", "wife", "husband"}),
    Ground.RESIDENCE: frozenset({"residence", "resident", "residents", "residing", "abroad", "telework", "export"}),
}  # fmt: skip
_OF_WORK_TOO = frozenset({"abroad", "export"})
"""In a description these may speak of work abroad as well; in a field's name they speak of where a person lives."""
_NAMES = frozenset({"id", "note", "name", "why", "what", "status", "groups"})
"""Fields that name something or explain it; groups of persons are examined by themselves."""


def findings_of(content: AgreementFile | LegislationFile) -> tuple[Finding, ...]:
    """Every rule of a treaty, or every scheme of a legislation, that can distinguish, in the order of the file."""
    key = "rules" if isinstance(content, AgreementFile) else "schemes"
    entries: Iterable[BaseModel] = getattr(content, key)
    return tuple(
        finding for index, entry in enumerate(entries) for finding in _examined(entry, (key, index), _cite_of(entry))
    )


def gaps_that_may_differ(content: AgreementFile | LegislationFile) -> tuple[tuple[NotModelled, Ground], ...]:
    """Provisions that are not encoded and whose summary speaks of one of the grounds, for a jurist to see."""
    return tuple(
        (gap, ground)
        for gap in content.not_modelled
        for ground, told in _WORDS.items()
        if (told - _OF_WORK_TOO) & set(re.split(r"\W+", gap.what.lower()))
    )


def groups_left_out(groups: Iterable[str]) -> tuple[str, ...]:
    """The groups that are not among those named. Where all insured persons are, no nationality is left out."""
    named = set(groups)
    everybody = {"nationals", "refugees", "stateless", "others_insured"} if "others_insured" in named else set()
    return tuple(group for group in GROUP_WORDS if group not in named | everybody)


def proof_of(finding: Finding, content: AgreementFile | LegislationFile) -> Proof:
    """How exactly a finding is cited."""
    instruments: tuple[Instrument, ...] = content.instruments
    place = place_in(finding.cite, instruments)
    if names_a_subparagraph(place):
        return Proof.SUBPARAGRAPH
    if not names_a_place(place):
        return Proof.MISSING
    divided = {
        (cite.removesuffix(other), article_of(other))
        for cite in _all_cites(content)
        if names_a_subparagraph(other := place_in(cite, instruments))
    }
    here = (finding.cite.removesuffix(place), article_of(place))
    return Proof.MISSING if here in divided else Proof.WHOLE_ARTICLE


def _examined(entry: BaseModel, path: Path, cite: str) -> Iterator[Finding]:
    name = str(getattr(entry, "id", "")) or str(path[-2 if isinstance(path[-1], int) else -1])
    yield from _groups(entry, path, name, cite)
    yield from _export(entry, path, name, cite)
    found: dict[tuple[Ground, str], str] = {}
    for field, value in _told(entry):
        own = _field_cite(entry, field) or cite
        for ground in _grounds(entry, field, value):
            found.setdefault((ground, own), _what(entry, field, value))
    for (ground, own), what in found.items():
        yield Finding(path, name, ground, what, own)
    yield from _within(entry, path, cite)


def _within(entry: BaseModel, path: Path, cite: str) -> Iterator[Finding]:
    for field in type(entry).model_fields:
        value = getattr(entry, field)
        for index, one in enumerate(value if isinstance(value, tuple) else (value,)):
            if isinstance(one, BaseModel):
                place = (*path, field, index) if isinstance(value, tuple) else (*path, field)
                yield from _examined(one, place, str(getattr(one, "cite", cite)))


def _groups(entry: BaseModel, path: Path, name: str, cite: str) -> Iterator[Finding]:
    groups = getattr(entry, "groups", None)
    left_out = groups_left_out(groups) if isinstance(groups, tuple) and groups else ()
    if "others_insured" in left_out:
        without = [group for group in left_out if group in ("refugees", "stateless", "others_insured")]
        verb = "covers" if isinstance(entry, PersonalScope) else "is for"
        words = joined(GROUP_WORDS[group] for group in groups or ())
        missing = joined(GROUP_WORDS[group] for group in without)
        yield Finding(path, name, Ground.NATIONALITY, f"{verb} {words}; leaves out {missing}", cite)


def _export(entry: BaseModel, path: Path, name: str, cite: str) -> Iterator[Finding]:
    if isinstance(entry, Export) and entry.to == "parties":
        what = "payment abroad is owed in the parties only; elsewhere national law decides"
        yield Finding(path, name, Ground.RESIDENCE, what, cite)


def _told(entry: BaseModel) -> Iterator[tuple[str, object]]:
    """Fields with a value, but names and explanations; of text only what the vocabulary closes."""
    if isinstance(entry, Export | PersonalScope):
        return
    for field, info in type(entry).model_fields.items():
        value = getattr(entry, field)
        if field not in _NAMES and value is not None and value not in ((), False):
            yield field, value if _is_closed(info.annotation) else None


def _is_closed(annotation: object) -> bool:
    return get_origin(annotation) is Literal or any(_is_closed(one) for one in get_args(annotation))


def _grounds(entry: BaseModel, field: str, value: object) -> list[Ground]:
    """By the words of the field, of its value, and of what the vocabulary says of it."""
    values = value if isinstance(value, tuple) else (value,)
    said = set(re.split(r"\W+", (type(entry).model_fields[field].description or "").lower())) - _OF_WORK_TOO
    words = said | {word for text in (field, *map(str, values)) for word in text.split("_")}
    return [ground for ground, told in _WORDS.items() if words & told]


def _what(entry: BaseModel, field: str, value: object) -> str:
    if field in ("rule", "law"):
        doc = (type(entry).__doc__ or field).split("\n\n", maxsplit=1)[0]
        return f"what it is about: {' '.join(doc.split()).split(' (`')[0].rstrip('.')}"
    description = type(entry).model_fields[field].description
    if description:
        return f"{label(field.removesuffix('_cite'))}: {description[:1].lower()}{description[1:]}"
    if field.endswith("_cite"):
        return label(field.removesuffix("_cite"))
    return label(field) if value is None or value is True else f"{label(field)}: {value_in_words(value)}"


def _field_cite(entry: BaseModel, field: str) -> str:
    """The provision of one field: the field itself where it is one, or the citation field that is about it."""
    nested = getattr(getattr(entry, field), "cite", None)
    if isinstance(nested, str):
        return nested
    names = [field] if field.endswith("_cite") else [f"{field}_cite", f"{field.split('_', maxsplit=1)[0]}_cite"]
    found: Iterator[object] = (getattr(entry, name, None) for name in names)
    return next((one for one in found if isinstance(one, str)), "")


def _cite_of(entry: BaseModel) -> str:
    """The citation of an entry; that of its amount where a scheme has none as a whole."""
    names = ("cite", *(name for name in type(entry).model_fields if name.endswith("_cite")))
    return next((value for name in names if isinstance(value := getattr(entry, name, None), str)), "")


def _all_cites(content: AgreementFile | LegislationFile) -> Iterator[str]:
    entries: tuple[BaseModel, ...] = content.rules if isinstance(content, AgreementFile) else content.schemes
    for entry in (*entries, *content.not_modelled):
        yield from _strings(entry, lambda name: name == "cite" or name.endswith("_cite"))


def _strings(entry: BaseModel, wanted: Callable[[str], bool]) -> Iterator[str]:
    for field in type(entry).model_fields:
        value = getattr(entry, field)
        if isinstance(value, str) and wanted(field):
            yield value
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, BaseModel):
                yield from _strings(one, wanted)
