"""The rows of an Excel or OpenDocument sheet, each with its line; cells that are merged are told, never filled in.

An xlsx file is read row by row. The older xls and OpenDocument are read into memory as a whole.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from portability.adapters.spreadsheets.excel import (
    Merged,
    counts_from_1904,
    excel_rows,
    excel_sheets,
    merged_in,
)
from portability.adapters.spreadsheets.lines import Line
from portability.agreements.errors import InputError

__all__ = ["is_workbook", "sheet_lines", "sheet_names", "zero_of_days"]

WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How xlsx and ods (ZIP), and xls (OLE), begin."""


def is_workbook(path: Path) -> bool:
    """Whether the file is a workbook, by its first bytes: names lie."""
    with path.open("rb") as file:
        return file.read(4) in WORKBOOKS


def zero_of_days(path: Path) -> date | None:
    """From when a bare number of a workbook counts days; None where the file is none.

    Excel counts from 1900 with a 29 February that was none, and from 1 March 1900 on the first zero is right. A
    workbook of the early Macintosh counts from 1904, and says so in xlsx. An xls is taken to count from 1900.
    """
    if not is_workbook(path):
        return None
    return date(1904, 1, 1) if counts_from_1904(path) else date(1899, 12, 30)


def sheet_names(path: Path) -> list[str]:
    """Names of the sheets, in the order of the workbook."""
    return list(_excel(path)) or _whole_names(path)


def sheet_lines(path: Path, *, sheet: str) -> Iterator[Line]:
    """Every row of a sheet that is not empty. A formula stands with the value that was last computed."""
    name = sheet or sheet_names(path)[0]
    parts = _excel(path)
    if parts and name not in parts:
        raise _no_sheet(path, name)
    rows, ranges = (excel_rows(path, name), merged_in(path, parts[name])) if parts else _whole(path, name)
    merged = _MergedRows(ranges)
    for number, row in enumerate(rows, start=1):
        cells = tuple(_cell(each) for each in row)
        where = merged.at(number)
        if any(each != "" for each in cells):
            yield Line(number, cells, where and f"Cells {where} are merged: separate them and fill each in.")


class _MergedRows:
    """Which rows merged cells touch, asked row by row from the first on."""

    def __init__(self, ranges: Iterable[Merged]) -> None:
        self._to_come = sorted(ranges, reverse=True)
        self._here: list[Merged] = []

    def at(self, number: int) -> str:
        """The merged cells that touch a row, named as Excel does; empty where none do."""
        while self._to_come and self._to_come[-1][0][0] < number:
            self._here.append(self._to_come.pop())
        self._here = [one for one in self._here if one[1][0] + 1 >= number]
        return "" if not self._here else f"{_named(self._here[0][0])}:{_named(self._here[0][1])}"


def _excel(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        is_zip = file.read(4) == WORKBOOKS[0]
    return dict(excel_sheets(path)) if is_zip else {}


def _whole_names(path: Path) -> list[str]:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 (for workbooks only)

    try:
        return list(CalamineWorkbook.from_path(str(path)).sheet_names)
    except CalamineError as error:
        raise InputError(f"{path.name} does not open as a workbook: save it again, or as CSV.") from error


def _whole(path: Path, name: str) -> tuple[Iterable[Any], Iterable[Merged]]:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 (for workbooks only)

    try:
        found = CalamineWorkbook.from_path(str(path)).get_sheet_by_name(name)
    except CalamineError as error:
        raise _no_sheet(path, name) from error
    return found.to_python(skip_empty_area=False), found.merged_cell_ranges or []


def _no_sheet(path: Path, name: str) -> InputError:
    return InputError(f"{path.name} has no sheet '{name}' that opens: correct `sheet` in the map.")


def _named(cell: tuple[int, int]) -> str:
    row, column = cell
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def _cell(value: object) -> object:
    """Text, a day, or a number written without a needless point; Excel keeps every number as a float."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, date):
        return value
    return "" if value is None else str(value)
