"""A scaffolded file is valid YAML that nobody can take for law: check refuses it until all is filled in."""

import re

import pytest

from portability.agreements.errors import InputError
from portability.agreements.packaged import packaged_texts
from portability.agreements.scaffold import FAMILIES, PLACEHOLDER, scaffold
from portability.agreements.yaml_source import read_yaml
from portability.services.determination.files import check_file

MODELS = packaged_texts("treaty_models")
PARTIES = {"canada": ("IT", "CA"), "australia": ("AU", "IT")}

# Values of the right type for what a model leaves open: no treaty's.
VALUES = {
    "from": "2020-01-01", "months": "12", "from_age": "18", "amount": "1", "unit": "months", "per": "month",
    "protected": "in_all_institutions", "counting": "whole_months", "divisor": "300", "between_weeks_and_months": "6",
    "day_hours": "8", "week": "6", "month": "26", "quarter": "78", "year_max": "312", "months_in_quarter": "3",
    "weeks_in_quarter": "13", "quarters_in_year": "4", "months_in_year": "12", "weeks_in_year": "52",
    "to_scheme": "it-x", "id": "scope", "rule": "overlap",
}  # fmt: skip


def begun(family: str, parties: tuple[str, ...] | None = None, agreement_id: str = "it-xx") -> str:
    states = parties or PARTIES.get(family, ("IT", "DE"))
    return scaffold(agreement_id, states, family, models=MODELS, schemes={"CA": "ca-oas"})


def typed(text: str) -> str:
    """The file with every value but the texts and articles filled in."""
    text = re.sub(rf"\b(\w+): {PLACEHOLDER}(?=[,}}\n])", lambda at: f"{at[1]}: {VALUES.get(at[1], PLACEHOLDER)}", text)
    return text.replace(f"schemes: [{PLACEHOLDER}]", "schemes: [it-x]").replace(
        f"    cite: {PLACEHOLDER}", f"    cite: IT-XX {PLACEHOLDER}"
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_a_begun_file_is_yaml_with_the_parties_and_comments_that_guide(family: str) -> None:
    text = begun(family)
    values = read_yaml(text, "new.yaml").values
    assert isinstance(values, dict)
    assert values["parties"] == list(PARTIES.get(family, ("IT", "DE")))
    assert values["status"] == "unverified"
    assert "Take away `status: unverified` from a rule only when you have read its article." in text
    assert "$" not in text.replace("$schema", "")


@pytest.mark.parametrize("family", FAMILIES)
def test_check_refuses_a_begun_file_and_names_what_is_open(family: str) -> None:
    faults = check_file(begun(family), "new.yaml")
    assert faults
    assert all(PLACEHOLDER in fault.expectation for fault in faults)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_article_of_a_begun_file_passes_unread(family: str) -> None:
    text = typed(begun(family))
    lines = {fault.line for fault in check_file(text, "new.yaml")}
    open_lines = {
        number
        for number, row in enumerate(text.splitlines(), start=1)
        if PLACEHOLDER in row and not row.lstrip().startswith("#")
    }
    assert open_lines
    assert lines == open_lines


@pytest.mark.parametrize("family", FAMILIES)
def test_a_file_that_is_filled_in_has_no_fault(family: str) -> None:
    text = typed(begun(family))
    numbers = iter(range(1, 1000))
    filled = re.sub(rf"Art\. {PLACEHOLDER}", lambda _: f"Art. {next(numbers)}(1)", text)
    filled = filled.replace(f"IT-XX {PLACEHOLDER}", "IT-XX Art. 900(1)").replace(f"{PLACEHOLDER}: ", "")
    assert check_file(filled, "new.yaml") == ()


def test_every_rule_of_a_model_waits_for_its_reading() -> None:
    for family in FAMILIES:
        rules = read_yaml(begun(family), "new.yaml").values["rules"]  # type: ignore[index, call-overload]  # a mapping
        assert {rule["status"] for rule in rules} == {"unverified"}, family


def test_the_state_of_a_family_is_written_from_its_side() -> None:
    rules = read_yaml(begun("canada"), "new.yaml").values["rules"]  # type: ignore[index, call-overload]  # a mapping
    counted = {rule["id"]: rule for rule in rules if rule["rule"] == "period_credit"}
    assert counted["their-time-for-oas"]["states"] == ["CA"]
    assert counted["their-time-for-oas"]["from_state"] == "IT"
    assert counted["contribution-years-there"]["to_scheme"] == PLACEHOLDER


def test_norway_stays_norway() -> None:
    assert read_yaml(begun("canada", ("CA", "NO")), "n.yaml").values["parties"] == ["CA", "NO"]  # type: ignore[index, call-overload]  # a mapping
    assert '"NO"' in begun("canada", ("CA", "NO"))


def test_several_parties_make_a_multilateral_agreement() -> None:
    assert "kind: multilateral\nparties: [IT, DE, FR]" in begun("eu-style", ("IT", "DE", "FR"))


def test_the_blank_file_names_every_kind_of_rule() -> None:
    text = begun("blank")
    assert "#   posting  " in text
    assert "Sent for a time to work in the other state" in text


@pytest.mark.parametrize(
    ("family", "parties", "agreement_id", "words"),
    [
        ("canada", ("IT", "DE"), "it-de", "is for agreements of CA, which is no party"),
        ("australia", ("AU", "IT", "DE"), "au-it-de", "is for two parties, not for 3"),
        ("blank", ("IT",), "it", "not two or more different states"),
        ("blank", ("IT", "IT"), "it-it", "not two or more different states"),
        ("blank", ("it", "DE"), "it-de", "write their codes like CA,IT"),
        ("blank", ("IT", "DE"), "IT_DE", "small letters, digits and hyphens"),
        ("nowhere", ("IT", "DE"), "it-de", "expected one of canada, australia, eu-style, residence, blank"),
    ],
)
def test_what_cannot_be_begun_is_refused(family: str, parties: tuple[str, ...], agreement_id: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        begun(family, parties, agreement_id)
