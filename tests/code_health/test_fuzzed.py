"""Every reader of bytes, files or requests from outside has a target in tests/fuzz."""

import ast
import re
from collections.abc import Iterator

from repository import ROOT, place, sources, tree

OF_BYTES = re.compile(r"(decode|parse|load|read|open)_")
OF_TEXT = re.compile(r"(decode|parse|load)_")
OF_REQUEST = re.compile(r"pb\.\w+Request|Request")  # of an RPC, of a browser
BEHIND_ANOTHER = {
    "load_file",  # the first thing that `examine_file` does, which has a target
    "read_fields",  # all that `read_claim_form` does to a request, and most that `read_form` does; both have targets
}


def test_every_reader_of_what_comes_from_outside_is_fuzzed() -> None:
    readers = list(_readers())
    fuzzed = _named_by_targets()
    assert len(readers) > 40
    assert [where for name, where in readers if name not in fuzzed | BEHIND_ANOTHER] == []


def _readers() -> Iterator[tuple[str, str]]:
    """Name and place of public functions that make values of bytes, of a whole text, or of a request."""
    for path in sources():
        for node in tree(path).body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
                continue
            first = next(iter([*node.args.posonlyargs, *node.args.args]), None)
            kind = ast.unparse(first.annotation) if first and first.annotation else ""
            if (
                (kind == "bytes" and OF_BYTES.match(node.name))
                or (kind == "str" and OF_TEXT.match(node.name))
                or OF_REQUEST.fullmatch(kind)
            ):
                yield node.name, f"{place(path, node.lineno)} {node.name}"


def _named_by_targets() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "tests" / "fuzz").glob("*.py"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Name):
                found.add(node.id)
            elif isinstance(node, ast.Attribute):
                found.add(node.attr)
    return found
