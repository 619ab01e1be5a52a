"""Legislation files are read strictly: each fault has its place and says what was expected."""

import json
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from portability.agreements import packaged
from portability.agreements.errors import AgreementFileError
from portability.agreements.national.legislation import load_legislation

SCHEMA = Path(__file__).parents[3] / "agreements" / "legislation.schema.json"
TEXTS = packaged.packaged_texts("legislation")


def faults(file: str, *, replace: str, by: str) -> list[str]:
    text = TEXTS[file]
    assert text.count(replace) == 1, "the place to break must be unique"
    with pytest.raises(AgreementFileError) as refused:
        load_legislation(text.replace(replace, by), file, sha256="0" * 64)
    return str(refused.value).splitlines()


def place(file: str, needle: str, *, key: str = "") -> str:
    """`file:line:column` of a piece of the unbroken file; with `key`, of that key on the same line."""
    lines = TEXTS[file].splitlines()
    (line,) = [number for number, text in enumerate(lines, start=1) if needle in text]
    return f"{file}:{line}:{lines[line - 1].index(key or needle) + 1}"


def test_a_row_of_ages_out_of_order_is_a_fault() -> None:
    (fault,) = faults("de.yaml", replace="born_from: 1959-01-01", by="born_from: 1950-01-01")
    assert fault.startswith(f"{place('de.yaml', 'born_from: 1959-01-01')}: ")
    assert "expected a later day" in fault


def test_two_current_values_of_one_day_are_a_fault() -> None:
    (fault,) = faults("de.yaml", replace='from: 2025-07-01, value: "40.79"', by='from: 2024-07-01, value: "40.79"')
    assert fault.startswith(f"{place('de.yaml', 'from: 2025-07-01')}: ")


def test_a_full_amount_that_begins_before_the_last_one_ends_is_a_fault() -> None:
    (fault,) = faults("ca.yaml", replace="from: 2025-10-01, until", by="from: 2025-09-30, until")
    assert "2025-09-30 is not after 2025-09-30" in fault


def test_an_instrument_that_is_not_in_the_file_is_a_fault() -> None:
    (fault,) = faults("de.yaml", replace="amount_cite: SGB VI § 64", by="amount_cite: SGB IV § 64")
    assert fault.startswith(f"{place('de.yaml', 'amount_cite')}: ")
    assert "expected an instrument of this file" in fault


def test_a_law_that_nobody_has_written_is_a_fault() -> None:
    (fault,) = faults("de.yaml", replace="law: earnings_points", by="law: earnings_point")
    assert "earnings_points" in fault
    assert fault.startswith("de.yaml:")


def test_an_example_of_an_unknown_scheme_is_a_fault() -> None:
    text = TEXTS["de.yaml"]
    head, _, tail = text.rpartition("scheme: de-rente")
    with pytest.raises(AgreementFileError, match="'de-rentee' is no scheme of this file: expected one of de-rente"):
        load_legislation(f"{head}scheme: de-rentee{tail}", "de.yaml", sha256="0" * 64)


def test_an_unknown_key_and_a_float_are_faults() -> None:
    found = faults("it.yaml", replace="    currency: EUR", by="    curency: EUR")
    assert [fault.rpartition(": ")[0].rpartition(": ")[2] for fault in found] == [
        "the key 'currency' is missing",
        "unknown key 'curency'",
    ]
    assert "months" in faults("it.yaml", replace="months: 805", by="months: 805.5")[0]


@pytest.mark.parametrize("file", sorted(TEXTS))
def test_what_was_not_read_is_marked_in_the_file_and_weakens_its_status(file: str) -> None:
    content = load_legislation(TEXTS[file], file, sha256="0" * 64).content
    conditions = [row for scheme in content.schemes for row in scheme.age]
    conditions += [scheme.minimum for scheme in content.schemes if scheme.minimum]  # type: ignore[misc]
    if content.status != "unverified":
        assert {row.status for row in conditions} == {"verified"}


@pytest.mark.parametrize("file", sorted(TEXTS))
def test_an_editor_with_the_schema_finds_the_files_right_too(file: str) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    as_editors_read_it = json.loads(json.dumps(YAML(typ="safe", pure=True).load(TEXTS[file]), default=str))
    assert [error.message for error in validator.iter_errors(as_editors_read_it)] == []
    del as_editors_read_it["schemes"][0]["law"]
    assert list(validator.iter_errors(as_editors_read_it))
