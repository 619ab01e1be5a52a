"""Every fault of a file is told with its place and what was expected. Each file is named for its fault."""

from pathlib import Path

import pytest

from portability.agreements.errors import AgreementFileError, AgreementSyntaxError, ConflictingRulesError
from portability.agreements.loading import load_agreement
from portability.agreements.yaml_source import MAX_BYTES, read_yaml

HERE = Path(__file__).parent

# The fault, its line and column, and words of what was expected.
FAULTS = [
    ("anchor", 5, 10, "write the value out"),
    ("cites-no-instrument", 18, 5, "expected '<instrument> <article>' with an instrument of this file (TEXT)"),
    ("empty", 1, 1, "expected `format: 1`"),
    ("ends-before-it-starts", 18, 5, "`until` is the last day in force"),
    ("explicit-tag", 3, 8, "write the value without it"),
    ("hash-too-short", 11, 5, "expected text of the form ^[0-9a-f]{64}$, not '0badc0de'"),
    ("id-taken", 20, 5, "ids are unique in a file"),
    ("key-stands-twice", 12, 1, "the key 'status' stands twice"),
    ("list-for-mapping", 1, 1, "expected keys and values"),
    ("no-citation", 15, 5, "the key 'cite' is missing: add it"),
    ("no-such-day", 17, 5, "expected a day that exists, written YYYY-MM-DD, not '2020-02-30'"),
    ("one-party", 5, 1, "expected at least 2 entries, not 1"),
    ("rule-without-kind", 15, 5, "the key 'rule' is missing: add the kind of rule"),
    ("state-in-small-letters", 5, 15, "expected text of the form ^[A-Z]{2}$, not 'de'"),
    ("two-rules-in-force", 20, 5, "end one with `until`"),
    ("unit-unknown", 22, 28, "expected 'days', 'weeks', 'months', 'quarters' or 'years', not 'fortnights'"),
    ("unknown-key", 19, 5, "unknown key 'onyl': correct its spelling or remove it"),
    ("unknown-rule", 15, 5, "unknown rule 'agregation': expected one of"),
    ("wrong-indentation", 21, 4, "this is not YAML"),
]


def faults_of(name: str) -> list[tuple[int, int, str]]:
    file = HERE / "broken" / f"{name}.yaml"
    try:
        load_agreement(file.read_text(encoding="utf-8"), file.name)
    except AgreementFileError as exc:
        assert all(one.file == file.name for one in exc.errors)
        return [(one.line, one.column, one.expectation) for one in exc.errors]
    except AgreementSyntaxError as exc:
        assert str(exc).startswith(f"{file.name}:{exc.line}:{exc.column}: ")
        return [(exc.line, exc.column, exc.expectation)]
    except ConflictingRulesError as exc:
        assert exc.place is not None
        return [(*exc.place[1:], exc.message)]
    return []


@pytest.mark.parametrize(("name", "line", "column", "words"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_broken_file_is_refused_with_the_place_and_what_was_expected(
    name: str, line: int, column: int, words: str
) -> None:
    found = faults_of(name)

    assert [(found_line, found_column) for found_line, found_column, _ in found] == [(line, column)]
    assert words in found[0][2]


def test_several_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    found = faults_of("several-faults")

    assert [(line, column) for line, column, _ in found] == [(4, 1), (17, 5), (20, 5)]
    assert "expected 'bilateral' or 'multilateral', not 'trilateral'" in found[0][2]


def test_every_broken_file_has_its_expectation_here() -> None:
    files = {file.stem for file in (HERE / "broken").glob("*.yaml")}

    assert files == {name for name, *_ in FAULTS} | {"several-faults"}


def test_a_bare_no_is_norway() -> None:
    file = HERE / "files" / "smallest.yaml"

    assert load_agreement(file.read_text(encoding="utf-8"), file.name).content.parties == ("NO", "DE")


def test_a_number_is_not_taken_for_a_day() -> None:
    text = (HERE / "files" / "smallest.yaml").read_text(encoding="utf-8").replace("2020-01-01", "20200101")

    with pytest.raises(AgreementFileError, match="written YYYY-MM-DD, not '20200101'"):
        load_agreement(text, "seconds.yaml")


def test_a_conflict_names_both_rules_and_both_citations() -> None:
    _, _, message = faults_of("two-rules-in-force")[0]

    assert "'aggregation-amended' (TEXT Art. 6)" in message
    assert "'aggregation' (TEXT Art. 5, two-rules-in-force.yaml:15:5)" in message


def test_a_file_over_the_limit_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(AgreementSyntaxError, match=f"larger than {MAX_BYTES} bytes"):
        read_yaml("a: b\n" * (MAX_BYTES // 5 + 1), "huge.yaml")


def test_deep_nesting_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(AgreementSyntaxError, match="nested deeper") as caught:
        read_yaml("format: " + "[" * 10_000, "deep.yaml")

    assert (caught.value.line, caught.value.column) == (1, 8 + 25)


@pytest.mark.parametrize(
    "text", ["- " * 50_000, "\n".join(f"{'  ' * depth}a:" for depth in range(300)), "{a: " * 50_000]
)
def test_nesting_of_any_kind_ends_at_once(text: str) -> None:
    with pytest.raises(AgreementSyntaxError, match="nested deeper"):
        read_yaml(text, "deep.yaml")


def test_brackets_within_a_text_or_a_comment_do_not_nest() -> None:
    assert read_yaml(f"title: '{'[' * 40}'  # {'{' * 40}\n", "brackets.yaml").values == {"title": "[" * 40}


def test_a_forbidden_character_has_a_place() -> None:
    with pytest.raises(AgreementSyntaxError) as caught:
        read_yaml("format: 1\nid: a\x00b\n", "nul.yaml")

    assert (caught.value.line, caught.value.column) == (2, 6)


def test_two_documents_in_one_file_are_refused() -> None:
    with pytest.raises(AgreementSyntaxError, match="this is not YAML"):
        read_yaml("format: 1\n---\nformat: 1\n", "two.yaml")
