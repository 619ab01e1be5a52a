"""The treaty administrator's commands as she uses them: what is printed, what is refused, and the exit status."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from portability.agreements import packaged
from portability.agreements.errors import PortabilityError
from portability.app.commands.agreements import app


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def printed(*arguments: str) -> str:
    finished = run(*arguments)
    assert finished.exit_code == 0, finished.output
    return finished.stdout


def refused(*arguments: str) -> str:
    """The message of the error that ends the command; `portability` prints it and exits with 1."""
    finished = run(*arguments)
    assert isinstance(finished.exception, PortabilityError), finished.output
    return finished.exception.message


def treaty(folder: Path, *replacements: tuple[str, str], name: str = "mine.yaml", of: str = "ca-it.yaml") -> str:
    """A treaty of the package written to a folder, changed."""
    text = packaged.packaged_texts("treaties")[of]
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_diff_says_what_changes_for_whom_and_which_awards_do(tmp_path: Path) -> None:
    # Thirteen weeks make a year of the Canada Pension Plan; of fourteen, thirteen do not.
    version = treaty(tmp_path, ("minimum: {amount: 13, unit: weeks}", "minimum: {amount: 14, unit: weeks}"))
    text = printed("diff", "ca-it", version)
    assert "minimum was 13 weeks (CA-IT Art. 13(2)(b)), is 14 weeks (CA-IT Art. 13(2)(b))." in text
    assert "concerns CA; old age; " in text
    assert "thirteen-weeks-make-a-year" in text
    assert "credited.IT: 1 -> 0  (1 less)" in text


@pytest.mark.parametrize("name", ["ca-xx", "nowhere.yaml"])
def test_diff_names_what_is_neither_file_nor_agreement(name: str) -> None:
    assert refused("diff", "ca-it", name).startswith(f"'{name}' is neither a file nor the id of an agreement. Known: ")


def test_diff_refuses_a_file_that_is_no_agreement(tmp_path: Path) -> None:
    (tmp_path / "ca.yaml").write_text(packaged.packaged_texts("legislation")["ca.yaml"], encoding="utf-8")
    assert "is no agreement: expected a file with `parties` and `rules`." in refused(
        "diff", "ca-it", str(tmp_path / "ca.yaml")
    )


def test_diff_prints_the_faults_of_a_file_that_is_wrong(tmp_path: Path) -> None:
    finished = run("diff", "ca-it", treaty(tmp_path, ("rule: overlap", "rule: overlaps")))
    assert finished.exit_code == 1
    assert "unknown rule 'overlaps'" in finished.stdout


def test_coverage_of_one_agreement_names_its_gaps() -> None:
    text = printed("coverage", "--agreement", "mercosur")
    assert text.startswith("Multilateral Agreement on Social Security of the Southern Common Market\nmercosur: drafted")
    for gap in packaged.agreement("mercosur").content.not_modelled:
        assert f"  {gap.cite}: {gap.what}" in text


def test_coverage_is_there_for_programs() -> None:
    value = json.loads(printed("coverage", "--agreement", "ca-it", "--json"))
    assert value["id"] == "ca-it"
    assert value["examples"] == len(packaged.agreement("ca-it").content.examples)
    assert value["provisions"] == value["provisions_cited"]


def test_coverage_of_everything_has_a_row_for_each_agreement() -> None:
    finished = run("coverage")
    rows = {line.split()[0] for line in finished.stdout.rpartition("\nagreement ")[2].splitlines()[1:]}
    assert rows == set(packaged.agreements())


def test_coverage_fails_where_a_provision_names_no_place(tmp_path: Path) -> None:
    finished = run("coverage", "--agreement", treaty(tmp_path, ("cite: CA-IT Art. 5", "cite: CA-IT somewhere")))
    assert finished.exit_code == 1
    assert "without a place in a text: ca-it 'export'" in finished.stdout


def test_coverage_names_an_agreement_that_there_is_not() -> None:
    assert refused("coverage", "--agreement", "ca-xx").startswith("'ca-xx' is neither a file nor the id")


def test_check_tells_warnings_of_a_named_file_and_fails_on_faults_alone(tmp_path: Path) -> None:
    version = treaty(
        tmp_path, ("    read_sha256: d395be8e57147666e051f0c42cf2550b307f89265ccc08a9eb23d995cc0cb56e\n", "")
    )
    text = printed("check", version)
    assert f"{version}:9:5: warning: 'CA-IT' was read, but the SHA-256 of the copy is not given" in text
    assert "1 file checked, no fault, " in text
    assert run("check", version, "--strict").exit_code == 1
    assert "warning:" not in printed("check", version, "--no-warnings")


def test_check_refuses_an_inequality_without_its_article(tmp_path: Path) -> None:
    finished = run("check", treaty(tmp_path, ("to: parties_and_third_states", "to: parties"),
                                   ("cite: CA-IT Art. 5", "cite: CA-IT somewhere")))  # fmt: skip
    assert finished.exit_code == 1
    assert "'export' can differ by residence (payment abroad is owed in the parties only" in finished.stdout
    assert "cite the sub-paragraph that says so, not 'CA-IT somewhere'" in finished.stdout


def test_equal_treatment_has_a_row_for_each_agreement() -> None:
    table = printed("equal-treatment").partition("\n\n")[0].splitlines()
    assert table[0].split("  ")[0] == "agreement"
    assert [row.split()[0] for row in table[1:]] == list(packaged.agreements())


def test_equal_treatment_of_one_agreement_names_who_is_left_out_by_which_article() -> None:
    text = printed("equal-treatment", "eu-883-2004")
    assert (
        "Not covered: everybody else who is or was insured, whatever the nationality\n    by 883/2004 Art. 2(1)" in text
    )
    assert "residence    export (883/2004 Art. 7): payment abroad is owed in the parties only" in text


def test_equal_treatment_of_a_legislation_names_its_conditions_of_residence() -> None:
    assert "residence    ca-oas (OAS s. 9(4)): export" in printed("equal-treatment", "ca")


def test_equal_treatment_fails_where_a_difference_has_no_article(tmp_path: Path) -> None:
    version = treaty(tmp_path, ("to: parties_and_third_states", "to: parties"), ("CA-IT Art. 5", "CA-IT somewhere"))
    finished = run("equal-treatment", version)
    assert finished.exit_code == 1
    assert (
        "'export' can differ by residence and names no sub-paragraph that says so (CA-IT somewhere)." in finished.stderr
    )


def test_equal_treatment_names_what_there_is_not() -> None:
    assert refused("equal-treatment", "ca-xx").startswith("'ca-xx' is neither a file nor the id")


def test_new_begins_a_file_that_check_refuses(tmp_path: Path) -> None:
    file = tmp_path / "ca-xx.yaml"
    begun = run("new", "ca-xx", "--parties", "CA,IT", "--from-model", "canada", "--out", str(file))
    assert begun.exit_code == 0
    assert f"Next: portability agreements check {file}" in begun.stderr
    checked = run("check", str(file))
    assert checked.exit_code == 1
    assert f"{file}:38:5: rules.0.from: expected a day that exists, written YYYY-MM-DD, not 'FILL-IN'" in checked.stdout
    assert "to_scheme: it-pensione" in file.read_text(encoding="utf-8")


def test_new_writes_over_nothing(tmp_path: Path) -> None:
    file = treaty(tmp_path)
    told = refused("new", "ca-xx", "--parties", "CA,IT", "--from-model", "blank", "--out", file)
    assert told == f"{file} is there already: name another file, or move that one away."


def test_new_refuses_a_family_whose_state_is_no_party() -> None:
    told = refused("new", "fr-de", "--parties", "FR,DE", "--from-model", "australia")
    assert told == "The model 'australia' is for agreements of AU, which is no party."


def test_new_names_the_families_that_there_are() -> None:
    finished = run("new", "fr-de", "--parties", "FR,DE", "--from-model", "atlantic")
    assert finished.exit_code == 2
    assert "'canada', 'australia', 'eu-style', 'residence', 'blank'" in finished.stderr
