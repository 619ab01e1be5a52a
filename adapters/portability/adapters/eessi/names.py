"""The names of a form and our terms for them, one to one.

A name that the dictionary has in first place becomes its term. Another spelling of a known name keeps its letters
behind an @: `town@poststed`. A name that the dictionary does not know is kept whole: `@nyttFelt`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from portability.agreements.errors import InputError

__all__ = ["Form", "Known", "Names", "names_of"]

_MARK = "@"


class Form(StrEnum):
    """How a document writes its names."""

    NORWEGIAN = "norwegian"  # the JSON form of the Norwegian services
    OFFICIAL = "official"  # the element names of the EU's own schema


class Known(StrEnum):
    """How well a name is known."""

    YES = "yes"
    OTHER_CAPITALS = "other_capitals"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Names:
    """The dictionary of one form."""

    terms: Mapping[str, str]
    spellings: Mapping[str, str]
    folded: Mapping[str, str]

    def term(self, name: str) -> tuple[str, Known]:
        """Our name for a name of the form."""
        term = self.terms.get(name)
        if term is not None:
            return (term if self.spellings[term] == name else f"{term}{_MARK}{name}"), Known.YES
        other = self.folded.get(name.casefold())
        if other is not None:
            return f"{other}{_MARK}{name}", Known.OTHER_CAPITALS
        return f"{_MARK}{name}", Known.NO

    def spelling(self, term: str) -> str:
        """The name of the form for one of ours; raises InputError where there is none."""
        before, mark, spelling = term.partition(_MARK)
        if mark:
            return spelling
        if before not in self.spellings:
            raise InputError(
                f"'{term[:80]}' is no term of the dictionary. A name of the form itself is written with an @ before it."
            )
        return self.spellings[before]


@cache
def names_of(form: Form) -> Names:
    text = (files("portability.adapters.eessi") / "data" / f"{form}.tsv").read_text(encoding="utf-8")
    terms: dict[str, str] = {}
    spellings: dict[str, str] = {}
    folds: dict[str, str] = {}
    for line in text.splitlines():
        name, tab, term = line.partition("\t")
        if not tab:
            continue
        terms[name] = term
        spellings.setdefault(term, name)
        folds.setdefault(name.casefold(), term)
    return Names(MappingProxyType(terms), MappingProxyType(spellings), MappingProxyType(folds))
