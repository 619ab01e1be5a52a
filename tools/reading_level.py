"""How easily what workers read is read: a figure per language, by the measure that its teachers know.

`python tools/reading_level.py` prints the figures and the longest sentences. Sources of the formulas stand beside
them and in docs/languages.md. Only whole sentences are measured, for labels of one word would flatter the figure; a
value that is filled in counts as one word of four letters.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

from portability.agreements.catalogues import catalogue
from portability.services.workers.words import languages, read_file

VALUE = "Roma"
_LOCALES = files("portability.services.workers").joinpath("locales")
_PLACE = re.compile(r"\{[^{}]*\}")
_END = re.compile(r"[.!?؟।]+(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Text:
    """Whole sentences of one language, each as its words."""

    language: str
    sentences: tuple[tuple[str, ...], ...]

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(word for sentence in self.sentences for word in sentence)

    @property
    def words_per_sentence(self) -> float:
        return len(self.words) / len(self.sentences)

    @property
    def longest(self) -> tuple[str, ...]:
        return max(self.sentences, key=len)

    def syllables_per_word(self) -> float:
        return sum(syllables(word, self.language) for word in self.words) / len(self.words)


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a text and the limit up to (or down to) which a pupil of primary school reads it."""

    name: str
    figure: Callable[[Text], float]
    limit: float
    higher_is_easier: bool = True

    def holds(self, text: Text) -> bool:
        found = self.figure(text)
        return found >= self.limit if self.higher_is_easier else found <= self.limit


def _per_word(text: Text, count: Callable[[str], float]) -> float:
    return sum(count(word) for word in text.words) / len(text.words)


MEASURES = {
    # Kincaid et al. 1975: years of school in the United States.
    "en": Measure(
        "Flesch-Kincaid grade",
        lambda text: 0.39 * text.words_per_sentence + 11.8 * text.syllables_per_word() - 15.59,
        limit=6,
        higher_is_easier=False,
    ),
    # Szigriszt Pazos 1993 on the INFLESZ scale (Barrio Cantalejo 2008): from 65 on as in primary school.
    "es": Measure(
        "Szigriszt-Pazos (INFLESZ)",
        lambda text: 206.835 - 62.3 * text.syllables_per_word() - text.words_per_sentence,
        limit=65,
    ),
    # Kandel and Moles 1958: from 70 on "fairly easy".
    "fr": Measure(
        "Kandel-Moles",
        lambda text: 207 - 1.015 * text.words_per_sentence - 73.6 * text.syllables_per_word(),
        limit=70,
    ),
    # Martins et al. 1996, for Portuguese: from 75 on as in the first years of school.
    "pt": Measure(
        "Flesch-Martins",
        lambda text: 248.835 - 1.015 * text.words_per_sentence - 84.6 * text.syllables_per_word(),
        limit=75,
    ),
    # Lucisano and Piemontese 1988: from 80 on easy for readers who ended primary school.
    "it": Measure(
        "Gulpease",
        lambda text: 89 + 300 / text.words_per_sentence - 10 * _per_word(text, _letters),
        limit=80,
    ),
    # Björnsson 1968: under 40 easy.
    "de": Measure(
        "LIX",
        lambda text: text.words_per_sentence + 100 * _per_word(text, lambda word: _letters(word) > 6),
        limit=40,
        higher_is_easier=False,
    ),
}
"""Arabic and Hindi have no measure that schools agree on (docs/languages.md); the length of sentences is measured."""

MOST_WORDS_ON_AVERAGE = 10.0
MOST_WORDS = 20


def pages(language: str) -> dict[str, Text]:
    """What stands on a worker's pages and in texts to her, by file of the language."""
    found = {}
    for file in sorted(_LOCALES.joinpath(language).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".po"):
            told = (message.string or "" for message in read_file(file, language) if message.id)
            found[file.name] = _text(language, [one if isinstance(one, str) else one[-1] for one in told])
    return found


def reasons(language: str) -> Text:
    """Why an amount: the sentences for the worker."""
    found: list[str] = []
    for readers in catalogue(language).sentences.values():
        template = readers.get("worker", "")
        found += [template] if isinstance(template, str) else template.values()
    return _text(language, found)


def syllables(word: str, language: str) -> int:
    """An estimate by groups of vowels; at least one. Numbers count as two, as when read one digit a time."""
    plain = unicodedata.normalize("NFC", word.lower())
    if not any(sign.isalpha() for sign in plain):
        return 2
    return max(1, len(_GROUPS[language].findall(_spoken(plain, language))))


_GROUPS = {
    "en": re.compile(r"[aeiouy]+"),
    "fr": re.compile(r"[aeiouyàâéèêëîïôùûüœæ]+"),
    "es": re.compile(r"[iuü]?[aeoáéó][iuy]?(?![aeoáéóíú])|[iuü]?[aeoáéó]|[íú]|[iuüy]+"),
    "pt": re.compile(r"[iu]?[aeoáéóâêôãõà][iueo]?(?![aeiouáéóâêôãõíú])|[aeoáéóâêôãõà]|[íú]|[iuy]+"),
}
_SILENT = {
    "en": (r"(?<=[^aeiouylcgsxz])es$|(?<=[^aeiouyl])e$|(?<=[aeiouy]l)es?$|(?<=[^aeiouytd])ed$", ""),
    "fr": (r"(?<=[^aeiouyàâéèêëîïôùûü])es?$|(?<=[qg])u(?=[eéèêiî])", ""),
    "es": (r"(?<=[qg])u(?=[eéií])", ""),
    "pt": (r"(?<=[qg])u(?=[eéiíê])", ""),
}


def _spoken(word: str, language: str) -> str:
    """The word without vowels that are not spoken, and in Portuguese with the stress of "dia" written."""
    if language == "pt" and not re.search("[áéíóúâêôãõ]", word):
        word = re.sub(r"(?<=[^aeiou])i(?=[ao]s?$)", "í", word)
    return re.sub(*_SILENT[language], word)


def _letters(word: str) -> int:
    return sum(sign.isalnum() for sign in word)


def _text(language: str, messages: Sequence[str]) -> Text:
    return Text(language, tuple(sentence for message in messages for sentence in _sentences(message)))


def _sentences(message: str) -> Iterator[tuple[str, ...]]:
    """Whole sentences of a message; what has no full stop, or follows the last one, is a label."""
    *whole, _ = _END.split(_PLACE.sub(VALUE, message))
    for sentence in whole:
        words = tuple(word for word in sentence.split() if any(sign.isalnum() for sign in word))
        if words:
            yield words


def lines() -> Iterator[str]:
    """The figures as a table: language, file, sentences, words a sentence, the longest, the figure and its limit."""
    for language in languages():
        measure = MEASURES.get(language)
        for file, text in (*pages(language).items(), ("why an amount", reasons(language))):
            figure = f"{measure.name} {measure.figure(text):.1f} (limit {measure.limit:g})" if measure else "no measure"
            yield (
                f"{language} {file:14} {len(text.sentences):4} sentences, {text.words_per_sentence:4.1f} words each,"
                f" longest {len(text.longest):2}; {figure}"
            )


if __name__ == "__main__":
    print("\n".join(lines()))
