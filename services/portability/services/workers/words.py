"""Sentences in the reader's language: message catalogues, and dates, money and names as she writes them.

A language is one folder, locales/<tag>/: all its .po files are one catalogue, and the `Language` of messages.po is the
locale in which dates and money are written. English is complete and the source. Escaping is left to whoever writes.
"""

import gettext
import io
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from babel import Locale
from babel.core import get_global, negotiate_locale
from babel.dates import format_date, format_skeleton, format_time, get_timezone_location
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal

from portability.agreements.catalogues import catalogue, isolated
from portability.agreements.catalogues import languages as explained_languages
from portability.agreements.errors import InputError
from portability.agreements.exact import read_step
from portability.agreements.periods import Duration
from portability.agreements.sentences import can_say, sentence
from portability.agreements.values import Money, StateCode
from portability.services.workers.remembered import Precision, RememberedDay
from portability.services.workers.story import Phrase, Value, WhyLine

__all__ = [
    "DEFAULT_LANGUAGE",
    "Words",
    "languages",
    "placeholders",
    "read_file",
    "read_folder",
    "without_isolates",
    "words_for",
]

DEFAULT_LANGUAGE = "en"
_ISOLATES = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069"))
_MAIN = "messages.po"


@dataclass(frozen=True, slots=True)
class Words:
    """One language. `zone` is where the institution is, so that an instant is shown as its day there."""

    language: str
    locale: Locale
    messages: gettext.NullTranslations
    zone: tzinfo = UTC

    @property
    def direction(self) -> str:
        """Writing direction for a page: "ltr" or "rtl"."""
        return self.locale.text_direction

    @property
    def own_name(self) -> str:
        """The language's name for itself."""
        return (self.locale.get_language_name(self.locale) or self.language).capitalize()

    def say(self, phrase: Phrase) -> str:
        """The sentence, as plain text. LookupError where the catalogue has no such key or a value is missing."""
        return self.text(phrase.key, phrase.values, count=phrase.count)

    def text(self, key: str, values: Mapping[str, Value] | None = None, *, count: int | None = None) -> str:
        """The message `key` filled with `values`, each in its own direction; `count` chooses the plural form."""
        found = self.messages.gettext(key) if count is None else self.messages.ngettext(key, key, count)
        if found == key:
            raise LookupError(f"The catalogue '{self.language}' has no message '{key}'.")
        shown = {name: self._placed(value) for name, value in (values or {}).items()}
        return found.format(**shown)

    def say_why(self, line: WhyLine) -> tuple[str, str]:
        """A reason and the language it is in: the English that came with it where it cannot be told in this one."""
        told = _told(line, self.language) if self.language in explained_languages() else ""
        return (told, self.language) if told else (line.english, DEFAULT_LANGUAGE)

    def show(self, value: Value) -> str:
        """A value as the reader writes it."""
        match value:
            case str():
                shown = value
            case datetime():
                shown = self.day(self.local_day(value))
            case date():
                shown = self.day(value)
            case time():
                shown = self.hour(value)
            case RememberedDay():
                shown = self.remembered(value)
            case Money():
                shown = self.money(value)
            case Duration():
                shown = self.duration(value)
            case int() | Fraction():
                shown = self.number(value)
            case _:
                shown = format_list([isolated(one, self.locale) for one in value], locale=self.locale)
        return shown

    def local_day(self, instant: datetime) -> date:
        """The day of an instant where the institution is."""
        return instant.astimezone(self.zone).date()

    def day(self, day: date) -> str:
        return format_date(day, format="long", locale=self.locale)

    def short_day(self, day: date) -> str:
        return format_date(day, format="medium", locale=self.locale)

    def hour(self, at: time) -> str:
        return format_time(at, format="short", locale=self.locale)

    def clock(self, zone: str) -> str:
        """A time zone as people call it: by a city.

        CLDR lists a city under the oldest name of its zone (Asia/Calcutta), where Babel does not look for it.
        """
        older = (old for old, new in get_global("zone_aliases").items() if new == zone)
        for name in (zone, *older):
            if "city" in self.locale.time_zones.get(name, ()):
                return str(self.locale.time_zones[name]["city"])
        return get_timezone_location(zone, locale=self.locale, return_city=True).rpartition("/")[2]

    def remembered(self, day: RememberedDay) -> str:
        """A day as far as it is remembered: "3 May 1984", "May 1984" or "1984"."""
        if day.precision is Precision.DAY:
            return self.short_day(day.earliest)
        return format_skeleton("yMMMM" if day.month else "y", day.earliest, locale=self.locale)

    def money(self, money: Money) -> str:
        """An amount to the cent; half-even where no rule has rounded it (an intermediate step)."""
        return format_currency(_to_places(money.amount, 2), money.currency, locale=self.locale)

    def number(self, number: int | Fraction) -> str:
        return format_decimal(_to_places(Fraction(number), 4).normalize(), locale=self.locale)

    def duration(self, duration: Duration) -> str:
        """An amount of time in the unit in which it was counted: "118 months"."""
        return self.text(f"unit.{duration.unit}", {"amount": duration.amount}, count=self._count(duration.amount))

    def state(self, code: StateCode) -> str:
        """Name of a state (ISO 3166-1 alpha-2), or the code where the language has no name for it."""
        return self.locale.territories.get(code) or code

    def _placed(self, value: Value) -> str:
        """A value within a sentence; each item of a list already stands in its own direction."""
        shown = self.show(value)
        return isolated(shown, self.locale) if isinstance(value, str) or not isinstance(value, Sequence) else shown

    def _count(self, amount: Fraction) -> int:
        """A whole number with the plural form of the amount, for a catalogue knows whole numbers only; else two."""
        if amount.denominator == 1:
            return int(amount)
        form = self.locale.plural_form(_to_places(amount, 4).normalize())
        return next((number for number in range(1, 200) if self.locale.plural_form(number) == form), 2)


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """Tags of the languages there are, English first."""
    found = {folder.name for folder in _folder().iterdir() if folder.joinpath(_MAIN).is_file()}
    return (DEFAULT_LANGUAGE, *sorted(found - {DEFAULT_LANGUAGE}))


