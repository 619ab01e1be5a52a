"""The rows of an Excel or OpenDocument sheet, each with its line; cells that are merged are told, never filled in."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from portability.adapters.spreadsheets.lines import Line
from portability.agreements.errors import InputError

__all__ = ["is_workbook", "sheet_lines", "sheet_names"]

WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How xlsx and ods (ZIP), and xls (OLE), begin."""


def is_workbook(path: Path) -> bool:
    """Whether the file is a workbook, by its first bytes: names lie."""
    with path.open("rb") as file:
        return file.read(4) in WORKBOOKS


def sheet_names(path: Path) -> list[str]:
    """Names of the sheets, in the order of the workbook."""
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 (for workbooks only)

    try:
        return list(CalamineWorkbook.from_path(str(path)).sheet_names)
    except CalamineError as error:
        raise InputError(f"{path.name} does not open as a workbook: save it again, or as CSV.") from error


def sheet_lines(path: Path, *, sheet: str) -> Iterator[Line]:
    """Every row of a sheet that is not empty. A formula stands with the value that was last computed."""
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 (for workbooks only)

    names = sheet_names(path)
    try:
        found = CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet or names[0])
    except CalamineError as error:
        raise InputError(f"{path.name} has no sheet '{sheet}' that opens: correct `sheet` in the map.") from error
    merged = _merged_rows(found.merged_cell_ranges or [])
    for number, row in enumerate(found.to_python(skip_empty_area=False), start=1):
        cells = tuple(_cell(each) for each in row)
        if any(each != "" for each in cells):
            where = merged.get(number, "")
            yield Line(number, cells, where and f"Cells {where} are merged: separate them and fill each in.")


def _merged_rows(ranges: list[tuple[tuple[int, int], tuple[int, int]]]) -> dict[int, str]:
    rows: dict[int, str] = {}
    for (first_row, first_column), (last_row, last_column) in ranges:
        where = f"{_column(first_column)}{first_row + 1}:{_column(last_column)}{last_row + 1}"
        rows |= dict.fromkeys(range(first_row + 1, last_row + 2), where)
    return rows


def _column(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _cell(value: object) -> object:
    """Text, a day, or a number written without a needless point; Excel keeps every number as a float."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, date):
        return value
    return "" if value is None else str(value)
