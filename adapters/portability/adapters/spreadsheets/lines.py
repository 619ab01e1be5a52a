"""The lines of a CSV file, one after the other and each with its place; a broken one is told and the next one is read.

A quote that is never closed would swallow the rest of a file, and a line without an end the memory: both are given up
after a bound, at their own line. Cells are split by the csv module of the standard library (RFC 4180).
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from portability.agreements.errors import InputError

__all__ = ["LONGEST_LINE", "Line", "csv_lines"]

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
LONGEST_LINE = 64 * 1024
"""Bytes; no line of a register is as long."""
LINES_OF_ONE_ROW = 20
"""A cell in quotes may hold line breaks; an address has four."""


class Line(NamedTuple):
    """A row of a file. `trouble` says why it could not be read; `cells` are then what was there."""

    number: int  # of the line in the file, from 1; of a row that runs over several, the first
    cells: tuple[object, ...]
    trouble: str = ""


def csv_lines(path: Path, *, encoding: str, separator: str) -> Iterator[Line]:
    """Every line that is not empty; the byte-order mark is no part of it."""
    with path.open("rb") as file:
        start = file.read(3)
        if start[:2] in _UTF_16:
            raise InputError(f"{path.name} is UTF-16 ('Unicode text'): save it as 'CSV UTF-8', or as a workbook.")
        if start != b"\xef\xbb\xbf":
            file.seek(0)
        pending: list[tuple[int, bytes]] = []
        for number, raw in _raw_lines(file):
            pending.append((number, raw))
            while pending:
                row = _row(pending)
                if row is None:
                    break  # a quote is open: the next line may close it
                line, used = row
                del pending[:used]
                if line[1].strip():
                    yield _split(line, encoding, separator)
        while pending:
            number, raw = pending.pop(0)
            if raw.strip():
                yield _split((number, raw), encoding, separator)


def _row(pending: list[tuple[int, bytes]]) -> tuple[tuple[int, bytes], int] | None:
    """The first whole row and how many lines it takes; None where more lines are needed."""
    number, raw = pending[0]
    quotes = raw.count(b'"')
    if quotes % 2 == 0:
        return (number, raw), 1
    for used, (_, more) in enumerate(pending[1:], start=2):
        quotes += more.count(b'"')
        if quotes % 2 == 0:
            return (number, b"".join(each for _, each in pending[:used])), used
    if len(pending) > LINES_OF_ONE_ROW or sum(len(each) for _, each in pending) > LONGEST_LINE:
        return (number, raw), 1  # told as never closed when it is split
    return None


def _split(line: tuple[int, bytes], encoding: str, separator: str) -> Line:
    number, raw = line
    trouble = _trouble(raw, encoding)
    if trouble:
        return Line(number, (_shown(raw, encoding),), trouble)
    text = raw.decode(encoding)
    if '"' not in text:
        # What the csv module gives for a line without quotes, in a third of its time.
        return Line(number, tuple(text.rstrip("\r\n").split(separator)))
    try:
        rows = list(csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True))
    except csv.Error as error:
        return Line(number, (_shown(raw, encoding),), f"The quotes of the line are not as in CSV: {error}.")
    return Line(number, tuple(rows[0])) if rows else Line(number, ())


def _trouble(raw: bytes, encoding: str) -> str:
    """Why the bytes of a line are none; empty where they are one."""
    if len(raw) > LONGEST_LINE:
        return f"The line is longer than {LONGEST_LINE // 1024} KiB."
    if raw.count(b'"') % 2:
        return "A quote is opened in this line and never closed: close or delete it."
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        return (
            f"The line is not {encoding}: byte {error.start + 1} of it is no character. Correct `encoding` in the map, "
            "or the line."
        )
    return "The line holds the character U+0000: delete it." if "\0" in text else ""


def _shown(raw: bytes, encoding: str) -> str:
    return raw[:1000].decode(encoding, errors="replace").replace("\0", "").rstrip("\r\n")


def _raw_lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers; of one that is too long, its beginning."""
    number = 0
    while raw := file.readline(LONGEST_LINE + 1):
        number += 1
        yield number, raw
        while len(raw) > LONGEST_LINE and not raw.endswith(b"\n"):
            raw = file.readline(LONGEST_LINE + 1)
            if not raw:
                return
