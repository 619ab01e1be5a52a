"""Every step that a rule notes has its sentence in every language, with all the values that it wants; none is left."""

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest

from portability.agreements.catalogues import Catalogue, catalogue, languages
from portability.agreements.determination import determine
from portability.agreements.exact import read_step, write_facts
from portability.agreements.examples import run_agreement_examples, run_legislation_examples
from portability.agreements.loading import Agreement
from portability.agreements.model import Step
from portability.agreements.packaged import agreements, legislations
from portability.agreements.sentences import can_say, placeholders, sentence
from tests.agreements.test_boundary_dates import CASES, NAMED, facts

ROOT = Path(__file__).resolve().parents[2]
Case = tuple[Agreement, str, date]
PARTS = ("agreements", "services", "deploy")
OF_EACH = 4
"""Steps kept of each rule and outcome: thousands of examples come to the same rules."""


@pytest.fixture(scope="module")
def steps() -> Iterator[list[Step]]:
    """Steps of every rule that the examples of all files come to, and careers around the dates of their rules."""
    kept: dict[tuple[str, str], list[Step]] = {}
    with pytest.MonkeyPatch.context() as patch:
        made = Step.__new__

        def noticed(cls: type[Step], *args: Any, **values: Any) -> Step:
            step = made(cls, *args, **values)
            of_kind = kept.setdefault((step.rule, step.output if isinstance(step.output, str) else ""), [])
            if len(of_kind) < OF_EACH:
                of_kind.append(step)
            return step

        patch.setattr(Step, "__new__", noticed)
        for one in agreements().values():
            run_agreement_examples(one.content.examples, one, legislations())
        for law in legislations().values():
            run_legislation_examples(law)
        for agreement, state, on in (cast(Case, case.values) for case in CASES[::7]):
            with suppress(*NAMED):
                determine(facts(agreement, state, on), agreement=agreement, legislation=legislations()[state])
    yield [step for of_kind in kept.values() for step in of_kind]


@pytest.fixture(params=languages())
def words(request: pytest.FixtureRequest) -> Catalogue:
    return catalogue(request.param)


def named_in_code() -> set[str]:
    """Rules that a module names where it makes a step: the first argument of `Step` and of `noted`."""
    found: set[str] = set()
    for part in PARTS:
        for path in (ROOT / part).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Step", "noted"} and node.args:
                    found |= _texts(node.args[0])
    return found


def _texts(node: ast.expr) -> set[str]:
    if isinstance(node, ast.IfExp):
        return _texts(node.body) | _texts(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def test_every_rule_that_makes_a_step_has_a_sentence(words: Catalogue) -> None:
    assert named_in_code() - words.sentences.keys() == set()


def test_every_step_of_the_examples_is_told_to_the_caseworker(words: Catalogue, steps: list[Step]) -> None:
    assert len(steps) > 200
    assert [step for step in steps if not can_say(step, "caseworker", words)] == []
    assert all(sentence(step, "caseworker", words) for step in steps)


def test_what_the_worker_is_told_has_its_values(words: Catalogue, steps: list[Step]) -> None:
    told = [step for step in steps if step.rule in words.sentences and words.template(step, "worker")]

    assert len(told) > 100
    assert [step for step in told if not can_say(step, "worker", words)] == []
    assert all(sentence(step, "worker", words) for step in told)


def test_no_sentence_is_left_over(words: Catalogue) -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for part in PARTS for path in (ROOT / part).rglob("*.py"))
    assert [rule for rule in words.sentences if f'"{rule}"' not in code] == []


def test_a_language_says_what_english_says(words: Catalogue) -> None:
    english = catalogue("en")

    assert words.sentences.keys() == english.sentences.keys()
    assert words.terms.keys() == english.terms.keys()
    assert words.units.keys() == english.units.keys()
    for rule, readers in english.sentences.items():
        for reader, template in readers.items():
            other = words.sentences[rule][reader]
            assert variants(other).keys() == variants(template).keys(), rule
            for outcome, text in variants(template).items():
                assert placeholders(variants(other)[outcome]) == placeholders(text), (rule, reader, outcome)


def variants(template: Any) -> dict[str, str]:
    return dict(template) if not isinstance(template, str) else {"": template}


def test_every_plural_of_the_language_has_its_form(words: Catalogue) -> None:
    needed = {*words.locale.plural_form.rules, "other"}

    assert {unit: needed - forms.keys() for unit, forms in words.units.items() if needed - forms.keys()} == {}


def outside_isolates(text: str) -> str:
    """What stands in no isolate: U+2066 and U+2068 begin one, U+2069 ends it."""
    depth, kept = 0, []
    for sign in text:
        depth += {"\u2066": 1, "\u2068": 1, "\u2069": -1}.get(sign, 0)
        kept.append(sign if depth == 0 else "")
    assert depth == 0, text
    return "".join(kept)


def test_in_a_language_from_right_to_left_every_value_and_formula_keeps_its_direction(steps: list[Step]) -> None:
    arabic = catalogue("ar")

    for step in steps:
        said = sentence(step, "caseworker", arabic)
        outside = outside_isolates(said)
        assert not re.search(r"[0-9A-Za-z×]", outside), outside


def test_a_step_crosses_to_another_node_and_tells_the_same(steps: list[Step]) -> None:
    for step in steps:
        again = read_step(step.rule, step.citation, write_facts(step))
        assert (again.values, again.output) == (step.values, step.output)
