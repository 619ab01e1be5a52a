"""Habits that a reader relies on: no ambient clock, no swallowed error, no task without an owner."""

import ast
import re

from repository import ROOT, place, sources, tree

AMBIENT = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.time_ns",
    "uuid.uuid1",
    "uuid.uuid4",
    "uuid4",
}
CLOCK_ADAPTERS = ROOT / "adapters" / "portability" / "adapters" / "clock"


def test_only_the_clock_adapter_reads_the_clock_or_draws_an_id() -> None:
    found = [
        f"{place(path, node.lineno)} {name}"
        for path in sources()
        if CLOCK_ADAPTERS not in path.parents
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and (name := ast.unparse(node.func)).removeprefix("datetime.").removeprefix("dt.") in AMBIENT | {"now"}
    ]
    assert found == []


def test_nothing_catches_everything_and_goes_on() -> None:
    found = []
    for path in sources():
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.ExceptHandler) or not _catches_everything(node):
                continue
            if not any(isinstance(inner, ast.Raise) for inner in ast.walk(node)):
                found.append(place(path, node.lineno))
    assert found == []


def test_every_task_has_an_owner() -> None:
    found = [
        place(path, node.lineno)
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) in {"asyncio.create_task", "asyncio.ensure_future", "loop.create_task"}
    ]
    assert found == []


def test_the_law_core_does_not_count_in_floats() -> None:
    found = [
        place(path, node.lineno)
        for path in sources("agreements")
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Call) and ast.unparse(node.func) == "float")
    ]
    assert found == []


def test_a_silenced_linter_says_its_rule_and_why() -> None:
    silenced = re.compile(r"#\s*(noqa|type: ignore)(?P<rule>(: [A-Z]+\d+(, [A-Z]+\d+)*|\[[\w, -]+\]))?(?P<why>.*)")
    found = []
    for path in sources():
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            match = silenced.search(line)
            if match and (not match["rule"] or len(match["why"].strip(" #()")) < 4):
                found.append(place(path, number))
    assert found == []


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(ast.unparse(name) in {"Exception", "BaseException"} for name in names)
