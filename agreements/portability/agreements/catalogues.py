"""Catalogues of explanations: for each language the sentences of every rule, its terms, its units and its countries.

A catalogue (`explanations/<language>.yaml`) gives for each rule a template for the caseworker, and one for the worker
where she is told of it; a template may differ by the step's output. The caseworker's serves the jurist too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast

from babel import Locale

from portability.agreements.errors import NotFoundError
from portability.agreements.model import Step
from portability.agreements.yaml_source import read_yaml

__all__ = ["Catalogue", "Reader", "catalogue", "isolated", "languages", "nearest_language"]

Reader = Literal["caseworker", "worker"]
Template = str | Mapping[str, str]
ENGLISH = "en"
FOLDER = "portability.agreements.explanations"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What one language says. `states` holds the names that stand otherwise in a sentence than in a list."""

    language: str
    locale: Locale
    terms: Mapping[str, str]
    states: Mapping[str, str]
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

    def isolated(self, text: str) -> str:
        """A number, a name or a citation, kept in its own direction within a sentence written from right to left."""
        return isolated(text, self.locale)

    def state(self, code: str) -> str:
        """A state as it is named in a sentence; the code where the language has no name for it."""
        return self.states.get(code) or str(self.locale.territories.get(code, code))


def isolated(text: str, locale: Locale) -> str:
    """Text between U+2068 and U+2069 (Unicode UAX #9) where the language is written from right to left."""
    return f"\u2068{text}\u2069" if text and locale.text_direction == "rtl" else text


@cache
def languages() -> tuple[str, ...]:
    """Every language with a catalogue, in order."""
    found = files(FOLDER).iterdir()
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in found if entry.name.endswith(".yaml")))


def nearest_language(tag: str) -> str:
    """The language with a catalogue that a BCP 47 tag names, its region aside; English where there is none."""
    wanted = tag.replace("_", "-").lower()
    return next((one for one in (wanted, wanted.split("-")[0]) if one in languages()), ENGLISH)


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of a language; NotFoundError with the known ones where there is none."""
    if language not in languages():
        raise NotFoundError(f"There are no explanations in '{language}'. Known: {', '.join(languages())}.")
    file = f"{language}.yaml"
    text = files(FOLDER).joinpath(file).read_text(encoding="utf-8")
    found = cast("dict[str, Any]", read_yaml(text, file).values)
    locale = Locale.parse(found["locale"])
    return Catalogue(language, locale, found["terms"], found["states"], found["units"], found["sentences"])
