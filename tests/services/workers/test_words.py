"""Every language says everything, with the same facts in it, in the way its readers write."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po

from portability.agreements.careers import EvidenceLevel
from portability.agreements.values import Branch, Money
from portability.services.access import Role
from portability.services.purposes import PURPOSES
from portability.services.workers.preferences.model import ZONES
from portability.services.workers.views import RefusalReason, StepKind
from portability.services.workers.words import languages, placeholders, read_folder, words_for

OTHERS = [language for language in languages() if language != "en"]


NUMBERS = frozenset({"amount", "count", "tries"})
"""What counts in a message with several forms."""
SAME_AS_ENGLISH = {
    "de": {"code.label"},
    "es": {"error.prefix"},
    "fr": {"code.label", "site.menu"},
    "pt": {"site.menu"},
}
"""Messages that are rightly the same words as in English."""
ANOTHER_FORM = {
    "de": r"\b(du|dich|dir|dein\w*)\b|Entscheidung|Anstalt",
    "es": r"\b(tú|tu|tus|te|ti)\b|Expediente|asegurad[oa]",
    "fr": r"\b(tu|te|toi|ton|ta|tes)\b|’",
    "it": r"\b([Tt]u|[Tt]i|[Tt]e|[Tt]uo|[Tt]ua|[Tt]uoi|[Tt]ue|[Ss]ei|[Hh]ai|lei)\b|istituzion",
    "pt": r"\b(tu|te|ti|teu|tua|teus|tuas|você)\b|segurado",
    "hi": r"तुम|तू |तेरा|गलत|कानून|कागज|आखिर|खाली|बाकी",
}
"""Words of another form of address, of another word for the same thing, or of another spelling (docs/languages.md)."""
LOCALES = files("portability.services.workers").joinpath("locales")


def files_of(language: str) -> list[Traversable]:
    found = (file for file in LOCALES.joinpath(language).iterdir() if file.name.endswith(".po"))
    return sorted(found, key=lambda file: file.name)


def catalogue(language: str) -> dict[str, tuple[str, ...]]:
    messages = {}
    for path in files_of(language):
        with path.open("rb") as source:
            read = read_po(source, locale=language)
        for message in read:
            key = message.id if isinstance(message.id, str) else message.id[0]
            if key:
                text = message.string
                messages[key] = (text,) if isinstance(text, str) else tuple(text or ())
    return messages


ENGLISH = catalogue("en")
LOOKING = (Role.CASEWORKER, Role.CLEARED_CASEWORKER, Role.SYSTEM)  # roles to which cases are shown


def test_english_is_there_and_first() -> None:
    assert languages()[0] == "en"


@pytest.mark.parametrize("language", languages())
def test_no_message_is_missing_empty_or_left_over(language: str) -> None:
    messages = catalogue(language)
    assert messages.keys() == ENGLISH.keys()
    assert [key for key, forms in messages.items() if not all(form.strip() for form in forms)] == []


@pytest.mark.parametrize("language", languages())
def test_every_file_of_a_language_is_in_its_catalogue_and_a_key_stands_once(language: str) -> None:
    texts = {file.name: file.read_text(encoding="utf-8") for file in files_of(language)}
    keys = [key for text in texts.values() for key in re.findall(r'^msgid "(.+)"$', text, re.MULTILINE)]

    assert texts.keys() == {file.name for file in files_of("en")}
    assert [key for key, times in Counter(keys).items() if times > 1] == []
    words = words_for([language])
    assert all(words.messages.gettext(key) != key or words.messages.ngettext(key, key, 5) != key for key in keys)


def test_a_key_in_two_files_of_a_language_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "en"
    folder.mkdir()
    header = (LOCALES / "en" / "messages.po").read_text(encoding="utf-8").split("\n\n")[0]
    (folder / "messages.po").write_text(header + '\n\nmsgid "a"\nmsgstr "A"\n', encoding="utf-8")
    (folder / "topic.po").write_text(header + '\n\nmsgid "b"\nmsgstr "B"\n', encoding="utf-8")
    assert {message.id for message in read_folder(folder)} == {"", "a", "b"}

    (folder / "topic.po").write_text(header + '\n\nmsgid "a"\nmsgstr "C"\n', encoding="utf-8")
    with pytest.raises(ValueError, match="'a' stands in another file"):
        read_folder(folder)


@pytest.mark.parametrize("language", languages())
def test_every_file_of_a_language_begins_with_the_same_header(language: str) -> None:
    assert len({file.read_text(encoding="utf-8").split("\n\n")[0] for file in files_of(language)}) == 1


@pytest.mark.parametrize("language", OTHERS)
def test_each_message_carries_the_same_facts_as_in_english(language: str) -> None:
    """A form of one number alone may tell it by a word, as Arabic does: "two years" is one word there."""
    plural = words_for([language]).messages.plural
    numbers = Counter(plural(number) for number in range(1000))
    wrong = []
    for key, forms in catalogue(language).items():
        for index, form in enumerate(forms):
            by_word = NUMBERS if len(forms) > 1 and numbers[index] == 1 else frozenset()
            asked, given = placeholders(ENGLISH[key][-1]), placeholders(form)
            if not asked - by_word <= given <= asked:
                wrong.append((key, index))
    assert wrong == []


@pytest.mark.parametrize("language", OTHERS)
def test_sentences_are_translated_and_not_copied(language: str) -> None:
    messages = catalogue(language)
    same = {key for key in messages if messages[key] == ENGLISH[key] and any(map(str.isalpha, fixed(ENGLISH[key][0])))}
    assert same == SAME_AS_ENGLISH.get(language, set())


@pytest.mark.parametrize("language", ANOTHER_FORM)
def test_a_reader_is_always_addressed_and_spelled_to_in_one_way(language: str) -> None:
    wrong = re.compile(ANOTHER_FORM[language], re.IGNORECASE if language != "it" else 0)
    assert [text for forms in catalogue(language).values() for text in forms if wrong.search(text)] == []


@pytest.mark.parametrize("language", languages())
def test_signs_are_those_that_a_text_message_can_carry(language: str) -> None:
    """A typographic apostrophe, quotation mark or ellipsis halves what fits a text (GSM 03.38)."""
    told = [text for forms in catalogue(language).values() for text in forms]
    assert [text for text in told if set(text) & set("\u2018\u2019\u201c\u201d\u2026")] == []


def fixed(message: str) -> str:
    """What a message says besides the values that are filled in."""
    return re.sub(r"\{[^}]*\}", "", message)


@pytest.mark.parametrize("language", languages())
def test_the_plural_forms_are_those_of_the_language(language: str) -> None:
    """Unicode CLDR says which numbers share a form; each of its forms for whole numbers is one of the catalogue."""
    words = words_for([language])
    pairs = {(words.locale.plural_form(number), words.messages.plural(number)) for number in range(1000)}
    forms = {form for _, form in pairs}

    assert len(pairs) == len({name for name, _ in pairs}) == len(forms)
    assert {len(texts) for texts in catalogue(language).values() if len(texts) > 1} == {len(forms)}


@pytest.mark.parametrize("language", languages())
def test_singular_and_plural_both_stand(language: str) -> None:
    words = words_for([language])
    units = ("years", "quarters", "months", "weeks", "days")
    one = [words.text(f"unit.{unit}", {"amount": 1}, count=1) for unit in units]
    many = [words.text(f"unit.{unit}", {"amount": 118}, count=118) for unit in units]
    assert [text.replace("1", "") for text in one] != [text.replace("118", "") for text in many]


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("values", [Branch, StepKind, EvidenceLevel, RefusalReason])
def test_codes_have_their_words(language: str, values: Any) -> None:
    prefix = {Branch: "branch", StepKind: "open", EvidenceLevel: "evidence", RefusalReason: "refusal"}[values]
    words = words_for([language])
    for value in values:
        assert words.text(f"{prefix}.{value}", {"institution": "X"})


@pytest.mark.parametrize("language", languages())
def test_whoever_may_look_and_every_purpose_have_their_words(language: str) -> None:
    words = words_for([language])
    told = [words.text(f"seen.{role}", {"institution": "INPS"}) for role in LOOKING]
    assert all("INPS" in one for one in told)
    assert len(set(told)) == len(LOOKING)
    assert len({words.text(f"purpose.{code}") for code in PURPOSES}) == len(PURPOSES)


def test_english_dates_and_money_are_written_as_most_of_its_readers_do() -> None:
    words = words_for(["en"])
    assert words.day(date(2027, 3, 1)) == "1 March 2027"
    assert words.money(Money.of("1212.5", "EUR")) == "€1,212.50"
    assert words.state("CA") == "Canada"
    assert words.state("QZ") == "QZ"


def test_an_unrounded_amount_is_shown_to_the_cent() -> None:
    # 100/3 = 33.333…
    assert words_for(["en"]).money(Money.of(Fraction(100, 3), "CAD")) == "CA$33.33"


def test_an_instant_is_shown_as_its_day_where_the_institution_is() -> None:
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    rome_in_winter = timezone(timedelta(hours=1))
    assert words_for(["en"], zone=rome_in_winter).show(late) == "1 January 2027"


def test_an_unknown_language_is_english_and_a_region_is_its_language() -> None:
    assert words_for(["tlh"]).language == "en"
    assert words_for(["", "en-CA"]).language == "en"
    assert words_for(["no such tag", "en"]).language == "en"


def test_a_missing_message_or_value_is_an_error_and_never_shown_as_its_key() -> None:
    words = words_for(["en"])
    with pytest.raises(LookupError):
        words.text("no.such.message")
    with pytest.raises(LookupError):
        words.text("due.by_law")


def test_placeholders_are_found() -> None:
    assert placeholders("{a} and {b}, {a}") == {"a", "b"}


@pytest.mark.parametrize("language", languages())
def test_each_city_whose_clock_can_be_chosen_has_a_name_in_her_script(language: str) -> None:
    names = [words_for([language]).clock(zone) for zone in ZONES]
    assert len(set(names)) == len(ZONES)
    assert not any("/" in name for name in names)
    if language in {"ar", "hi"}:
        assert not any(name.isascii() for name in names), names


def test_a_zone_without_a_city_is_named_as_it_is() -> None:
    assert words_for(["en"]).clock("UTC") == "UTC"
