"""Files of the law from outside: what they are, every fault with its place, examples with expected and actual."""

from textwrap import dedent

import pytest

from portability.agreements import packaged
from portability.agreements.errors import AgreementError, AgreementSyntaxError, InputError, NotFoundError
from portability.services.determination.agreement_handlers import (
    LARGEST_FILE,
    run_file,
    run_loaded,
    validate_file,
)
from portability.services.determination.files import check_file, file_id, file_kind, load_file
from portability.services.determination.model import CaseStatus, FileKind

TREATIES, LEGISLATION = packaged.packaged_texts("treaties"), packaged.packaged_texts("legislation")

EXAMPLES = dedent("""\
    format: 1
    agreement: eu-883-2004
    examples:
      - id: twenty-of-thirty
        title: Twenty years of thirty
        source: 883/2004 Art. 52(1)(b)(ii)
        trust: derived
        kind: higher_of
        given:
          independent: "800.00"
          theoretical: "1500.00"
          own: {amount: 20, unit: years}
          total: {amount: 30, unit: years}
        expect: {pro_rata: "1000.00", award: "1000.00"}
    """)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *((text, FileKind.AGREEMENT) for text in TREATIES.values()),
        *((text, FileKind.LEGISLATION) for text in LEGISLATION.values()),
        (EXAMPLES, FileKind.EXAMPLES),
    ],
)
def test_a_file_is_known_by_its_keys(text: str, kind: FileKind) -> None:
    assert file_kind(text, "some.yaml") is kind
    assert check_file(text, "some.yaml") == ()


@pytest.mark.parametrize("text", ["- 1\n- 2\n", "5\n", "format: 1\ntitle: nothing else\n"])
def test_a_file_that_is_none_of_ours_is_refused_at_its_first_line(text: str) -> None:
    with pytest.raises(AgreementSyntaxError, match=r"^x\.yaml:1:1: "):
        file_kind(text, "x.yaml")


def test_a_file_says_what_it_is_about() -> None:
    assert file_id(load_file(EXAMPLES, "mine.yaml")) == "eu-883-2004"
    assert file_id(load_file(LEGISLATION["de.yaml"], "de.yaml")) == "de"


async def test_every_fault_of_a_file_has_its_place() -> None:
    text = EXAMPLES.replace("kind: higher_of", "kind: highest_of").replace("trust: derived", "trusted: derived")
    faults = await validate_file(text, file="mine.yaml")
    assert sorted({(fault.file, fault.line) for fault in faults}) == [
        ("mine.yaml", 4),  # the key 'trust' is missing from the example
        ("mine.yaml", 7),
        ("mine.yaml", 8),
    ]
    assert all(fault.column >= 1 and fault.expectation for fault in faults)


async def test_two_rules_in_force_at_once_are_a_fault_at_the_second() -> None:
    text = TREATIES["ca-de.yaml"].replace(
        "    until: 2003-11-30\n    cite: CA-DE Art. 13(c)", "    cite: CA-DE Art. 13(c)"
    )
    assert text != TREATIES["ca-de.yaml"]
    (fault,) = await validate_file(text, file="ca-de.yaml")
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "german-pension-earnings-points" in line)
    assert (fault.line, fault.column) == (line, 5)
    assert fault.expectation.startswith("rule 'german-pension-earnings-points'")


async def test_a_file_of_examples_is_run_with_expected_and_actual() -> None:
    (report,) = await run_file(EXAMPLES, file="mine.yaml", law=packaged)
    assert report.status is CaseStatus.PASSED
    assert report.actual == {"pro_rata": "1000", "award": "1000"}
    wrong = EXAMPLES.replace('award: "1000.00"', 'award: "1000.01"')
    (report,) = await run_file(wrong, file="mine.yaml", law=packaged)
    assert report.status is CaseStatus.FAILED
    assert (report.expected["award"], report.actual["award"]) == ("1000.01", "1000")


async def test_an_example_that_the_law_gives_no_answer_to_fails_with_the_reason() -> None:
    text = EXAMPLES.replace("given:\n", "given:\n      on: 2010-04-30\n").replace(
        "amount: 30, unit: years", "amount: 30, unit: months"
    )
    (report,) = await run_file(text, file="mine.yaml", law=packaged)
    assert report.status is CaseStatus.FAILED
    assert "The first date covered is 2010-05-01" in report.reason
    assert report.actual == {}


async def test_a_known_difference_is_shown_and_one_that_has_gone_fails() -> None:
    known = 'expect: {award: "1000.01"}\n    known_difference: The source rounds each step'
    text = EXAMPLES.replace('expect: {pro_rata: "1000.00", award: "1000.00"}', known)
    (report,) = await run_file(text, file="mine.yaml", law=packaged)
    assert (report.status, report.reason) == (CaseStatus.DIFFERS, "The source rounds each step")
    (report,) = await run_file(text.replace("1000.01", "1000.00"), file="mine.yaml", law=packaged)
    assert report.status is CaseStatus.FAILED
    assert "remove `known_difference`" in report.reason


async def test_examples_of_a_legislation_may_stand_in_a_file_of_their_own() -> None:
    text = dedent("""\
        format: 1
        agreement: de
        examples:
          - id: ten-points
            title: Ten points at the regular age
            source: SGB VI § 64
            trust: derived
            kind: determine
            given:
              {scheme: de-rente, birth_date: 1958-12-15, award_on: 2025-01-01, own: 120, facts: {earnings_points: 10}}
            expect: {entitled: true, amount: "393.20"}
        """)
    (report,) = await run_file(text, file="mine.yaml", law=packaged)
    assert report.status is CaseStatus.PASSED


async def test_examples_of_an_unknown_agreement_are_refused() -> None:
    with pytest.raises(NotFoundError, match=r"'eu-1408'.*ca-de.*eu-883-2004.*\bde\b"):
        await run_file(EXAMPLES.replace("eu-883-2004", "eu-1408"), file="mine.yaml", law=packaged)


async def test_a_file_with_faults_is_not_run() -> None:
    with pytest.raises(AgreementError, match=r"mine\.yaml:\d+:\d+: "):
        await run_file(EXAMPLES.replace("format: 1", "format: 2"), file="mine.yaml", law=packaged)


async def test_a_file_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(InputError, match=f"at most {LARGEST_FILE}"):
        await validate_file("#" * (LARGEST_FILE + 1), file="large.yaml")


@pytest.mark.parametrize("agreement_id", sorted(packaged.agreements()))
async def test_the_examples_of_every_agreement_come_out(agreement_id: str) -> None:
    reports = await run_loaded(packaged.agreement(agreement_id), law=packaged)
    assert reports
    assert [report for report in reports if report.status is CaseStatus.FAILED] == []
