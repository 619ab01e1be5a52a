"""A JSON tree as its leaves, each with its path, and back: the two are one to one.

A leaf is a text, a number, true, false, null, or an empty object or list. Of a list that lost some of its elements the
rest is written as an object with the names "[0]", "[3]" …, so that every element keeps its place.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from portability.agreements.errors import InputError

__all__ = ["Path", "compacted", "flat", "folded", "from_pointer", "grown", "pointer"]

Path = tuple[str | int, ...]


def flat(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Leaves in the order of the tree."""
    if isinstance(tree, dict) and tree:
        for key, value in tree.items():
            yield from flat(value, (*path, key))
    elif isinstance(tree, list) and tree:
        for index, value in enumerate(tree):
            yield from flat(value, (*path, index))
    else:
        yield path, tree


def grown(leaves: Iterable[tuple[Path, Any]]) -> Any:
    """The tree of some leaves; a list with holes becomes an object with the names "[0]" …"""
    return _tree(_nodes(leaves), sparse=True)


def compacted(leaves: Iterable[tuple[Path, Any]]) -> Any:
    """The tree of some leaves; a list with holes is closed up."""
    return _tree(_nodes(leaves), sparse=False)


def pointer(path: Path) -> str:
    """The path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def from_pointer(text: str) -> Path:
    """The path of a JSON pointer; what looks like a whole number is a place in a list."""
    parts = text.split("/")[1:]
    return tuple(int(one) if one.isdecimal() else one.replace("~1", "/").replace("~0", "~") for one in parts)


def folded(path: Path) -> Path:
    """The path without regard to capitals."""
    return tuple(part.casefold() if isinstance(part, str) else part for part in path)


def _nodes(leaves: Iterable[tuple[Path, Any]]) -> Any:
    root: dict[str | int, Any] = {}
    for path, value in leaves:
        node = root
        for part in path[:-1]:
            inner = node.setdefault(part, {})
            if isinstance(inner, _Leaf):
                raise InputError(f"{pointer(path)} has a place inside a value: one of the two has to go.")
            node = inner
        if not path:
            return _Leaf(value)
        if path[-1] in node:
            raise InputError(f"{pointer(path)} is given twice: remove one.")
        node[path[-1]] = _Leaf(value)
    return root


def _tree(node: Any, *, sparse: bool) -> Any:
    if isinstance(node, _Leaf):
        return node.value
    places = sorted(key for key in node if isinstance(key, int))
    if not places:
        return {key: _tree(value, sparse=sparse) for key, value in node.items()}
    if len(places) < len(node):
        raise InputError("One place is both a list and an object: remove what was added to it.")
    if sparse and places != list(range(len(places))):
        return {f"[{place}]": _tree(node[place], sparse=sparse) for place in places}
    return [_tree(node[place], sparse=sparse) for place in places]


class _Leaf:
    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value
