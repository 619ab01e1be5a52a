"""Every step that a rule notes has its sentence in every language, with all the values that it wants; none is left."""

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest

from portability.agreements.catalogues import Catalogue, catalogue, languages
from portability.agreements.determination import determine
from portability.agreements.exact import read_step, write_facts
from portability.agreements.example_inputs import DetermineGiven
from portability.agreements.examples import run_agreement_examples, run_legislation_examples
from portability.agreements.explanation import Audience, render
from portability.agreements.loading import Agreement
from portability.agreements.lookup import boundary_dates
from portability.agreements.model import Determination, Step
from portability.agreements.packaged import agreements, legislations
from portability.agreements.sentences import can_say, sentence
from portability.services.determination.model import TRIAL
from tests.agreements.test_boundary_dates import CASES, NAMED, facts

ROOT = Path(__file__).resolve().parents[2]
Case = tuple[Agreement, str, date]
PARTS = ("agreements", "services", "deploy")
AT_RUN_TIME = {
    "benefit": "deploy/portability/app/wiring/determiner.py",  # whether something is due
    "no_benefit": "deploy/portability/app/wiring/determiner.py",
    "counted_by_calendar": "agreements/portability/agreements/aggregation.py",  # a conversion without a scale
    "own_right": "agreements/portability/agreements/determination.py",  # a minimum period, on own time alone
    "full_amount": "agreements/portability/agreements/national/residence_fractions.py",  # whether age raises it
    "full_amount_raised": "agreements/portability/agreements/national/residence_fractions.py",
    "us_early": "agreements/portability/agreements/national/us_steps.py",  # before, at or after full retirement age
    "us_full_age": "agreements/portability/agreements/national/us_steps.py",
    "us_delayed": "agreements/portability/agreements/national/us_steps.py",
}
"""Rules that are chosen while computing and so stand in no call by name, each with the module that chooses it."""
READERS: tuple[Audience, ...] = ("jurist", "caseworker", "worker")
PLACE = re.compile(r"\{[^{}]*\}")


@pytest.fixture(scope="module")
def steps() -> Iterator[list[Step]]:
    """Each step once that the examples of all files come to, and careers around the dates of their rules."""
    kept: dict[Step, None] = {}
    with pytest.MonkeyPatch.context() as patch:
        made = Step.__new__

        def noticed(cls: type[Step], *args: Any, **values: Any) -> Step:
            step = made(cls, *args, **values)
            kept[step] = None
            return step

        patch.setattr(Step, "__new__", noticed)
        for one in agreements().values():
            run_agreement_examples(one.content.examples, one, legislations())
        for law in legislations().values():
            run_legislation_examples(law)
        for agreement, state, on in (cast(Case, case.values) for case in CASES[::7]):
            with suppress(*NAMED):
                determine(facts(agreement, state, on), agreement=agreement, legislation=legislations()[state])
    yield list(kept)


@pytest.fixture(scope="module")
def determined() -> list[Determination]:
    """What comes out of the examples of kind `determine`, of all agreements; those that expect an error aside."""
    found: list[Determination] = []
    for one in agreements().values():
        for case in one.content.examples:
            if case.kind == "determine" and "error" not in case.expect:
                given = DetermineGiven.model_validate(case.given).facts(boundary_dates(one)[-1])
                found.append(determine(given, agreement=one, legislation=legislations()[given.state]))
    return found


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
    assert len(steps) > 1000
    assert [step for step in steps if not can_say(step, "caseworker", words)] == []
    said = [sentence(step, "caseworker", words) for step in steps]
    assert [text for text in said if not text or "{" in text or "}" in text] == []


def test_what_the_worker_is_told_has_its_values(words: Catalogue, steps: list[Step]) -> None:
    told = [step for step in steps if step.rule in words.sentences and words.template(step, "worker")]

    assert len(told) > 400
    assert [step for step in told if not can_say(step, "worker", words)] == []
    said = [sentence(step, "worker", words) for step in told]
    assert [text for text in said if not text or "{" in text or "}" in text] == []


def test_the_english_catalogue_says_what_the_messages_say(determined: list[Determination]) -> None:
    english = catalogue("en")

    assert english.term("trial") == TRIAL
    for status in ("unverified", "drafted"):
        assert english.term(f"banner_{status}") == replace(determined[0], review_status=status).banner


@pytest.mark.parametrize("reader", READERS)
def test_every_determination_is_told_to_every_reader(
    words: Catalogue, reader: Audience, determined: list[Determination]
) -> None:
    assert len(determined) > 10
    for one in determined:
        text = render(one, reader, words.language)
        assert "{" not in text
        assert words.term(f"banner_{one.review_status}") in text


def test_no_sentence_is_left_over(words: Catalogue) -> None:
    assert words.sentences.keys() - named_in_code() == AT_RUN_TIME.keys()
    for rule, module in AT_RUN_TIME.items():
        assert f'"{rule}"' in (ROOT / module).read_text(encoding="utf-8"), rule


def test_a_language_says_what_english_says(words: Catalogue) -> None:
    english = catalogue("en")

    assert words.sentences.keys() == english.sentences.keys()
    assert words.terms.keys() == english.terms.keys()
    assert words.units.keys() == english.units.keys()
    assert {name for name, text in english.terms.items() if places(text) != places(words.terms[name])} == set()
    for rule, readers in english.sentences.items():
        assert words.sentences[rule].keys() == readers.keys(), rule
        for reader, template in readers.items():
            other = words.sentences[rule][reader]
            assert variants(other).keys() == variants(template).keys(), rule
            for outcome, text in variants(template).items():
                assert places(variants(other)[outcome]) == places(text), (rule, reader, outcome)


@pytest.mark.parametrize("language", [one for one in languages() if one != "en"])
def test_sentences_are_translated_and_not_copied(language: str) -> None:
    english, other = catalogue("en").sentences, catalogue(language).sentences
    same = [
        (rule, reader, outcome)
        for rule, readers in english.items()
        for reader, template in readers.items()
        for outcome, text in variants(template).items()
        if text == variants(other[rule][reader])[outcome] and any(map(str.isalpha, PLACE.sub("", text)))
    ]
    assert same == []


def places(template: str) -> set[str]:
    """What a template leaves open, with the way that each value is written: `{own}` is not `{own:unit}`."""
    return set(PLACE.findall(template))


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
