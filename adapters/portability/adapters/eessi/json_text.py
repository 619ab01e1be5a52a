"""JSON text read and written without loss: numbers keep their digits, a key that stands twice is refused.

The standard library reads 1.10 as a float. Amounts are money, so decimals stay Decimal here and keep their digits.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from portability.agreements.errors import InputError

__all__ = ["DEEPEST", "read_json", "sorted_text", "write_json"]

_PLAIN, _ESCAPED = json.JSONEncoder(ensure_ascii=False).encode, json.JSONEncoder().encode

DEEPEST = 100
"""Levels of nesting that are read; the deepest document that is known has 14."""


def read_json(content: bytes, *, name: str) -> Any:
    """The value of a UTF-8 text of JSON; raises InputError with the place where it is none."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise InputError(f"{name}: byte {exc.start + 1} is not UTF-8. Save the file as UTF-8 and try again.") from exc
    if not text.strip():
        raise InputError(f"{name} is empty. Export the document again.")

    def refuse(constant: str) -> None:
        raise InputError(f"{name}: {constant} is no number of JSON. Correct it where the file was made.")

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            twice = next(key for index, (key, _) in enumerate(items) if key in {k for k, _ in items[:index]})
            raise InputError(
                f"{name}: '{twice[:60]}' stands twice in one object, so one value would be lost. Remove one."
            )
        return found

    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=refuse, object_pairs_hook=pairs)
    except json.JSONDecodeError as exc:
        raise InputError(
            f"{name}:{exc.lineno}:{exc.colno}: this is not JSON ({exc.msg}). Export the document again, as JSON."
        ) from exc
    except RecursionError as exc:
        raise _too_deep(name) from exc
    except ValueError as exc:  # a whole number of more than 4,300 digits
        raise InputError(f"{name} has a number too long to be one. Correct it where the file was made.") from exc
    if _depth(value) > DEEPEST:
        raise _too_deep(name)
    return value


def write_json(value: Any) -> str:
    """The text of a value, two spaces a level, with a line feed at its end."""
    return "".join(_written(value, "\n")) + "\n"


def sorted_text(value: Any) -> str:
    """The same text for two values that are equal to the last digit; the order of keys does not count."""
    return json.dumps(value, sort_keys=True, default=lambda number: {"decimal": str(number)})


def _written(value: Any, line: str) -> Iterator[str]:
    inner = line + "  "
    if isinstance(value, dict) and value:
        before = "{"
        for key, one in value.items():
            yield f"{before}{inner}{_text(key)}: "
            yield from _written(one, inner)
            before = ","
        yield line + "}"
    elif isinstance(value, list) and value:
        before = "["
        for one in value:
            yield before + inner
            yield from _written(one, inner)
            before = ","
        yield line + "]"
    elif isinstance(value, str):
        yield _text(value)
    else:
        yield str(value) if isinstance(value, Decimal) else json.dumps(value)


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: only an escape can carry it
        return _ESCAPED(value)
    return _PLAIN(value)


def _depth(value: Any) -> int:
    deepest, todo = 0, [(value, 1)]
    while todo:
        one, level = todo.pop()
        deepest = max(deepest, level)
        if isinstance(one, dict | list):
            todo.extend((inner, level + 1) for inner in (one.values() if isinstance(one, dict) else one))
    return deepest


def _too_deep(name: str) -> InputError:
    return InputError(f"{name} is nested more than {DEEPEST} levels deep: this is no document of EESSI.")
