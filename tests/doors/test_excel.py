"""An Excel workbook is read row by row: no row stays in memory, and what is broken is told."""

import tracemalloc
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import Workbook

from portability.adapters.spreadsheets import excel
from portability.adapters.spreadsheets.sheets import sheet_lines, sheet_names
from portability.agreements.errors import InputError


def workbook(folder: Path, rows: int) -> Path:
    """A sheet of so many equal rows, behind another one."""
    book = Workbook(write_only=True)
    book.create_sheet("notes").append(["nothing here"])
    sheet = book.create_sheet("periods")
    for _ in range(rows):
        sheet.append(["DE-1", "employment", 36892, 2.5])
    book.save(folder / "book.xlsx")
    return folder / "book.xlsx"


def peak(file: Path) -> int:
    tracemalloc.start()
    count = sum(1 for _ in sheet_lines(file, sheet="periods"))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count
    return most


def test_no_row_is_held_in_memory(tmp_path: Path) -> None:
    """Four cells take more than 400 bytes; the mark that the reader of XML keeps of each row is all that stays."""
    peak(workbook(tmp_path, 10))  # what is imported on the first use
    small = peak(workbook(tmp_path, 2_000))
    assert (peak(workbook(tmp_path, 6_000)) - small) / 4_000 < 200


def test_the_sheet_of_the_map_is_read_and_one_that_is_not_there_is_told(tmp_path: Path) -> None:
    file = workbook(tmp_path, 1)
    assert sheet_names(file) == ["notes", "periods"]
    assert [one.cells for one in sheet_lines(file, sheet="")] == [("nothing here",)]
    assert [one.cells for one in sheet_lines(file, sheet="periods")] == [("DE-1", "employment", "36892", "2.5")]
    with pytest.raises(InputError, match="has no sheet 'people' that opens"):
        list(sheet_lines(file, sheet="people"))


def test_merged_cells_touch_their_rows_and_no_others(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in range(1, 8):
        sheet.append([row, row, row])
    sheet.merge_cells("B2:C2")
    sheet.merge_cells("A4:A6")
    sheet.merge_cells("C5:C6")
    book.save(tmp_path / "merged.xlsx")
    told = {one.number: one.trouble[:12] for one in sheet_lines(tmp_path / "merged.xlsx", sheet="")}
    assert told == {1: "", 2: "Cells B2:C2 ", 3: "", 4: "Cells A4:A6 ", 5: "Cells A4:A6 ", 6: "Cells A4:A6 ", 7: ""}


def test_more_text_than_memory_should_hold_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ZipFile(workbook(tmp_path, 1), "a") as parts:
        parts.writestr("xl/sharedStrings.xml", "<sst>" + " " * 2_000)
    monkeypatch.setattr(excel, "MOST_TEXT", 1_000)
    with pytest.raises(InputError, match="save the sheet as CSV"):
        sheet_names(tmp_path / "book.xlsx")


def test_a_sheet_that_breaks_off_is_told(tmp_path: Path) -> None:
    whole, broken = workbook(tmp_path, 50), tmp_path / "broken.xlsx"
    with ZipFile(whole) as parts, ZipFile(broken, "w") as out:
        for name in parts.namelist():
            content = parts.read(name)
            out.writestr(name, content[: len(content) // 2] if name.endswith("sheet2.xml") else content)
    with pytest.raises(InputError, match=r"'periods' of broken\.xlsx breaks off"):
        list(sheet_lines(broken, sheet="periods"))
