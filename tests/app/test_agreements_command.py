"""`portability agreements` as people use it: as a process, with its exit codes and its streams.

Where only what is printed matters, the command runs in this process: that takes a tenth of the time.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from portability.agreements import packaged
from portability.app.commands.agreements import app

PORTABILITY = str(Path(sys.executable).with_name("portability"))

EXAMPLES = """\
format: 1
agreement: eu-883-2004
examples:
  # 20/30 x 1500 = 1000, more than 800
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
"""

LEGISLATIONS = {one.content.id: one for one in packaged.legislations().values()}

FACTS = """\
state: DE
birth_date: 1958-12-15
residence_state: IT
award_on: 2025-08-01
periods:
  - {id: de-1, state: DE, kind: compulsory, scheme: de-rente, first_day: 2000-01-01, last_day: 2009-12-31, amount: 120, unit: months}
  - {id: it-1, state: IT, kind: compulsory, scheme: it-pensione, first_day: 1980-01-01, last_day: 1994-12-31, amount: 780, unit: weeks}
scheme_facts: {de-rente: {earnings_points: 12}}
"""  # noqa: E501 - one period a line, as people write it


def agreements(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [PORTABILITY, "agreements", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=60)


def printed(*arguments: str) -> str:
    finished = CliRunner().invoke(app, arguments)
    assert finished.exit_code == 0, finished.output
    return finished.stdout


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return name


def test_all_that_ships_with_the_package_is_without_fault(tmp_path: Path) -> None:
    checked = agreements("check", folder=tmp_path)
    assert (checked.returncode, checked.stderr) == (0, "")
    examples = packaged.packaged_texts("examples")
    count = len(packaged.agreements()) + len(packaged.legislations()) + len(examples)
    assert checked.stdout.startswith(f"{count} files checked, no fault")
    assert len(checked.stdout.splitlines()) == 1


def test_a_wrong_file_gives_file_line_column_and_expectation(tmp_path: Path) -> None:
    name = written(tmp_path, "mine.yaml", EXAMPLES.replace("trust: derived", "trust: nobody"))
    checked = agreements("check", name, folder=tmp_path)
    assert checked.returncode == 1
    assert checked.stdout.startswith("mine.yaml:8:5: ")
    assert "'published', 'official_program', 'derived' or 'own'" in checked.stdout
    assert checked.stderr == "1 fault in 1 of 1 file.\n"


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"format: 1\ntitle: caf\xe9\n", "mine.yaml:2:1: this is not UTF-8"),
        (b"format: 1\nrules: [\n", "mine.yaml:3:1: this is not YAML"),
        (b"format: 1\nformat: 1\n", "mine.yaml:2:1: the key 'format' stands twice"),
        (b"a: \x00\n", "mine.yaml:1:4: this is not YAML"),
        (b"", "mine.yaml:1:1: the file is empty"),
        (b"title: something else\n", "mine.yaml:1:1: this is none of ours"),
    ],
)
def test_what_is_no_file_of_the_law_is_refused_in_one_line(tmp_path: Path, content: bytes, place: str) -> None:
    (tmp_path / "mine.yaml").write_bytes(content)
    for command in ("check", "test"):
        refused = agreements(command, "mine.yaml", folder=tmp_path)
        assert refused.returncode == 1
        lines = (refused.stdout + refused.stderr).splitlines()
        assert lines[0].removeprefix("portability: ").startswith(place)
        assert "Traceback" not in refused.stderr


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    refused = agreements("check", "nowhere.yaml", folder=tmp_path)
    assert refused.returncode == 1
    assert refused.stderr == "portability: nowhere.yaml cannot be read: No such file or directory.\n"


def test_every_example_that_ships_with_the_package_passes(tmp_path: Path) -> None:
    tested = agreements("test", folder=tmp_path)
    assert tested.returncode == 0, tested.stdout
    summary = tested.stdout.splitlines()[-1]
    stated = (*packaged.stated_agreements().values(), *packaged.legislations().values())
    count = sum(len(one.content.examples) for one in stated)
    count += sum(len(one.examples) for one in packaged.example_sets())
    assert summary.startswith(f"{count} examples: ")
    assert ", 0 failed," in summary
    assert f"\n{count} examples" in printed("coverage")


def test_a_file_from_outside_is_told_in_counts_by_trust(tmp_path: Path) -> None:
    tested = agreements("test", written(tmp_path, "mine.yaml", EXAMPLES), folder=tmp_path)
    assert tested.returncode == 0
    assert tested.stdout.splitlines() == [
        "mine.yaml: 1 example, 1 passed, 0 failed, 0 differs",
        "examples  passed  failed  differs",
        "derived   1       0       0",
        "1 example: 1 passed, 0 failed, 0 differs.",
    ]


def test_every_case_is_printed_with_expected_and_actual_where_asked_for(tmp_path: Path) -> None:
    text = printed("test", str(tmp_path / written(tmp_path, "mine.yaml", EXAMPLES)), "--verbose")
    assert text.splitlines()[1:4] == [
        f"  passed   {'twenty-of-thirty':36}  Twenty years of thirty",
        "           expected  {pro_rata: 1000.00, award: 1000.00}",
        "           actual    {pro_rata: 1000, award: 1000}",
    ]


def test_a_known_difference_is_printed_with_its_reason_and_fails_nothing(tmp_path: Path) -> None:
    differing = (
        EXAMPLES.replace('award: "1000.00"', 'award: "999.00"') + "    known_difference: The office rounds down.\n"
    )
    text = printed("test", str(tmp_path / written(tmp_path, "mine.yaml", differing)))
    assert "  differs  twenty-of-thirty" in text
    assert "           because   The office rounds down." in text
    assert text.endswith("1 example: 0 passed, 0 failed, 1 differs.\n")


def test_a_case_that_does_not_come_out_is_failed_and_so_is_the_command(tmp_path: Path) -> None:
    name = written(tmp_path, "mine.yaml", EXAMPLES.replace('award: "1000.00"', 'award: "1000.01"'))
    tested = agreements("test", name, folder=tmp_path)
    assert tested.returncode == 1
    assert "  failed   twenty-of-thirty" in tested.stdout
    assert "expected  {pro_rata: 1000.00, award: 1000.01}" in tested.stdout
    assert "actual    {pro_rata: 1000, award: 1000}" in tested.stdout
    assert tested.stdout.endswith("1 example: 0 passed, 1 failed, 0 differs.\n")


def test_a_file_with_an_agreement_of_its_own_is_run(tmp_path: Path) -> None:
    name = written(tmp_path, "other.yaml", packaged.packaged_texts("treaties")["ca-de.yaml"])
    tested = agreements("test", name, folder=tmp_path)
    assert tested.returncode == 0
    assert tested.stdout.startswith("other.yaml: ")


def test_examples_of_an_agreement_that_there_is_not_are_refused(tmp_path: Path) -> None:
    name = written(tmp_path, "mine.yaml", EXAMPLES.replace("eu-883-2004", "eu-1408-71"))
    refused = agreements("test", name, folder=tmp_path)
    assert refused.returncode == 1
    assert "there is no agreement or legislation 'eu-1408-71'. Known: " in refused.stderr
    assert "ca-de" in refused.stderr


def test_the_list_names_every_file_with_its_review() -> None:
    lines = printed("list").splitlines()
    assert lines[0].split() == ["id", "kind", "review", "rules", "examples", "title"]
    assert [line.split()[0] for line in lines[1:]] == [*packaged.agreements(), *LEGISLATIONS]


@pytest.mark.parametrize("name", [*packaged.agreements(), *LEGISLATIONS])
def test_a_page_cites_every_rule_with_its_date_and_says_what_is_not_modelled(name: str) -> None:
    page = printed("show", name)
    if name in packaged.agreements():
        for rule in packaged.agreement(name).content.rules:
            assert f"{rule.cite}: {rule.rule.replace('_', ' ')}" in page
            assert f"from {rule.valid_from}" in page
        gaps = packaged.agreement(name).content.not_modelled
    else:
        gaps = LEGISLATIONS[name].content.not_modelled
    for gap in gaps:
        assert f"{gap.cite}: {gap.what}" in page


def test_a_page_that_there_is_not_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    refused = agreements("show", "atlantis", folder=tmp_path)
    assert refused.returncode == 1
    ids = ", ".join([*packaged.agreements(), *LEGISLATIONS])
    assert f"no agreement or legislation 'atlantis'. Known: {ids}." in refused.stderr


def test_a_claim_is_explained_to_each_reader(tmp_path: Path) -> None:
    # 12 x 1.035 x 40.79 = 506.6118; as theoretical amount 1266.53 x 120/300 = 506.612
    claim = str(tmp_path / written(tmp_path, "claim.yaml", FACTS))
    for reader, said in (
        ("caseworker", "[883/2004 Art. 52(1)(b)(ii)]"),
        ("jurist", "883/2004 Art. 52(1)(b)(ii): "),
        ("worker", "€506.61 a month."),
    ):
        text = printed("explain", "eu-883-2004", claim, "--for", reader)
        assert said in text
        assert "€506.61" in text
        assert "projection, not an award" in text


def test_the_trace_of_a_claim_is_the_same_in_two_processes(tmp_path: Path) -> None:
    name = written(tmp_path, "claim.yaml", FACTS)
    first, again = (agreements("explain", "eu-883-2004", name, "--for", "trace", folder=tmp_path) for _ in range(2))
    assert first.stdout == again.stdout
    assert json.loads(first.stdout)["benefits"][0]["award"] == "50661/100 EUR"


def test_facts_with_a_fault_are_refused_with_its_place(tmp_path: Path) -> None:
    name = written(tmp_path, "claim.yaml", FACTS.replace("birth_date: 1958-12-15", "birth_date: 1958-12-32"))
    refused = agreements("explain", "eu-883-2004", name, folder=tmp_path)
    assert refused.returncode == 1
    assert refused.stderr.startswith("portability: claim.yaml:2:1: ")


def test_a_claim_that_is_neither_file_nor_case_is_refused(tmp_path: Path) -> None:
    refused = agreements("explain", "eu-883-2004", "nowhere", folder=tmp_path)
    assert refused.returncode == 1
    assert refused.stderr.startswith("portability: 'nowhere' is neither a file nor a `determine` case")


def test_a_claim_is_explained_in_the_language_asked_for(tmp_path: Path) -> None:
    claim = str(tmp_path / written(tmp_path, "claim.yaml", FACTS))
    assert "506,61 €" in printed("explain", "eu-883-2004", claim, "--language", "fr").replace("\N{NO-BREAK SPACE}", " ")

    refused = agreements("explain", "eu-883-2004", claim, "--language", "xx", folder=tmp_path)
    assert refused.returncode == 1
    assert "There are no explanations in 'xx'. Known: ar, " in refused.stderr
