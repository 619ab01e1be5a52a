"""What a file states of whom: a document of EESSI, or the career file made of it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from portability.adapters.eessi.conversion import Format, converted
from portability.agreements.errors import InputError
from portability.app.commands.records import app
from portability.app.stated import statement_in
from tests.eessi.samples import OWN


def test_a_document_and_its_career_file_state_the_same(tmp_path: Path) -> None:
    statement, document = statement_in(OWN / "P5000.json", institution="no-nav")
    assert (statement.state, statement.institution.institution_id, document) == ("NO", "no-nav", "EESSI P5000")
    assert len(statement.periods) == 3
    career = tmp_path / "P5000.career.json"
    career.write_text(converted((OWN / "P5000.json").read_bytes(), name="P5000.json", source=Format.EESSI).text)
    assert statement_in(career, institution="no-nav") == (statement, document)


def test_a_document_without_periods_is_refused() -> None:
    with pytest.raises(InputError, match="is a P2000 and states no periods"):
        statement_in(OWN / "P2000.json", institution="no-nav")


def test_an_evidence_that_there_is_not_is_refused_before_anything_is_sent() -> None:
    file = str(OWN / "P5000.json")
    said = CliRunner().invoke(
        app, ["enter", file, "--case", "x", "--institution", "no-nav", "--as", "anna", "--evidence", "sure"]
    )
    assert said.exit_code == 2
    assert "'sure' is no evidence" in said.output
