"""The examples of every file come out as their sources say; so do those of the documentation."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from portability.agreements.examples import ExampleResult, run_agreement_examples, run_legislation_examples
from portability.agreements.loading import load_examples
from portability.agreements.national.legislation import LegislationFile
from portability.agreements.packaged import agreements, legislations, packaged_texts, stated_agreements
from portability.agreements.register import register_text, schema_text
from portability.agreements.rules import AgreementFile

ROOT = Path(__file__).resolve().parents[2]


def examples_of(text: str, file: str) -> list[ExampleResult]:
    """A set that ships beside the files, run against the agreement or the legislation that it names."""
    content, _ = load_examples(text, file)
    if content.agreement in agreements():
        return run_agreement_examples(content.examples, agreements()[content.agreement], legislations())
    law = next(one for one in legislations().values() if one.content.id == content.agreement)
    return run_legislation_examples(replace(law, content=law.content.model_copy(update={"examples": content.examples})))


RESULTS = [
    *(
        pytest.param(result, id=f"{one.id}-{result.case.id}")
        for one in agreements().values()
        for result in run_agreement_examples(one.content.examples, one, legislations())
    ),
    *(
        pytest.param(result, id=f"{one.content.id}-{result.case.id}")
        for one in legislations().values()
        for result in run_legislation_examples(one)
    ),
    *(
        pytest.param(result, id=f"{file}-{result.case.id}")
        for file, text in packaged_texts("examples").items()
        for result in examples_of(text, file)
    ),
]
HEAD = "format: 1\nagreement: eu-883-2004\nexamples:\n"
CASE = "  - {{id: case, title: A case, source: none, trust: own, kind: {kind}, given: {given}, expect: {expect}}}\n"


def run(kind: str, given: str, expect: str, agreement: str = "eu-883-2004") -> ExampleResult:
    text = HEAD.replace("eu-883-2004", agreement) + CASE.format(kind=kind, given=given, expect=expect)
    content, _ = load_examples(text, "mine.yaml")
    return run_agreement_examples(content.examples, agreements()[content.agreement], legislations())[0]


@pytest.mark.parametrize("result", RESULTS)
def test_an_example_comes_out_as_its_source_says(result: ExampleResult) -> None:
    if result.case.known_difference:
        assert not result.passed, "it comes out now: remove known_difference"
        return
    assert result.passed, f"expected {result.expected}, came out {result.actual} {result.error}"


@pytest.mark.parametrize("number", [0, 1])
def test_the_examples_of_the_documentation_run(number: int) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "agreement-files.md").read_text(), re.DOTALL)
    content, _ = load_examples(blocks[number], "agreement-files.md")

    results = run_agreement_examples(content.examples, agreements()[content.agreement], legislations())
    assert [result.actual for result in results if not result.passed] == []


def test_the_united_states_example_of_the_documentation_runs() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "legislation-files.md").read_text(), re.DOTALL)
    assert [result.actual for result in examples_of(block, "legislation-files.md") if not result.passed] == []


def test_a_wrong_expectation_fails_with_both_numbers() -> None:
    result = run("convert", "{amount: 100, unit: days, day_regime: 6, to: months}", "{amount: 3}")

    assert not result.passed
    assert (result.expected, result.actual) == ({"amount": "3"}, {"amount": "4"})


def test_an_expectation_of_something_that_does_not_come_out_fails() -> None:
    assert not run("convert", "{amount: 1, unit: weeks, to: months}", "{colour: blue}").passed
    assert not run("convert", "{amount: 1, unit: weeks, to: months}", "{}").passed


def test_a_period_that_counts_unexpectedly_fails_the_case() -> None:
    periods = (
        "[{id: a, state: DE, kind: compulsory, scheme: x, first_day: 2000-01-01, last_day: 2000-01-10}, "
        "{id: b, state: IT, kind: compulsory, scheme: y, first_day: 2000-01-05, last_day: 2000-01-20}]"
    )
    given = f"{{applying_state: DE, periods: {periods}}}"

    assert not run("overlap", given, "{counted: {a: 10}}").passed
    assert run("overlap", given, "{counted: {a: 10, b: 10}, set_aside: {b: 6}}").passed
    days = "{counted_days: {a: [2000-01-01 to 2000-01-10], b: [2000-01-11 to 2000-01-20]}}"
    assert run("overlap", given, days).passed


def test_years_communicated_one_by_one_are_converted_one_by_one() -> None:
    # 105 / 26 = 4.04, so 5 each year: 15. All at once 315 / 26 = 12.1, so 13 (987/2009 Art. 13(3)).
    one_by_one = "{yearly: [105, 105, 105], unit: days, day_regime: 6, to: months}"
    at_once = "{amount: 315, unit: days, day_regime: 6, to: months, calendar_years: 3}"

    assert run("convert", one_by_one, "{amount: 15, by_year: [5, 5, 5]}").passed
    assert run("convert", at_once, "{amount: 13}").passed


def test_a_case_may_expect_a_named_failure() -> None:
    given = "{on: 2009-12-31, amount: 100, unit: days, day_regime: 6, to: months}"

    assert run("convert", given, "{error: NO_RULE_IN_FORCE}").passed
    assert not run("convert", given, "{error: CONFLICTING_RULES}").passed
    assert not run("convert", given.replace("2009", "2019"), "{error: NO_RULE_IN_FORCE}").passed


def test_days_without_their_regime_are_refused_with_the_article() -> None:
    expect = '{error: INVALID_INPUT, citation: "987/2009 Art. 13(4)"}'

    assert run("convert", "{amount: 100, unit: days, to: months}", expect).passed


def test_a_given_that_is_not_of_the_shape_is_named() -> None:
    result = run("convert", "{amount: 1, unit: moons, to: months}", "{amount: 1}")

    assert not result.passed
    assert "given.unit" in result.error


def test_no_time_at_all_is_an_error_of_the_case_and_not_of_the_program() -> None:
    none = "{amount: 0, unit: months}"

    assert run("short_period", f"{{own: {none}, others: []}}", "{ratio: 1}").error
    assert run("pro_rata", f"{{theoretical: 100, own: {none}, total: {none}}}", "{pro_rata: 0}").error


def test_the_register_is_that_of_the_files() -> None:
    text = (ROOT / "agreements" / "portability" / "treaties" / "register.yaml").read_text(encoding="utf-8")

    assert text == register_text(stated_agreements().values()), "run tools/agreement_files.py"


@pytest.mark.parametrize(("file", "model"), [("agreement", AgreementFile), ("legislation", LegislationFile)])
def test_the_schemas_are_those_of_the_models(file: str, model: type[AgreementFile | LegislationFile]) -> None:
    text = (ROOT / "agreements" / f"{file}.schema.json").read_text(encoding="utf-8")

    assert text == schema_text(model), "run tools/agreement_files.py"


def test_the_register_is_not_taken_for_a_treaty() -> None:
    assert set(packaged_texts("treaties")) == {one.file for one in agreements().values()}
