"""Names in several scripts, birth dates with unknown parts, and who may decide that two are one person."""

import pytest

from portability.agreements.careers import PersonIdentifier
from portability.agreements.errors import InputError
from portability.services.persons.births import BirthAgreement, BirthDate, compare_births
from portability.services.persons.check_digits import check_digit_warning
from portability.services.persons.likeness import (
    Candidate,
    PersonFacts,
    Reason,
    Verdict,
    decide,
    likeness,
)
from portability.services.persons.names import NameAgreement, compare_names
from portability.services.persons.search_keys import search_keys
from tests.persons.measured import measure, measure_accounts

FISCAL_CODE = PersonIdentifier("IT", "tax", "RSSMRA58C50H501X")
GERMAN_NUMBER = PersonIdentifier("DE", "pension", "12 100358 R 501")
MARIA = PersonFacts(("Rossi",), "Maria", BirthDate(1958, 3, 10), (FISCAL_CODE, GERMAN_NUMBER), "f")


def described(**changes: object) -> PersonFacts:
    facts = {
        "family_names": MARIA.family_names,
        "given_names": MARIA.given_names,
        "birth": MARIA.birth,
        "identifiers": MARIA.identifiers,
        "sex": "f",
    }
    return PersonFacts(**(facts | changes))  # type: ignore[arg-type]


def verdict(*people: PersonFacts, sought: PersonFacts) -> Verdict:
    return decide([Candidate(str(number), likeness(sought, one)) for number, one in enumerate(people)])[0]


@pytest.mark.parametrize(
    ("one", "other", "agreement"),
    [
        ("Müller", "Mueller", NameAgreement.SAME),
        ("Παπαδόπουλος", "Papadopoulos", NameAgreement.SAME),
        ("Щербакова", "Shcherbakova", NameAgreement.SAME),
        ("Schewtschenko", "Шевченко", NameAgreement.SAME),
        ("محمد", "Mohammed", NameAgreement.CLOSE),
        ("العلوي", "El Alaoui", NameAgreement.CLOSE),
        ("García López", "LÓPEZ GARCÍA", NameAgreement.SAME),
        ("García López", "Garcia", NameAgreement.PART),
        ("O'Sullivan", "Osullivan", NameAgreement.SAME),
        ("Anna", "Petra", NameAgreement.DIFFERENT),
        ("", "Petra", NameAgreement.UNKNOWN),
        ("—", "Petra", NameAgreement.UNKNOWN),
    ],
)
def test_names_are_compared_across_scripts_and_spellings(one: str, other: str, agreement: NameAgreement) -> None:
    assert compare_names(one, other) is agreement
    assert compare_names(other, one) is agreement


@pytest.mark.parametrize(
    ("one", "other", "agreement"),
    [
        ("1958-03-10", "1958-03-10", BirthAgreement.SAME),
        ("1958-03-00", "1958-03-10", BirthAgreement.TO_THE_MONTH),
        ("1958", "1958-03-10", BirthAgreement.TO_THE_YEAR),
        ("1958-10-03", "1958-03-10", BirthAgreement.SWAPPED),
        ("1958-03-11", "1958-03-10", BirthAgreement.NEAR),
        ("1959-03-10", "1958-03-10", BirthAgreement.NEAR),
        ("1958-01-01", "1958-03-10", BirthAgreement.NEAR),
        ("1962-03-10", "1958-03-10", BirthAgreement.DIFFERENT),
        ("1957", "1958-03-10", BirthAgreement.DIFFERENT),
        ("", "1958-03-10", BirthAgreement.UNKNOWN),
    ],
)
def test_birth_dates_agree_as_far_as_they_are_known(one: str, other: str, agreement: BirthAgreement) -> None:
    assert compare_births(BirthDate.read(one), BirthDate.read(other)) is agreement


@pytest.mark.parametrize("text", ["1958-02-30", "1958-13-01", "10.3.1958", "58"])
def test_what_is_no_birth_date_is_said_to_be_none(text: str) -> None:
    with pytest.raises(InputError):
        BirthDate.read(text)


