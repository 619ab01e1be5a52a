"""Every published case is carried by an example of the package, or it is written down why none carries it."""

import json
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from portability.agreements.loading import load_examples
from portability.agreements.packaged import legislations, packaged_texts, stated_agreements
from portability.agreements.yaml_source import read_yaml

FILE = Path(__file__).with_name("published_cases.yaml")
LISTED: Any = read_yaml(FILE.read_text(encoding="utf-8"), FILE.name).values


@cache
def packaged_examples() -> frozenset[str]:
    """Every example of the package, as `file#id`."""
    cases: list[tuple[str, Iterable[Any]]] = [
        *((f"{one.id}.yaml", one.content.examples) for one in stated_agreements().values()),
        *((f"{one.content.id}.yaml", one.content.examples) for one in legislations().values()),
        *((file, load_examples(text, file)[0].examples) for file, text in packaged_texts("examples").items()),
    ]
    return frozenset(f"{file}#{case.id}" for file, examples in cases for case in examples)


@pytest.mark.parametrize("case", sorted(LISTED["carried"]))
def test_a_case_is_carried_by_examples_that_exist(case: str) -> None:
    names = LISTED["carried"][case]

    assert names, f"{case} names no example: it belongs under left_out, with the reason"
    assert sorted(set(names) - packaged_examples()) == []


def test_a_case_that_no_example_carries_has_a_reason_of_its_own() -> None:
    assert {case for case, reason in LISTED["left_out"].items() if len(reason.split()) < 4} == set()
    assert set(LISTED["carried"]) & set(LISTED["left_out"]) == set()


@pytest.mark.shared
def test_no_published_case_is_missing_from_the_list() -> None:
    shared = os.environ.get("PORTABILITY_SHARED")
    if not shared:
        pytest.skip("the published cases were not compared: PORTABILITY_SHARED names no folder that holds them")
    cases = json.loads((Path(shared) / "cases" / "published.json").read_text(encoding="utf-8"))

    assert len(cases) == 78
    assert {case["id"] for case in cases} == {*LISTED["carried"], *LISTED["left_out"]}
