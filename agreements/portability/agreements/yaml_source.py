"""Strict YAML with the place of every value, so that an error can say file, line and column.

Scalars come out as the text that stands in the file; what they mean is for the format's models to say. So a bare
NO is Norway, 1.10 keeps its zero, and a date is a date only where a date is expected. Leaves the meaning of the
file to `loading`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from portability.agreements.errors import AgreementSyntaxError

__all__ = ["MAX_BYTES", "Place", "SourceTree", "read_yaml"]

MAX_BYTES = 1_000_000  # the longest file today has 40 kB; a larger one is a mistake or an attack
MAX_DEPTH = 24
MAX_NODES = 100_000

# What YAML takes plain values for by itself; the format reads each as text.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml reads some forty times faster
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
    tree = SourceTree(file, {}, {})
    try:
        events = yaml.parse(text, Loader=_Loader)
        values = _Builder(events, tree).document()
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise AgreementSyntaxError(
            file=file, line=line, column=column, expectation=f"this is not YAML: {exc.problem or exc.context}"
        ) from exc
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        # A character that YAML forbids has a position but no mark.
        before = text[: getattr(exc, "position", 0)]
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        reason = str(exc).splitlines()[0]
        raise AgreementSyntaxError(
            file=file, line=line, column=column, expectation=f"this is not YAML: {reason}"
        ) from exc
    return SourceTree(file, values, tree.places)


class _Builder:
    """Plain values from the parser's events, and the place of each; whatever is not part of the format is refused."""

    def __init__(self, events: Iterator[yaml.Event], tree: SourceTree) -> None:
        self._events = events
        self._tree = tree
        self._nodes = 0

    def document(self) -> Plain:
        """The one document of the file."""
        next(self._events)  # the start of the stream
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise self._tree.error((), "the file is empty: expected `format: 1`")
        values = self._value(next(self._events), ())
        next(self._events)  # the end of the document
        if not isinstance(after := next(self._events), yaml.StreamEndEvent):
            self._tree.places[()] = _place(after)
            raise self._tree.error((), "this is not YAML: a second document begins: a file holds one")
        return values

    def _value(self, event: yaml.Event, path: Path) -> Plain:
        self._tree.places[path] = _place(event)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._tree.error(path, f"more than {MAX_NODES} values in one file")
        if len(path) > MAX_DEPTH:  # the parser gives one event after the other, so nothing deeper has been read
            raise self._tree.error(path, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._tree.error(path, "anchors and aliases are not part of the format: write the value out")
        tag = getattr(event, "tag", None)
        if tag and str(tag).removeprefix(TAG) not in _PLAIN_TAGS:
            raise self._tree.error(path, f"the tag '{tag}' is not part of the format: write the value without it")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        return str(event.value) if isinstance(event, yaml.ScalarEvent) else ""

    def _sequence(self, path: Path) -> Plain:
        result: list[Plain] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            result.append(self._value(event, (*path, len(result))))
        return result

    def _mapping(self, path: Path) -> Plain:
        result: dict[str, Plain] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            here = _place(event)
            key = event.value if isinstance(event, yaml.ScalarEvent) else None
            if key is None or key in result:
                problem = "expected a plain key" if key is None else f"the key '{key}' stands twice in this mapping"
                raise AgreementSyntaxError(file=self._tree.file, line=here[0], column=here[1], expectation=problem)
            if isinstance(event, yaml.ScalarEvent) and event.anchor:
                self._value(event, (*path, key))
            result[key] = self._value(next(self._events), (*path, key))
            self._tree.places[(*path, key)] = here
        return result


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)