def test_an_identifier_with_name_and_birth_date_is_enough() -> None:
    assert verdict(MARIA, sought=described(identifiers=(FISCAL_CODE,))) is Verdict.MATCHED


def test_two_identifiers_of_two_issuers_are_enough_where_the_name_has_changed() -> None:
    assert verdict(MARIA, sought=described(family_names=("Conti",))) is Verdict.MATCHED


@pytest.mark.parametrize(
    "sought",
    [
        described(identifiers=(FISCAL_CODE,), birth=BirthDate(1958)),
        described(identifiers=(FISCAL_CODE,), family_names=("Conti",)),
        described(identifiers=()),
        described(identifiers=(FISCAL_CODE,), given_names=""),
    ],
    ids=["a number and a year", "a number and half a name", "name and birth date alone", "a number and no given name"],
)
def test_one_strong_key_alone_never_attaches_a_record(sought: PersonFacts) -> None:
    assert verdict(MARIA, sought=sought) is Verdict.TO_A_PERSON


def test_what_contradicts_goes_to_a_person_however_much_agrees() -> None:
    other_number = PersonIdentifier("IT", "tax", "RSSMRA58C50H501Y")
    found = likeness(described(identifiers=(other_number, GERMAN_NUMBER)), MARIA)
    assert found.strong_keys == 2
    assert found.contradictions == (Reason.IDENTIFIER_DIFFERS,)
    assert verdict(MARIA, sought=described(identifiers=(other_number, GERMAN_NUMBER))) is Verdict.TO_A_PERSON


def test_a_twin_with_the_number_of_her_sister_goes_to_a_person() -> None:
    assert verdict(MARIA, sought=described(given_names="Lucia", identifiers=(FISCAL_CODE,))) is Verdict.TO_A_PERSON


def test_two_who_come_into_question_go_to_a_person() -> None:
    namesake = described(identifiers=())
    assert verdict(MARIA, namesake, sought=described(identifiers=(FISCAL_CODE,))) is Verdict.TO_A_PERSON


def test_somebody_else_is_nobody() -> None:
    assert verdict(MARIA, sought=PersonFacts(("Vogel",), "Anna", BirthDate(1971, 5, 2))) is Verdict.NOBODY


def test_a_wrong_check_digit_warns_and_refuses_nothing() -> None:
    # The last letter of an Italian tax code checks the fifteen before it.
    assert check_digit_warning(PersonIdentifier("IT", "tax", "RSSMRA58C50H501X")) != ""
    assert check_digit_warning(PersonIdentifier("NL", "national", "111222333")) == ""
    assert check_digit_warning(PersonIdentifier("DE", "pension", "12 100358 R 501")) == ""
    assert verdict(MARIA, sought=described(identifiers=(FISCAL_CODE,))) is Verdict.MATCHED


def test_a_search_finds_its_person_without_reading_the_register() -> None:
    swapped = described(birth=BirthDate(1958, 10, 3), identifiers=())
    other_year = described(birth=BirthDate(1959, 3, 10), identifiers=())
    renamed = described(family_names=("Conti",), identifiers=())
    stranger = PersonFacts(("Vogel",), "Anna", BirthDate(1971, 5, 2))
    assert all(search_keys(MARIA) & search_keys(one) for one in (swapped, other_year, renamed))
    assert not search_keys(MARIA) & search_keys(stranger)


def test_in_a_population_with_twins_and_noise_nobody_is_attached_wrongly() -> None:
    figures = measure(20_000, 4_000, seed=7)
    assert figures.wrong == 0
    assert figures.weak == 0
    assert figures.right > 1_000
    assert figures.recall > 0.95
    assert figures.to_a_person < 0.5


def test_the_accounts_of_a_register_are_told_apart_as_people_are() -> None:
    figures = measure_accounts(20_000, 4_000, seed=7)
    assert figures.wrong == 0
    assert figures.weak == 0
    assert figures.right > 1_000
    assert figures.recall > 0.9
