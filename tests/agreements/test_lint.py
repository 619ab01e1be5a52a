"""A file that can be loaded may still be wrong, or lack what its author should add: faults, and warnings."""

import pytest

from portability.agreements.lint import Remark, remarks
from portability.agreements.loading import load_agreement
from portability.agreements.national.legislation import load_legislation
from portability.agreements.packaged import legislation, packaged_texts
from portability.services.determination.files import check_file, examine_file

# A file with nothing to remark.
CLEAN = """\
format: 1
id: aa-bb
title: Agreement between two states, invented for this test
kind: bilateral
parties: [DE, CA]
instruments:
  - {id: AB, title: The treaty, official: "https://example.org/treaty", read: complete, read_sha256: %s}
status: drafted
branches: [old_age]
not_modelled: []
rules:
  - {id: scope, rule: personal_scope, from: 2000-01-01, cite: AB Art. 3, persons: all_insured, groups: [others_insured]}
  - {id: export, rule: export, from: 2000-01-01, cite: AB Art. 5(1), to: parties}
  - {id: share, rule: own_periods_only, from: 2000-01-01, cite: AB Art. 9, eligibility_cite: AB Art. 8}
examples:
  - id: half
    title: Half of the time
    source: AB Art. 9
    trust: derived
    kind: pro_rata
    given: {theoretical: 100, own: {amount: 1, unit: years}, total: {amount: 2, unit: years}}
    expect: {pro_rata: 50}
""" % ("0" * 64)


def said(*replacements: tuple[str, str]) -> tuple[Remark, ...]:
    text = CLEAN
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return remarks(load_agreement(text, "f.yaml").content)


def test_a_file_with_nothing_to_remark() -> None:
    assert said() == ()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("cite: AB Art. 9,", "cite: AB (article not read),", "names no article: name it, to the sub-paragraph"),
        ("cite: AB Art. 5(1)", "cite: AB whole", "can differ by residence"),
        ("cite: AB Art. 5(1), to", "cite: AB Art. 5(1), until: 3005-01-01, to", "expected a day of 1880 to 2100"),
        ("from: 2000-01-01, cite: AB Art. 3,", "from: 1200-01-01, cite: AB Art. 3,", "names 1200-01-01"),
        ("read: complete", "read: not read; a newspaper", "was not read: mark it `status: unverified`"),
        ("status: drafted", "status: reviewed", "the file is reviewed, though 'export' are marked as unverified"),
    ],
)
def test_a_fault_must_be_corrected(old: str, new: str, words: str) -> None:
    unverified = [("to: parties}", "to: parties, status: unverified}")] if "reviewed" in new else []
    faults = [one.text for one in said((old, new), *unverified) if one.is_fault]
    assert any(words in text for text in faults), faults


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (", read_sha256: " + "0" * 64, "", "the SHA-256 of the copy is not given"),
        ("cite: AB Art. 5(1)", "cite: AB Art. 5", "if it has paragraphs, name the one that says so"),
        ("to: parties}", "to: parties, status: unverified}", "the file is drafted, though 'export'"),
        (
            "eligibility_cite: AB Art. 8}",
            "eligibility_cite: AB Art. 8, states: [CA]}",
            "no rule says how DE calculates",
        ),
        ("kind: pro_rata", "kind: short_period", "no example shows a rule 'own_periods_only' at work"),
        (
            "not_modelled",
            "bound: [{state: CA, from: 1999-01-01, cite: AB notice}]\nnot_modelled",
            "before the first rule",
        ),
    ],
)
def test_a_warning_is_for_the_author_to_weigh(old: str, new: str, words: str) -> None:
    found = said((old, new))
    assert [one.is_fault for one in found] == [False]
    assert words in found[0].text


def test_an_unread_article_of_an_unverified_rule_is_a_warning() -> None:
    found = said(("cite: AB Art. 9, ", "cite: AB (article not read), status: unverified, "))
    assert not any(one.is_fault for one in found)
    assert any("'share' cites 'AB (article not read)'" in one.text for one in found)


def test_a_file_without_examples_is_told_so() -> None:
    texts = [one.text for one in said((CLEAN[CLEAN.index("examples:") :], ""))]
    assert texts == ["the file has no example: nothing shows that it says what the treaty says"]


def test_a_gap_that_stops_the_calculation_stands_for_the_missing_rule() -> None:
    gap = "not_modelled:\n  - {cite: AB Art. 10, what: the German amount, stops: calculation, states: [DE]}"
    assert said(("eligibility_cite: AB Art. 8}", "eligibility_cite: AB Art. 8, states: [CA]}"),
                ("not_modelled: []", gap)) == ()  # fmt: skip


def test_a_cap_needs_the_period_of_a_full_benefit_from_a_law() -> None:
    share = (
        "rule: pro_rata_without_independent_right, from: 2000-01-01, cite: AB Art. 9, independent_cite: AB Art. 9(1), "
    )
    share += "theoretical_cite: AB Art. 9(2), pro_rata_cite: AB Art. 9(3), maximum_cite: AB Art. 9(4)}"
    text = CLEAN.replace(
        "rule: own_periods_only, from: 2000-01-01, cite: AB Art. 9, eligibility_cite: AB Art. 8}", share
    )
    content = load_agreement(text, "f.yaml").content
    german = [one.text for one in remarks(content, [legislation("DE").content])]
    assert german == [
        "'share' caps the total, and no law of CA, DE says at what: no cap without the figure full_period"
    ]
    italian = content.model_copy(update={"parties": ("DE", "IT")})
    assert remarks(italian, [legislation("DE").content, legislation("IT").content]) == ()
    assert remarks(content) == ()


def test_the_table_of_ages_may_begin_before_every_birth() -> None:
    text = packaged_texts("legislation")["ca.yaml"].replace("born_from: 1900-01-01", "born_from: 1800-01-01")
    found = remarks(load_legislation(text, "ca.yaml", sha256="").content)
    assert [one.is_fault for one in found if "1800" in one.text] == [False, False]


def test_a_remark_has_the_place_of_the_rule_in_the_file() -> None:
    text = CLEAN.replace("cite: AB Art. 5(1)", "cite: AB somewhere")
    line = next(number for number, row in enumerate(text.splitlines(), start=1) if "id: export" in row)
    faults, warnings = examine_file(text, "f.yaml")
    assert warnings == ()
    assert {fault.line for fault in faults} == {line}
    assert check_file(text, "f.yaml") == faults


def test_nothing_that_ships_with_the_package_has_a_fault() -> None:
    texts = packaged_texts("treaties") | packaged_texts("legislation")
    assert [fault for file, text in texts.items() for fault in check_file(text, file)] == []
