"""Every published case is carried by an example of the package, or it is written down why none carries it."""

import json
import os
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from portability.agreements.loading import load_examples
from portability.agreements.packaged import legislations, packaged_texts, stated_agreements
from portability.agreements.yaml_source import read_yaml

FILE = Path(__file__).with_name("published_cases.yaml")
LISTED: Any = read_yaml(FILE.read_text(encoding="utf-8"), FILE.name).values

AGREEMENTS_OF_THE_UNITED_STATES = {
    "it": "1978-11-01", "de": "1979-12-01", "no": "1984-07-01", "be": "1984-07-01", "ca": "1984-08-01",
    "gb": "1988-01-01", "es": "1988-04-01", "fr": "1988-07-01", "pt": "1989-08-01", "nl": "1990-11-01",
    "at": "1991-11-01", "fi": "1992-11-01", "ie": "1993-09-01", "lu": "1993-11-01", "gr": "1994-09-01",
    "kr": "2001-04-01", "cl": "2001-12-01", "au": "2002-10-01", "jp": "2005-10-01", "dk": "2008-10-01",
    "cz": "2009-01-01", "pl": "2009-03-01", "sk": "2014-05-01", "hu": "2016-09-01", "br": "2018-10-01",
    "uy": "2018-11-01", "si": "2019-02-01", "is": "2019-03-01",
}  # fmt: skip
"""The day on which each takes effect (SSA, Program Operations Manual System, GN 01703.001); benefits with Britain."""
FIRST_TEXT_NOT_READ = {"ch": "1 November 1980", "se": "1 January 1987"}
"""Agreements whose files begin with a later text; they name the day on which the first one took effect."""


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


@pytest.mark.parametrize(("state", "day"), AGREEMENTS_OF_THE_UNITED_STATES.items())
def test_agreements_of_the_united_states_begin_on_the_published_days(state: str, day: str) -> None:
    agreement = stated_agreements()["-".join(sorted((state, "us")))]

    assert min(rule.valid_from for rule in agreement.content.rules) == date.fromisoformat(day)


@pytest.mark.parametrize(("state", "day"), FIRST_TEXT_NOT_READ.items())
def test_an_agreement_that_begins_with_a_later_text_names_the_published_day(state: str, day: str) -> None:
    content = stated_agreements()["-".join(sorted((state, "us")))].content

    assert day in " ".join((*content.supersedes, *(gap.what for gap in content.not_modelled)))


def test_a_case_under_tested_names_a_test_that_exists() -> None:
    assert set(LISTED["tested"].values()) - globals().keys() == set()


def test_a_case_that_no_example_carries_has_a_reason_of_its_own() -> None:
    assert {case for case, reason in LISTED["left_out"].items() if len(reason.split()) < 4} == set()
    assert len({*LISTED["carried"], *LISTED["tested"], *LISTED["left_out"]}) == sum(
        len(part) for part in LISTED.values()
    )


@pytest.mark.shared
def test_no_published_case_is_missing_from_the_list() -> None:
    shared = os.environ.get("PORTABILITY_SHARED")
    if not shared:
        pytest.skip("the published cases were not compared: PORTABILITY_SHARED names no folder that holds them")
    cases = json.loads((Path(shared) / "cases" / "published.json").read_text(encoding="utf-8"))

    assert len(cases) == 78
    assert {case["id"] for case in cases} == {*LISTED["carried"], *LISTED["tested"], *LISTED["left_out"]}
