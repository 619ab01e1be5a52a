"""`portability agreements select` and `applicable`: what they say, and what they refuse."""

import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [str(Path(sys.executable).with_name("portability")), "agreements"]


def said(*arguments: str, status: int = 0) -> str:
    finished = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == status, finished.stderr
    return finished.stdout + finished.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        # 20 CFR 404.1910(b): the better of two agreements, never both
        (("US", "--career", "DE,FR,US"), "the highest amount is due. (20CFR 404.1910(b))"),
        (("CA", "--career", "in"), "It decides alone."),
        (("IN", "--career", "PH"), "No agreement takes this career's periods together."),
        # the agreement with France is in force from 1 July 1988
        (("US", "--career", "FR", "--on", "1988-06-30"), "No agreement takes this career's periods together."),
        (("US", "--career", "FR", "--on", "1988-07-01"), "It decides alone."),
    ],
)
def test_the_agreements_of_a_career_are_named_with_what_decides(arguments: tuple[str, ...], expected: str) -> None:
    assert expected in said("select", *arguments)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("DE", "--career", "Germany"), "not a list of ISO 3166-1 alpha-2 codes"),
        (("DE", "--career", "IT", "--branch", "luck"), "'luck' is no branch. Known: "),
    ],
)
def test_what_names_no_state_or_branch_is_refused(arguments: tuple[str, ...], expected: str) -> None:
    assert expected in said("select", *arguments, status=1)


FACTS = """
on: 2026-11-01
residence_state: PL
activities: [{state: DE, employer_seat: PL}]
posting: {from: PL, to: DE, since: 2026-01-01, expected_months: 24}
"""


def test_the_legislation_of_work_is_said_with_its_rule_and_end(tmp_path: Path) -> None:
    facts = tmp_path / "work.yaml"
    facts.write_text(FACTS)
    text = said("applicable", "eu-883-2004", str(facts))

    # Art. 12(1): the work is not expected to last more than 24 months
    assert "Poland (PL), until 2027-12-31: 883/2004 Art. 12(1)" in text


def test_facts_of_work_with_a_fault_are_refused_with_their_place(tmp_path: Path) -> None:
    facts = tmp_path / "work.yaml"
    facts.write_text(FACTS.replace("2026-11-01", "2026-11-31"))
    assert f"portability: {facts}:2:1: " in said("applicable", "eu-883-2004", str(facts), status=1)
    assert "is neither a file nor" in said("applicable", "eu-883-2004", "nowhere", status=1)
