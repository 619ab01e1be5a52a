"""`portability convert` as people meet it."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from portability.adapters.eessi.conversion import LARGEST
from portability.app import cli
from tests.eessi.samples import OWN

cli._add_groups()  # as `portability` does before it reads its arguments
RUN = CliRunner()


def convert(*arguments: object, code: int = 0) -> tuple[str, str]:
    result = RUN.invoke(cli.app, ["convert", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.stdout, result.stderr


def test_one_file_goes_to_the_standard_output_and_back(tmp_path: Path) -> None:
    career, said = convert(OWN / "P5000.json")
    (tmp_path / "c.json").write_text(career, encoding="utf-8")
    back, _ = convert("--from", "career", "--to", "eessi", tmp_path / "c.json")

    assert json.loads(back) == json.loads((OWN / "P5000.json").read_text(encoding="utf-8"))
    assert "3 findings" in said


def test_a_folder_is_converted_and_what_is_none_is_named(tmp_path: Path) -> None:
    inbox = tmp_path / "in"
    inbox.mkdir()
    for file in OWN.glob("*.json"):
        (inbox / file.name).write_bytes(file.read_bytes())
    (inbox / "broken.json").write_text('{"sed": "P5000",}', encoding="utf-8")

    _, said = convert(inbox, "--output", tmp_path / "out", "--report", tmp_path / "report.json", code=1)

    assert "9 files converted, 1 file not" in said
    assert f"{inbox}/broken.json:1:17: this is not JSON" in said
    assert "S040 is not modelled: the document is kept whole, as an attachment of its case." in said
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert len(report["converted"]) == 9
    assert [Path(one["file"]).name for one in report["not_converted"]] == ["broken.json"]
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == sorted(
        f"{file.stem}.career.json" for file in OWN.glob("*.json")
    )
    convert("--from", "career", "--to", "eessi", tmp_path / "out", "--output", tmp_path / "back")
    for file in OWN.glob("*.json"):
        back = json.loads((tmp_path / "back" / file.name).read_text(encoding="utf-8"))
        assert back == json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xff\xfe{", "byte 1 is not UTF-8"),
        (b"<P5000/>", "1:1: this is not JSON"),
        (b"[]", "holds no JSON object"),
        (b'{"a": NaN}', "NaN is no number of JSON"),
        (b'{"a": 1, "a": 2}', "'a' stands twice"),
        (b"[" * 5_000, "nested more than 100 levels"),
        (b'{"sed": "P5000", "a": ' + b"[" * 200 + b"]" * 200 + b"}", "nested more than 100 levels"),
        (b'{"sed": "P5000", "a": ' + b"9" * 5_000 + b"}", "number too long"),
        (b'{"a": 1}', "names no type.*--type P5000"),
        (b'{"sed": "Z999"}', "which EESSI does not have"),
        (b'{"sed": "P5000; DROP"}', "which EESSI does not have"),
        (b'{"bucType": "P_BUC_01", "rinaDokumentId": "1", "sedType": "P2000"}', "is a notification"),
    ],
)
def test_what_is_no_document_is_refused_with_the_next_step(content: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "document.json"
    file.write_bytes(content)

    _, errors = convert(file, code=1)

    assert re.search(said, errors), errors
    assert str(file) in errors


def test_a_file_of_100_megabytes_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "large.json"
    with file.open("wb") as handle:
        handle.truncate(100_000_000)

    _, errors = convert(file, code=1)

    assert f"has 100,000,000 bytes, and a document of EESSI has fewer than {LARGEST:,}" in errors


def test_a_type_may_be_told(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text('{"nav": {"bruker": null}}', encoding="utf-8")

    career, said = convert(file, "--type", "H061")

    assert json.loads(career)["document"]["type"] == "H061"
    assert "told by: caller" in said


def test_wrong_calls_say_what_is_wanted(tmp_path: Path) -> None:
    assert "is no conversion" in convert(OWN / "P5000.json", "--to", "pdf", code=2)[1]
    assert "--output FOLDER" in convert(OWN / "P5000.json", OWN / "P6000.json", code=2)[1]
    file = tmp_path / "same.json"
    file.write_bytes((OWN / "P5000.json").read_bytes())
    assert "is the file that is read" in convert(file, "--output", file, code=1)[1]
    assert "cannot be read" in convert(tmp_path / "absent.json", code=1)[1]
