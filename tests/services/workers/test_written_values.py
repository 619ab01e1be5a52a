"""Dates, money, numbers, countries and lists as the readers of each language write them, each in its direction."""

import json
import re
import unicodedata
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from portability.adapters.workers.code_delivery import code_line
from portability.agreements.catalogues import catalogue as explanations
from portability.agreements.catalogues import languages as explained_languages
from portability.agreements.periods import Duration
from portability.agreements.values import Money
from portability.services.workers.model import CodeDelivery, parse_contact
from portability.services.workers.words import languages, read_folder, without_isolates, words_for
from tests.services.workers.test_words import LOCALES

FROM_RIGHT = [language for language in languages() if words_for([language]).direction == "rtl"]
# Source: Unicode CLDR, which users of each country review; Babel groups four digits in Spanish too. A space at
# which no line breaks stands as "_" here.
WRITTEN = {
    # day, short day, money, a number with a fraction, a country, months
    "en": ("1 March 2027", "1 Mar 2027", "€1,212.50", "1,234.5", "Germany", "118 months"),
    "de": ("1. März 2027", "01.03.2027", "1.212,50_€", "1.234,5", "Deutschland", "118 Monate"),
    "fr": ("1 mars 2027", "1 mars 2027", "1_212,50_€", "1_234,5", "Allemagne", "118 mois"),
    "it": ("1 marzo 2027", "1 mar 2027", "1.212,50_€", "1.234,5", "Germania", "118 mesi"),
    "es": ("1 de marzo de 2027", "1 mar 2027", "1.212,50_€", "1.234,5", "Alemania", "118 meses"),
    "pt": ("1 de março de 2027", "01/03/2027", "1_212,50_€", "1_234,5", "Alemanha", "118 meses"),
    "ar": ("1 مارس 2027", "01/03/2027", "1,212.50_€", "1,234.5", "ألمانيا", "118 شهرًا"),
    "hi": ("1 मार्च 2027", "1 मार्च 2027", "€1,212.50", "1,234.5", "जर्मनी", "118 महीने"),
}


def seen(text: str) -> str:
    """Without the signs that show nothing."""
    shown = (sign for sign in text if unicodedata.category(sign) != "Cf")
    return re.sub("[\u00a0\u202f]", "_", "".join(shown))


@pytest.mark.parametrize("language", languages())
def test_values_are_written_as_its_readers_do(language: str) -> None:
    words = words_for([language])
    told = (
        words.day(date(2027, 3, 1)),
        words.short_day(date(2027, 3, 1)),
        words.money(Money.of("1212.5", "EUR")),
        words.number(Fraction(2469, 2)),
        words.state("DE"),
        words.duration(Duration(Fraction(118), "months")),
    )
    assert tuple(seen(one) for one in told) == WRITTEN[language]


@pytest.mark.parametrize("language", languages())
def test_digits_are_those_of_phones_letters_and_identity_cards(language: str) -> None:
    """0 to 9 also in Arabic, as in the Maghreb, and in Hindi, as in India's own letters (docs/languages.md)."""
    words = words_for([language])
    now = datetime(2027, 11, 28, 12, tzinfo=UTC)
    told = [words.show(value) for value in (now, Money.of("1234567.89", "MAD"), Fraction(22, 7), 1000)]
    assert {sign for text in told for sign in text if sign.isdecimal()} <= set("0123456789")


def test_large_numbers_are_grouped_as_in_india_for_hindi() -> None:
    assert seen(words_for(["hi"]).money(Money.of("1234567.5", "INR"))) == "₹12,34,567.50"


def test_a_broken_amount_takes_the_form_that_the_language_gives_it() -> None:
    half = {language: seen(words_for([language]).duration(Duration(Fraction(3, 2), "years"))) for language in WRITTEN}
    assert half == {
        "en": "1.5 years",
        "de": "1,5 Jahre",
        "fr": "1,5 an",
        "it": "1,5 anni",
        "es": "1,5 años",
        "pt": "1,5 anos",
        "ar": "1.5 سنة",
        "hi": "1.5 साल",
    }


@pytest.mark.parametrize("language", languages())
def test_what_is_written_from_left_to_right_keeps_its_direction_among_arabic_words(language: str) -> None:
    words = words_for([language])
    told = words.text("you_can.ask", {"institution": "DRV", "reference": "IT-2027-0417"})
    two = words.text("where.records", {"institutions": ("DRV", "CNAV")}, count=2)

    isolated = re.findall("\u2068([^\u2069]*)\u2069", told + two)
    assert isolated == (["DRV", "IT-2027-0417", "DRV", "CNAV"] if language in FROM_RIGHT else [])


@pytest.mark.parametrize("language", FROM_RIGHT)
def test_no_message_written_from_right_to_left_has_other_letters_outside_an_isolate(language: str) -> None:
    for message in read_folder(LOCALES / language):
        for text in [message.string] if isinstance(message.string, str) else message.string:
            bare = re.sub("\u2066[^\u2066\u2069]*\u2069|\\{[^}]*\\}", "", text) if message.id else ""
            assert not re.search("[A-Za-z+@\u2066-\u2069]", bare.replace("بعلامة +", "")), text


@pytest.mark.parametrize("language", languages())
def test_a_text_for_a_simple_phone_has_no_sign_that_it_shows_as_a_box(language: str) -> None:
    delivery = CodeDelivery(parse_contact("+39 333 1234567"), "012345", language, datetime(2027, 3, 1, tzinfo=UTC))
    text = json.loads(code_line(delivery))["text"]
    assert "012345" in text
    assert text == without_isolates(text)
    assert not any(unicodedata.category(sign) == "Cf" for sign in text)


def test_every_language_has_pages_and_reasons() -> None:
    assert set(languages()) == set(explained_languages())


@pytest.mark.parametrize("language", languages())
def test_pages_and_reasons_are_written_for_the_same_readers(language: str) -> None:
    assert words_for([language]).locale == explanations(language).locale
