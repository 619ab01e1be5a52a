"""What README.md and docs/ name is there: files, modules, links, commands, make targets, RPCs, environment variables.

Decision records are left out: they say what was so on their day.
"""

import re
import shlex
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main
from repository import ROOT, tracked_files
from typer._click.exceptions import UsageError  # typer has a click of its own

from portability.app import cli
from portability.app.settings import settings_table

DOCUMENTS = sorted(
    path
    for path in tracked_files()
    if path.suffix == ".md" and (path.parent == ROOT or path.parent in {ROOT / "docs", ROOT / "docs" / "spec"})
)
FENCE = re.compile(r"^ *```\w*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:(?<=\n\n)|(?<=\n))(?: {4}\S.*\n)+")
QUOTED = re.compile(r"`([^`]+)`")
SUFFIXES = (".py", ".yaml", ".yml", ".proto", ".md", ".toml", ".properties", ".cedarschema", ".cedar", ".po")
NOT_OURS = {"../../x"}

pytestmark = pytest.mark.parametrize("document", [pytest.param(one, id=one.name) for one in DOCUMENTS])


def blocks(text: str) -> str:
    """What stands in blocks of code, with lines that go on joined."""
    text = "".join(FENCE.findall(text)) + "".join(INDENTED.findall(FENCE.sub("", text)))
    return re.sub(r"\\\n\s*", " ", text)


def quoted(text: str) -> Iterator[str]:
    """What stands between backticks in sentences and tables, each on one line."""
    yield from (" ".join(found.split()) for found in QUOTED.findall(FENCE.sub("", text)))


@cache
def places() -> tuple[str, ...]:
    """Files and folders under version control, each after a slash; a folder ends with one."""
    files = [path.relative_to(ROOT) for path in tracked_files()]
    folders = {f"/{folder}/" for file in files for folder in file.parents if folder.name}
    return (*(f"/{file}" for file in files), *folders)


def is_a_path(word: str) -> bool:
    """A name with an ending of ours, or one that begins with a folder of ours."""
    if not re.fullmatch(r"[\w.*<>-]+(/[\w.*<>-]+)*/?", word) or word in NOT_OURS:
        return False
    if word.endswith((".py", ".proto")) or (word.endswith(SUFFIXES) and "/" in word):
        return True
    return "/" in word.rstrip("/") and f"/{word.split('/', maxsplit=1)[0]}/" in places()


def is_there(word: str) -> bool:
    """As it stands, or as the end of a path; `*` and `<name>` stand for anything."""
    pattern = re.sub(r"<[^>]+>", "*", word)
    return any(
        fnmatchcase(place, f"*/{pattern}") or fnmatchcase(place, f"*/{pattern.rstrip('/')}/") for place in places()
    )


def test_every_file_that_it_names_is_there(document: Path) -> None:
    text = document.read_text()
    words = [*quoted(text), *(word for word in blocks(text).split() if "/" in word)]
    assert [word for word in words if is_a_path(word) and not is_there(word)] == []


def test_every_module_that_it_names_is_there(document: Path) -> None:
    gone = []
    for word in quoted(document.read_text()):
        if found := re.fullmatch(r"portability\.(agreements|services|adapters|app)((?:\.\w+)*)", word):
            folder = ROOT / {"app": "deploy"}.get(found[1], found[1]) / "portability" / found[1]
            path = folder.joinpath(*found[2].split(".")[1:])
            named_in = path.parent.with_suffix(".py")
            defined = named_in.is_file() and re.search(rf"\b{path.name}\b", named_in.read_text())
            if not (path.is_dir() or path.with_suffix(".py").is_file() or defined):
                gone.append(word)
    assert gone == []


def test_every_link_leads_somewhere(document: Path) -> None:
    gone = []
    for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", document.read_text()):
        name, _, heading = target.partition("#")
        path = document.parent / name if name else document
        if not path.exists() or (heading and heading not in headings(path)):
            gone.append(target)
    assert gone == []


def headings(path: Path) -> set[str]:
    """The headings of a document, as links name them."""
    found = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


@cache
def program() -> Any:
    cli._add_groups()
    return typer.main.get_command(cli.app)


def fault(words: list[str], *, whole: bool) -> str | None:
    """What is wrong with a command line, or None; a `whole` one has all that is needed too."""
    command, name = program(), "portability"
    while subcommands := getattr(command, "commands", None):
        if not words or words[0].startswith("-"):
            break
        if words[0] not in subcommands:
            return f"{name} has no {words[0]}"
        command, name, words = subcommands[words[0]], f"{name} {words[0]}", words[1:]
    context: Any = command.context_class(command, info_name=name)
    if "--help" in words:
        return None
    try:
        given, left, _ = command.make_parser(context).parse_args(words)
    except UsageError as error:
        return f"{name}: {error.format_message()}"
    missing = [one.name for one in command.params if whole and one.required and one.name not in given]
    return f"{name}: too much {left}, missing {missing}" if left or missing else None


def words_of(line: str) -> list[str]:
    """The words after `portability`: a `<name>` is one, and what is left open (` ...`) or piped on is left out."""
    line = re.sub(r"<[^>]+>", "X", line)
    return shlex.split(re.sub(r"[|;].*| \.{3}(?= |$)", "", line), comments=True)[1:]


def test_every_command_that_it_shows_parses(document: Path) -> None:
    text = document.read_text()
    lines = [line.strip().removeprefix("$ ") for line in blocks(text).splitlines()]
    shown = [(line, True) for line in lines if line.startswith("portability ")]
    shown += [(word, False) for word in quoted(text) if word.startswith("portability ")]
    faults = [(line, found) for line, whole in shown if (found := fault(words_of(line), whole=whole))]
    assert faults == []


def test_every_target_and_program_that_it_runs_is_there(document: Path) -> None:
    text = document.read_text()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    gone = []
    for line in [*(line.strip() for line in blocks(text).splitlines()), *quoted(text)]:
        if found := re.match(r"make ([a-z-]+)", line):
            gone += [line] if found[1] not in targets else []
        elif found := re.match(r"python -m (tests[\w.]*)", line):
            path = ROOT.joinpath(*found[1].split("."))
            gone += [line] if not (path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()) else []
    assert gone == []


@cache
def services() -> dict[str, set[str]]:
    """Each service of the protos, with its RPCs."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "protos" / "portability").rglob("*.proto"):
        for name, body in re.findall(r"^service (\w+) \{(.*?)^\}", path.read_text(), re.MULTILINE | re.DOTALL):
            found[name] = set(re.findall(r"^  rpc (\w+)", body, re.MULTILINE))
    return found


def test_every_rpc_that_it_names_is_there(document: Path) -> None:
    named = re.findall(r"`(?:[\w.]+\.)?([A-Z]\w+Service)(?:[./](\w+))?`", document.read_text())
    assert [one for one in named if one[0] not in services() or (one[1] and one[1] not in services()[one[0]])] == []


@cache
def code() -> str:
    wanted = (
        path for path in tracked_files() if path.suffix in {".py", ".yaml", ".sh"} and "vectors" not in path.parts
    )
    return "\n".join(path.read_text() for path in wanted)


def test_every_environment_variable_that_it_names_is_read(document: Path) -> None:
    named = set(re.findall(r"\bPORTABILITY_[A-Z0-9_]*[A-Z0-9]\b(?!_)", document.read_text()))
    settings = {name for name, _, _ in settings_table()}
    assert [one for one in named if one not in settings and one not in code()] == []
