"""What workers read is for readers with little schooling: measured in each language that has a measure."""

import pytest

from portability.services.workers.words import languages
from tools.reading_level import MEASURES, MOST_WORDS, MOST_WORDS_ON_AVERAGE, Text, lines, pages, reasons, syllables

FEW = 10  # a file of fewer sentences says nothing by its average
WITHOUT_MEASURE = {"ar", "hi"}  # none that schools agree on: docs/languages.md
# Divided as the dictionaries of the language do.
DIVIDED = {
    "en": "mon-ey month coun-try wait de-cide in-sured pen-sion a-gain let-ter an-swer of-fice rule pag-es claim "
    "work num-ber pa-per to-geth-er law-yer worked need-ed ta-ble",
    "es": "di-ne-ro mes pa-ís pe-rí-o-do ins-ti-tu-ción tra-ba-jo ciu-dad se-gu-ro des-pués de-ci-sión quién a-ho-ra "
    "le-er a-ún i-dio-ma cui-da-do es-ta-rí-a guar-dar que pa-gue",
    "fr": "ar-gent mois pen-sion per-sonne vient le de-mande an-née in-sti-tu-tion nu-mé-ro lettre qui tra-vail "
    "lan-gue vous é-crit ré-ponse carte",
    "pt": "di-nhei-ro mês pa-ís pen-são de-ci-sões di-a tra-ba-lho pe-rí-o-do se-gu-ro que quem mai-o a-in-da lei "
    "re-ce-be his-tó-ria pa-gue a-go-ra se-ri-a",
}
TEXTS = [
    pytest.param(text, id=f"{language}-{file}")
    for language in languages()
    for file, text in (*pages(language).items(), ("reasons", reasons(language)))
    if len(text.sentences) >= FEW
]


def test_every_language_has_a_measure_or_is_known_to_have_none() -> None:
    assert MEASURES.keys() | WITHOUT_MEASURE == set(languages())
    assert not MEASURES.keys() & WITHOUT_MEASURE


@pytest.mark.parametrize("text", TEXTS)
def test_a_pupil_of_primary_school_can_read_it(text: Text) -> None:
    print("\n".join(line for line in lines() if line.startswith(text.language)))
    measure = MEASURES.get(text.language)
    assert text.words_per_sentence <= MOST_WORDS_ON_AVERAGE
    assert measure is None or measure.holds(text), f"{measure.name}: {measure.figure(text):.1f}"


@pytest.mark.parametrize("language", languages())
def test_no_sentence_is_long(language: str) -> None:
    texts = (*pages(language).values(), reasons(language))
    assert [" ".join(one) for text in texts for one in text.sentences if len(one) > MOST_WORDS] == []


@pytest.mark.parametrize("language", DIVIDED)
def test_syllables_are_counted_as_dictionaries_divide(language: str) -> None:
    words = {word.replace("-", ""): word.count("-") + 1 for word in DIVIDED[language].split()}
    counted = {word: syllables(word, language) for word in words}
    assert sum(counted.values()) == pytest.approx(sum(words.values()), rel=0.05)
    assert sum(counted[word] != right for word, right in words.items()) <= len(words) / 10, counted


def test_a_hard_text_does_not_pass() -> None:
    """The sentences of a regulation, in each language that has a measure."""
    law = {
        "en": "The competent institution shall calculate the theoretical amount of the benefit to which the insured "
        "person could lay claim if all the periods completed had been completed under its legislation",
        "es": "La institución competente determinará el importe teórico de la prestación al que el interesado tendría "
        "derecho si todos los períodos cumplidos se hubieran cumplido bajo su legislación",
        "fr": "L'institution compétente détermine le montant théorique de la prestation à laquelle l'intéressé "
        "pourrait prétendre si toutes les périodes accomplies avaient été accomplies sous sa législation",
        "pt": "A instituição competente determina o montante teórico da prestação a que o interessado teria direito se "
        "todos os períodos cumpridos tivessem sido cumpridos ao abrigo da sua legislação",
        "it": "L'istituzione competente determina l'importo teorico della prestazione cui l'interessato avrebbe "
        "diritto se tutti i periodi compiuti fossero stati compiuti sotto la sua legislazione",
        "de": "Der zuständige Träger berechnet den theoretischen Betrag der Leistung, auf die die betreffende Person "
        "Anspruch hätte, wenn alle zurückgelegten Zeiten nach seinen Rechtsvorschriften zurückgelegt worden wären",
    }
    assert law.keys() == MEASURES.keys()
    for language, sentence in law.items():
        assert not MEASURES[language].holds(Text(language, (tuple(sentence.split()),))), language
