"""What the documents say of the code is what the code says."""

import ast
import re
from typing import Any

import pytest
import typer.main
from repository import ROOT, place, sources, tree

from portability.agreements.catalogues import languages
from portability.app import cli
from portability.app.logging import ALLOWED_FIELDS
from portability.app.metrics import NodeMetrics
from portability.app.settings import settings_table
from portability.services.access import Role

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


def test_the_settings_in_the_document_are_those_of_the_code() -> None:
    rows = [f"| `{name}` | {default or '-'} | {meaning} |" for name, default, meaning in settings_table()]
    expected = "\n".join(["| Variable | Default | Meaning |", "|---|---|---|", *rows])
    found = re.search(r"<!-- settings: .*? -->\n(.*?)\n?<!-- /settings -->", OPERATIONS, re.DOTALL)
    assert found
    assert found[1].strip() == expected


def test_every_metric_is_in_the_document() -> None:
    for metric in NodeMetrics().registry.collect():
        suffix = "_total" if metric.type == "counter" else ""
        assert f"`{metric.name}{suffix}`" in OPERATIONS


def test_every_log_event_uses_fields_that_are_kept() -> None:
    strangers = []
    for path in sources():
        for node in ast.walk(tree(path)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr in {"debug", "info", "warning", "error", "bind"} and re.search(
                r"(^|[._])(log|logger)$|get_logger\(\)$|\.bind\(.*\)$", ast.unparse(node.func.value).lower()
            ):
                unknown = {word.arg for word in node.keywords if word.arg} - ALLOWED_FIELDS
                strangers += [f"{place(path, node.lineno)} {name}" for name in sorted(unknown)]
    assert strangers == []


def test_a_decision_has_a_number_of_its_own() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md")]
    assert sorted(set(numbers)) == sorted(numbers)


def test_every_test_that_a_document_names_is_there() -> None:
    named = [
        (path.name, *found)
        for path in (ROOT / "docs").glob("*.md")
        for found in re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", path.read_text())
    ]
    gone = [one for one in named if not re.search(rf"def {one[2]}\(", (ROOT / one[1]).read_text())]
    assert named
    assert gone == []


@pytest.mark.parametrize(
    ("group", "name", "option", "choices"),
    [
        ("agreements", "explain", "language", languages()),
        ("agreements", "applicable", "language", languages()),
        ("tls", "issue", "role", [role.value for role in Role]),
        ("tls", "revoke", "role", [role.value for role in Role]),
    ],
)
def test_help_names_all_that_may_be_chosen(group: str, name: str, option: str, choices: list[str]) -> None:
    cli._add_groups()
    program: Any = typer.main.get_command(cli.app)
    sentence = next(one.help for one in program.commands[group].commands[name].params if one.name == option)
    assert [one for one in choices if not re.search(rf"(?<![\w-]){one}(?![\w-])", sentence)] == []