def words_for(wanted: Sequence[str], *, zone: tzinfo = UTC) -> Words:
    """The first of the wanted languages (BCP 47 tags) that there is, or English."""
    tags = [tag.replace("_", "-") for tag in wanted if tag]
    # What was negotiated is spelt as the reader's browser spells it: "IT".
    found = (negotiate_locale(tags, list(languages()), sep="-") or DEFAULT_LANGUAGE).lower()
    chosen = next(tag for tag in languages() if tag.lower() == found)
    locale, messages = _messages(chosen)
    return Words(chosen, locale, messages, zone)


def without_isolates(text: str) -> str:
    """A sentence for a simple phone, which may show the signs that keep directions apart as boxes."""
    return text.translate(_ISOLATES)


def placeholders(message: str) -> frozenset[str]:
    """Names that a message wants filled in."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(message) if name)


def read_folder(folder: Traversable) -> Catalog:
    """All .po files of a language as one catalogue. ValueError where the same key stands in two of them."""
    files_of_it = (file for file in folder.iterdir() if file.name.endswith(".po"))
    first, *others = sorted(files_of_it, key=lambda file: (file.name != _MAIN, file.name))
    whole = read_file(first, folder.name)
    for file in others:
        for message in filter(lambda message: message.id, read_file(file, folder.name)):
            if message.id in whole:
                raise ValueError(f"{folder.name}/{file.name}: '{message.id}' stands in another file too. Keep one.")
            whole[message.id] = message
    return whole


def _told(line: WhyLine, language: str) -> str:
    """The step in the catalogue of explanations; empty where that does not know the rule, or a value is missing."""
    words = catalogue(language)
    try:
        step = read_step(line.rule, line.citation, line.values)
        return sentence(step, "worker", words, country=line.country) if can_say(step, "worker", words) else ""
    except InputError:  # another institution sent values that do not fit: its own sentence stands
        return ""


@lru_cache(maxsize=64)
def _messages(language: str) -> tuple[Locale, gettext.NullTranslations]:
    whole = read_folder(_folder().joinpath(language))
    compiled = io.BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return whole.locale or Locale.parse(language, sep="-"), gettext.GNUTranslations(compiled)


def read_file(file: Traversable, language: str) -> Catalog:
    """One .po file of a language."""
    with file.open("rb") as source:
        return read_po(source, locale=language.replace("-", "_"))


def _folder() -> Traversable:
    return files("portability.services.workers").joinpath("locales")


def _to_places(number: Fraction, places: int) -> Decimal:
    step = Decimal(1).scaleb(-places)
    return (Decimal(number.numerator) / Decimal(number.denominator)).quantize(step, rounding=ROUND_HALF_EVEN)
