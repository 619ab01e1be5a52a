"""The rows of an Excel workbook (xlsx), one after the other: no row stays in memory.

Cells that are merged stand behind all rows of a sheet, so they are looked for first, in one pass over its bytes.
"""

import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from portability.agreements.errors import InputError

__all__ = ["Merged", "counts_from_1904", "excel_rows", "excel_sheets", "merged_in"]

Merged = tuple[tuple[int, int], tuple[int, int]]
"""First and last cell, each by row and column from zero."""
MOST_TEXT: Final = 256 * 1024 * 1024
"""Bytes of the texts of a workbook, which are held in memory: each stands once, however many cells have it."""
BROKEN: Final = (
    BadZipFile,
    zlib.error,
    EOFError,
    SyntaxError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
)
"""What the readers of ZIP and XML raise where a file is none of a workbook's, or breaks off."""
_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_OFFICE: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_PACKAGE: Final = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_CHUNK: Final = 1 << 16
_MERGED: Final = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_LONGEST_TAG: Final = 200
_FROM_1904: Final = re.compile(rb'<(?:\w+:)?workbookPr\s[^>]*?date1904="(?:1|true)"')


def excel_sheets(path: Path) -> Mapping[str, str]:
    """The sheets of a workbook in their order, each with its part of the file; empty where it is no Excel workbook.

    Raises InputError where it is one and does not open.
    """
    from openpyxl.xml.functions import (  # type: ignore[import-untyped]  # noqa: PLC0415 (for workbooks only; without stubs)
        fromstring,  # resolves no entities
    )

    try:
        with ZipFile(path) as parts:
            if "xl/workbook.xml" not in parts.namelist():
                return {}
            if any(one.file_size > MOST_TEXT for one in parts.infolist() if one.filename.endswith("sharedStrings.xml")):
                raise InputError(f"{path.name} holds more text than {MOST_TEXT // 2**20} MiB: save the sheet as CSV.")
            book = fromstring(parts.read("xl/workbook.xml"))
            links = fromstring(parts.read("xl/_rels/workbook.xml.rels"))
    except BROKEN as error:
        raise InputError(f"{path.name} does not open as a workbook: save it again, or as CSV.") from error
    targets = {one.get("Id"): one.get("Target", "") for one in links.iter(f"{_PACKAGE}Relationship")}
    found = {one.get("name", ""): targets.get(one.get(f"{_OFFICE}id"), "") for one in book.iter(f"{_MAIN}sheet")}
    return {name: target.removeprefix("/") if target[:1] == "/" else f"xl/{target}" for name, target in found.items()}


def counts_from_1904(path: Path) -> bool:
    """Whether an xlsx workbook says that its days are counted from 1904; False for what is none."""
    try:
        with ZipFile(path) as parts:
            return bool(_FROM_1904.search(parts.read("xl/workbook.xml")))
    except BROKEN:
        return False


def merged_in(path: Path, part: str) -> list[Merged]:
    """The ranges of merged cells in one part of a workbook."""
    found: list[Merged] = []
    with ZipFile(path) as parts, parts.open(part) as file:
        kept = b""
        while chunk := file.read(_CHUNK):
            text = kept + chunk
            matches = list(_MERGED.finditer(text))
            for one in matches:
                (left, top, right, bottom) = one.groups()
                found.append(((int(top) - 1, _index(left)), (int(bottom) - 1, _index(right))))
            kept = text[max(matches[-1].end() if matches else 0, len(text) - _LONGEST_TAG) :]
    return found


def excel_rows(path: Path, sheet: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a sheet, from the first on; a formula stands with the value that was last computed."""
    from openpyxl import load_workbook  # type: ignore[import-untyped]  # noqa: PLC0415 (for workbooks only; without stubs)

    with path.open("rb") as file:
        try:
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            rows = book[sheet]
            rows.reset_dimensions()  # what a sheet says of its own size is not always so
            yield from rows.iter_rows(values_only=True)
        except BROKEN as error:
            raise InputError(f"Sheet '{sheet}' of {path.name} breaks off: save it again, or as CSV.") from error


def _index(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1
