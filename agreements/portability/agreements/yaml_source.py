"""Strict YAML with the place of every value, so that an error can say file, line and column.

Scalars come out as the text that stands in the file; what they mean is for the format's models to say. So a bare
NO is Norway, 1.10 keeps its zero, and a date is a date only where a date is expected. Leaves the meaning of the
file to `loading`.
"""

from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from portability.agreements.errors import AgreementSyntaxError

__all__ = ["MAX_BYTES", "Place", "SourceTree", "read_yaml"]

MAX_BYTES = 1_000_000  # the longest file today has 40 kB; a larger one is a mistake or an attack
MAX_DEPTH = 24
MAX_NODES = 100_000

# What YAML takes plain values for by itself; the format reads each as text.
TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = {"str", "int", "float", "bool", "null", "timestamp", "seq", "map", "merge", "value", "binary"}

Path = tuple[str | int, ...]
Place = tuple[int, int]  # line and column, counted from 1
Plain = dict[str, "Plain"] | list["Plain"] | str


@dataclass(frozen=True, slots=True)
class SourceTree:
    """A file's values as plain dicts, lists and text, with the place of each by its path."""

    file: str
    values: Plain
    places: dict[Path, Place] = field(default_factory=dict)

    def place(self, path: Path) -> Place:
        """The place of the value at `path`, or of the nearest thing around it that stands in the file."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))

    def error(self, path: Path, expectation: str) -> AgreementSyntaxError:
        """An error at the place of `path`."""
        line, column = self.place(path)
        return AgreementSyntaxError(file=self.file, line=line, column=column, expectation=expectation)


def read_yaml(text: str, file: str) -> SourceTree:
    """Read one YAML document of plain mappings, lists and scalars.

    Raises AgreementSyntaxError on anything else: bad YAML, a key twice, anchors and aliases, explicit tags, a file
    over MAX_BYTES, nesting over MAX_DEPTH.
    """
    if len(text.encode()) > MAX_BYTES:
        raise AgreementSyntaxError(
            file=file,
            line=1,
            column=1,
            expectation=f"the file is larger than {MAX_BYTES} bytes: split it by instrument",
        )
    _refuse_deep_nesting(text, file)
    try:
        root = YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise AgreementSyntaxError(
            file=file, line=line, column=column, expectation=f"this is not YAML: {exc.problem or exc.context}"
        ) from exc
    except (YAMLError, ValueError, RecursionError) as exc:
        # A character that YAML forbids has a position but no mark.
        before = text[: getattr(exc, "position", 0)]
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        reason = str(exc).splitlines()[0]
        raise AgreementSyntaxError(
            file=file, line=line, column=column, expectation=f"this is not YAML: {reason}"
        ) from exc
    if root is None:
        raise AgreementSyntaxError(file=file, line=1, column=1, expectation="the file is empty: expected `format: 1`")
    tree = SourceTree(file, {}, {})
    return SourceTree(file, _plain(root, (), tree, set()), tree.places)


def _plain(node: Node, path: Path, tree: SourceTree, seen: set[int]) -> Plain:
    tree.places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if id(node) in seen or node.anchor:
        raise tree.error(path, "anchors and aliases are not part of the format: write the value out")
    if node.tag and str(node.tag).removeprefix(TAG) not in _PLAIN_TAGS:
        raise tree.error(path, f"the tag '{node.tag}' is not part of the format: write the value without it")
    seen.add(id(node))
    if len(seen) > MAX_NODES:
        raise tree.error(path, f"more than {MAX_NODES} values in one file")
    if isinstance(node, MappingNode):
        return _plain_mapping(node, path, tree, seen)
    if isinstance(node, SequenceNode):
        return [_plain(child, (*path, index), tree, seen) for index, child in enumerate(node.value)]
    assert isinstance(node, ScalarNode)  # noqa: S101 - the composer makes no fourth kind of node
    return str(node.value)


def _plain_mapping(node: MappingNode, path: Path, tree: SourceTree, seen: set[int]) -> Plain:
    result: dict[str, Plain] = {}
    for key_node, value_node in node.value:
        here = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        key = str(key_node.value) if isinstance(key_node, ScalarNode) else None
        if key is None or key in result:
            problem = "expected a plain key" if key is None else f"the key '{key}' stands twice in this mapping"
            raise AgreementSyntaxError(file=tree.file, line=here[0], column=here[1], expectation=problem)
        result[key] = _plain(value_node, (*path, key), tree, seen)
        tree.places[(*path, key)] = here
    return result


def _refuse_deep_nesting(text: str, file: str) -> None:
    """Flow brackets nest without lines: count them before the recursive composer sees them."""
    depth = 0
    for number, line in enumerate(text.splitlines(), start=1):
        for column, character in enumerate(line, start=1):
            depth += (character in "[{") - (character in "]}")
            if depth > MAX_DEPTH:
                raise AgreementSyntaxError(
                    file=file, line=number, column=column, expectation=f"nested deeper than {MAX_DEPTH} brackets"
                )
