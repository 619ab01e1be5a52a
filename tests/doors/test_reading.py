"""Files of agencies as they are: each line is a record, or is set aside with a reason that a clerk understands."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from google.type.date_pb2 import Date
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from portability.adapters.spreadsheets.lines import LONGEST_LINE, csv_lines
from portability.adapters.spreadsheets.map_file import load_map, load_map_text
from portability.adapters.spreadsheets.proposing import proposed_map
from portability.adapters.spreadsheets.reading import ReadLine, RecordFile
from portability.agreements.careers import PersonIdentifier
from portability.agreements.errors import InputError
from portability.api.common.v1 import common_pb2 as common

from .files import GOOD_MAP, HEADER, line, written


def read(file: Path) -> list[ReadLine]:
    return list(RecordFile(file, load_map(file.with_name("map.yaml"))))


def reasons(file: Path) -> list[tuple[int, str]]:
    return [(each.number, each.reason) for each in read(file)]


def test_a_line_becomes_a_record(tmp_path: Path) -> None:
    (only,) = read(written(tmp_path, line(2001)))
    record = only.record
    assert record is not None
    assert record.account_id == "K-1"
    assert record.person.birth_date == Date(year=1958, month=3, day=10)
    assert record.person.identifiers[0].value == "12 100358 R 501"
    assert (record.period.first_day, record.period.last_day) == (
        Date(year=2001, month=1, day=1),
        Date(year=2001, month=12, day=31),
    )
    assert (record.period.amount, record.period.unit) == ("12", common.PERIOD_UNIT_MONTHS)
    assert record.period.period_id == "2001-01-01/2001-12-31/1/de-rente"


ASIDE = [
    ("von", "03/04/20", "a year of 2 digits"),
    ("von", "31.02.2000", "There is no day '31.02.2000'"),
    ("von", "im März", "is not a date"),
    ("Monate", "12.5", "has a point where the map says comma"),
    ("Monate", "zwölf", "is not a number"),
    ("Art", "Kindererziehung", "under `words: kind:`"),
    ("Konto", " ", "nothing says whose line it is"),
]


@pytest.mark.parametrize(("column", "cell", "reason"), ASIDE)
def test_a_cell_that_cannot_be_right_sets_its_line_aside_and_no_other(
    tmp_path: Path, column: str, cell: str, reason: str
) -> None:
    found = read(written(tmp_path, line(2000), line(2001, **{column: cell}), line(2002)))
    assert [bool(each.record) for each in found] == [True, False, True]
    assert found[1].number == 3
    assert reason in found[1].reason
    assert f"'{column}'" in found[1].reason


@pytest.mark.parametrize("cell", ["'12", " 12 ", "12\u00a0", "12,0", "1.2"[:1] + "2"])
def test_numbers_kept_as_text_are_numbers(tmp_path: Path, cell: str) -> None:
    (only,) = read(written(tmp_path, line(Monate=cell)))
    assert only.record is not None
    assert only.record.period.amount.rstrip("0").rstrip(".") == "12"


def test_an_ambiguous_date_is_refused_unless_the_map_says(tmp_path: Path) -> None:
    unknown = GOOD_MAP.replace("day-month-year", "unknown")
    whole = {"geboren": "1958-03-10", "bis": "2000-12-31"}
    lines = [line(von=first, **whole) for first in ("03/04/2000", "13/04/2000", "04/04/2000")]
    found = reasons(written(tmp_path, *lines, by=unknown))
    assert "'03/04/2000' could be two days" in found[0][1]
    assert found[1:] == [(3, ""), (4, "")]
    (only,) = read(written(tmp_path, line(von="03/04/2000")))
    assert only.record is not None
    assert only.record.period.first_day == Date(year=2000, month=4, day=3)
    months_first = GOOD_MAP.replace("day-month-year", "month-day-year")
    american = line(geboren="03/10/1958", von="03/04/2000", bis="12/31/2000")
    (only,) = read(written(tmp_path, american, by=months_first))
    assert only.record is not None
    assert only.record.period.first_day == Date(year=2000, month=3, day=4)


def test_a_date_that_begins_with_the_year_is_read_whatever_the_map_says(tmp_path: Path) -> None:
    (only,) = read(written(tmp_path, line(von="2000-01-01")))
    assert only.record is not None


def test_a_row_of_totals_empty_lines_and_a_second_header_are_told(tmp_path: Path) -> None:
    found = reasons(written(tmp_path, line(), "", ";;;;;;;", "Summe;;;;;;24;", HEADER, "Gesamt: 24", line(2002)))
    assert [number for number, _ in found] == [2, 4, 5, 6, 7, 8]
    assert [reason[:40] for _, reason in found] == [
        "",
        "Column 'Konto' is empty: nothing says wh",
        "The line is a row of totals, not a recor",
        "The line names the columns again: delete",
        "The line is a row of totals, not a recor",
        "",
    ]


def test_a_cell_too_many_is_told(tmp_path: Path) -> None:
    (found,) = reasons(written(tmp_path, line(Name="Rossi; Maria")))
    assert "9 cells, the header names 8" in found[1]


def test_a_separator_and_a_line_break_inside_quotes_are_part_of_the_cell(tmp_path: Path) -> None:
    first, second = read(written(tmp_path, line(Name='"Rossi; ""Mia""\nMaria"'), line(2001)))
    assert first.record is not None
    assert first.record.person.name == 'Rossi; "Mia"\nMaria'
    assert (first.number, second.number) == (2, 4)


def test_a_quote_that_is_never_closed_costs_its_own_line_only(tmp_path: Path) -> None:
    lines = [line(2000), line(2001, Name='"Rossi'), *(line(year) for year in range(1950, 2000))]
    found = reasons(written(tmp_path, *lines))
    assert [number for number, reason in found if reason] == [3]
    assert len(found) == 52
    assert "never closed" in found[1][1]
    # Also where the file ends before the bound.
    assert [number for number, reason in reasons(written(tmp_path, line(), line(2001, Art='"Pflicht'))) if reason] == [
        3
    ]


def test_a_line_of_ten_megabytes_is_set_aside_without_being_held(tmp_path: Path) -> None:
    import tracemalloc

    file = written(tmp_path, line(2000), line(2001, Name="x" * 10_000_000), line(2002))
    tracemalloc.start()
    found = reasons(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [number for number, reason in found if reason] == [3]
    assert f"longer than {LONGEST_LINE // 1024} KiB" in found[1][1]
    assert [number for number, _ in found] == [2, 3, 4]
    assert peak < 2_000_000


def test_a_byte_order_mark_and_old_encodings(tmp_path: Path) -> None:
    (only,) = read(written(tmp_path, line(Name="Müller, Jürgen"), encoding="utf-8-sig"))
    assert only.record is not None
    assert only.record.person.name == "Müller, Jürgen"
    file = written(tmp_path, line(2000, Name="Müller"), line(2001), encoding="cp1252")
    found = reasons(file)
    assert "The line is not utf-8" in found[0][1]
    assert found[1] == (3, "")
    (tmp_path / "map.yaml").write_text(GOOD_MAP.replace('separator: ";"', 'separator: ";"\n  encoding: cp1252'))
    assert read(file)[0].record.person.name == "Müller"  # type: ignore[union-attr]  # it is a record


def test_a_character_that_no_database_keeps_sets_its_line_aside(tmp_path: Path) -> None:
    found = reasons(written(tmp_path, line(2000, Name="Rossi\0, Maria"), line(2001)))
    assert "U+0000" in found[0][1]
    assert found[1] == (3, "")


def test_a_missing_column_stops_before_the_first_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column 'bis'; its columns are 'Konto'"):
        read(written(tmp_path, line(), header=HEADER.replace("bis", "Ende")))


def test_a_map_is_checked_as_a_whole_and_by_place() -> None:
    with pytest.raises(InputError, match=r"map.yaml:5:1: Input should be"):
        load_map_text(GOOD_MAP.replace("comma", "komma"), name="map.yaml")
    with pytest.raises(InputError, match="none of: account_id"):
        load_map_text(GOOD_MAP.replace("  kind: Art", "  sort: Art"), name="map.yaml")
    with pytest.raises(InputError, match="`state` is neither"):
        load_map_text(GOOD_MAP.replace("  state: DE\n", ""), name="map.yaml")
    assert load_map_text(GOOD_MAP.replace("state: DE", "state: NO"), name="map.yaml").same_on_each_line.state == "NO"


def test_lines_that_were_set_aside_are_read_again_below_their_own_header(tmp_path: Path) -> None:
    later = GOOD_MAP.replace('separator: ";"', 'separator: ";"\n  header_line: 4')
    file = written(tmp_path, line() + ";17;the reason", header=f"{HEADER};_line;_reason", by=later)
    assert reasons(file) == [(2, "")]


# ---- Workbooks


def workbook(folder: Path, fill: Callable[[Any], None], *rows: list[object]) -> Path:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [HEADER.split(";"), *rows]:
        sheet.append(row)
    fill(sheet)
    book.save(folder / "contributions.xlsx")
    (folder / "map.yaml").write_text(GOOD_MAP, encoding="utf-8")
    return folder / "contributions.xlsx"


def cells(year: int = 2000, **other: object) -> list[object]:
    good: dict[str, object] = {
        "Konto": "K-1",
        "Name": "Rossi, Maria",
        "geboren": date(1958, 3, 10),
        "Versicherungsnummer": 12100358501,
        "von": date(year, 1, 1),
        "bis": date(year, 12, 31),
        "Monate": 12,
        "Art": "Pflicht",
    }
    return list((good | other).values())


def test_a_workbook_with_dates_serial_days_and_numbers_as_text(tmp_path: Path) -> None:
    rows = [cells(2000), cells(2001, von=36892, bis="31.12.2001", Monate="12,0")]  # 36,892 days after 1899-12-30
    found = read(workbook(tmp_path, lambda sheet: None, *rows))
    first, second = (each.record for each in found)
    assert first is not None
    assert second is not None
    assert first.person.identifiers[0].value == "12100358501"
    assert first.person.birth_date == Date(year=1958, month=3, day=10)
    assert first.period.last_day == Date(year=2000, month=12, day=31)
    assert second.period.first_day == Date(year=2001, month=1, day=1)
    assert [each.number for each in found] == [2, 3]


def test_merged_cells_are_told_by_their_place(tmp_path: Path) -> None:
    file = workbook(tmp_path, lambda sheet: sheet.merge_cells("B3:B4"), cells(2000), cells(2001), cells(2002))
    found = reasons(file)
    assert found[0] == (2, "")
    assert [reason[:27] for _, reason in found[1:]] == ["Cells B3:B4 are merged: sep"] * 2


def test_a_formula_that_was_never_computed_is_an_empty_cell_and_told(tmp_path: Path) -> None:
    (found,) = reasons(workbook(tmp_path, lambda sheet: None, cells(Konto="=CONCAT(1,2)")))
    assert "Column 'Konto' is empty" in found[1]


def test_what_is_no_workbook_is_told(tmp_path: Path) -> None:
    file = written(tmp_path, line())
    file.write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(InputError, match="does not open as a workbook"):
        read(file)


# ---- Proposing a map


def test_a_map_is_proposed_from_names_and_content(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    lines = [
        "Beitragsliste;;;;;;",
        "Konto;Nachname;Vorname;Geburtsdatum;Versicherungsnummer;von;bis;Monate",
        "K-1;Müller;Jürgen;10.03.1958;12100358R501;01.01.2000;31.12.2000;11,5",
    ]
    file.write_bytes("\r\n".join(lines).encode("cp1252"))
    text = proposed_map(file, today=date(2026, 11, 21))
    for expected in (
        "encoding: cp1252",
        'separator: ";"',
        "header_line: 2",
        "dates: day-month-year",
        "decimals: comma",
        'unit: "months"',
        'family_name: "Nachname"',
        'given_names: "Vorname"',
        'birth_date: "Geburtsdatum"',
        'identifier: "Versicherungsnummer"',
        'first_day: "von"',
        'last_day: "bis"',
        'amount: "Monate"',
        'account_id: "Konto"',
    ):
        assert expected in text, text
    # Filled in, it reads the file.
    for empty, full in (
        ('state: ""', "state: DE"),
        ('scheme: ""', "scheme: de-rente"),
        ('identifier_country: ""', "identifier_country: DE"),
        ('identifier_sector: ""', "identifier_sector: pension"),
    ):
        text = text.replace(empty, full)
    (only,) = RecordFile(file, load_map_text(text, name="map.yaml"))
    assert only.record is not None, only.reason
    assert only.record.person.name == "Müller, Jürgen"
    assert only.record.period.amount == "11.5"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("numéro,nom,prénom,date de naissance,début,fin,mois", 'first_day: "début"'),
        ("codice fiscale|cognome|nome|data di nascita|dal|al|mesi", 'birth_date: "data di nascita"'),
        ("insurance number\tsurname\tfirst name\tdate of birth\tfrom\tto\tmonths", 'last_day: "to"'),
        ("pesel;nazwisko;imię;data urodzenia;od;do;miesiące", 'identifier: "pesel"'),
    ],
)
def test_columns_are_known_by_their_names_in_several_languages(tmp_path: Path, header: str, expected: str) -> None:
    separator = next(each for each in ",|\t;" if each in header)
    values = ["12345678901", "Rossi", "Maria", "1958-03-10", "2000-01-01", "2000-12-31", "12"]
    file = tmp_path / "list.csv"
    file.write_text(f"{header}\n{separator.join(values)}\n", encoding="utf-8")
    text = proposed_map(file, today=date(2026, 11, 21))
    assert expected in text, text
    assert "dates: year-month-day" in text
    assert text.count("not used") == 0, text


@pytest.mark.parametrize(
    ("days", "why"),
    [(["03.04.2000", "05.06.2001"], "no date of the first lines decides it"), (["13.04.2000", "04.13.2000"], "mixes")],
)
def test_an_order_of_dates_that_nothing_decides_is_unknown(tmp_path: Path, days: list[str], why: str) -> None:
    file = tmp_path / "list.csv"
    file.write_text("Konto;von;bis\n" + "".join(f"K-1;{day};{day}\n" for day in days))
    text = proposed_map(file, today=date(2026, 11, 21))
    assert "dates: unknown" in text
    assert why in text


def test_lines_keep_their_place_whatever_ends_them(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"a;b\r\n\r\nc;d\n\ne;f")
    assert [(each.number, each.cells) for each in csv_lines(file, encoding="utf-8", separator=";")] == [
        (1, ("a", "b")),
        (3, ("c", "d")),
        (5, ("e", "f")),
    ]


def propose_and_read(file: Path) -> RecordFile:
    """As a clerk does: the map that is proposed, with what no column says filled in."""
    text = proposed_map(file, today=date(2026, 11, 21))
    for empty, filled in (('state: ""', 'state: "DE"'), ('scheme: ""', 'scheme: "x"'), ('unit: ""', 'unit: "months"')):
        text = text.replace(empty, filled)
    text = text.replace('identifier_country: ""', 'identifier_country: "DE"')
    return RecordFile(
        file, load_map_text(text.replace('identifier_sector: ""', 'identifier_sector: "pension"'), name="m")
    )


def test_a_file_that_is_separated_by_tabs_is_read_with_the_map_that_is_proposed(tmp_path: Path) -> None:
    file = tmp_path / "tabs.csv"
    file.write_text("account\tfirst day\tlast day\n77\t13.03.1980\t31.12.1985\n", encoding="utf-8")
    (line,) = propose_and_read(file)
    assert line.record is not None
    assert line.record.period.first_day.year == 1980


def test_two_columns_of_one_name_are_told_apart_by_nobody(tmp_path: Path) -> None:
    file = tmp_path / "twice.csv"
    file.write_text("account;date;date\n77;13.03.1980;31.12.1985\n", encoding="utf-8")
    with pytest.raises(InputError, match="names 'date' more than once"):
        propose_and_read(file)


def test_digits_of_another_script_are_digits(tmp_path: Path) -> None:
    file = tmp_path / "arabic.csv"
    header = "رقم التأمين,الاسم,تاريخ الميلاد,من,إلى,أشهر"
    file.write_text(f"{header}\n١٢٣٤٥,محمد,٢٧/٠٦/١٩٦١,٠١/٠٣/١٩٨٠,٣١/١٢/١٩٨٥,٧٠\n", encoding="utf-8")
    (line,) = propose_and_read(file)
    assert line.record is not None, line.reason
    period, person = line.record.period, line.record.person
    assert (period.first_day.year, period.first_day.month, period.amount) == (1980, 3, "70")
    number = PersonIdentifier("DE", "pension", person.identifiers[0].value)
    assert number.comparable == PersonIdentifier("DE", "pension", "12 345").comparable
    assert (person.birth_date.day, person.name) == (27, "محمد")


def test_a_birth_date_is_never_taken_for_a_first_day(tmp_path: Path) -> None:
    file = tmp_path / "unnamed.csv"
    file.write_text("account;x1;x2;x3\n77;13.06.1961;13.03.1980;31.12.1985\n", encoding="utf-8")
    text = proposed_map(file, today=date(2026, 11, 21))
    assert "first_day:" not in text
    assert "# not used: x1" in text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "has no line that can be read"),
        ("account;first day\n77;13.03.1980\n".encode("utf-16"), "is UTF-16 .*save it as 'CSV UTF-8'"),
    ],
)
def test_what_holds_no_lines_is_told_when_the_map_is_made(content: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "nothing.csv"
    file.write_bytes(content)
    with pytest.raises(InputError, match=said):
        proposed_map(file, today=date(2026, 11, 21))


@pytest.mark.parametrize(
    ("epoch", "first", "last"),
    [(CALENDAR_WINDOWS_1900, date(1980, 3, 1), 1985), (CALENDAR_MAC_1904, date(1984, 3, 2), 1990)],
)
def test_bare_days_of_a_workbook_are_counted_from_where_it_says(
    epoch: Any, first: date, last: int, tmp_path: Path
) -> None:
    """29281 is 1 March 1980 counted from 1900, and four years and a day later counted from 1904."""
    book = Workbook()
    book.epoch = epoch
    book.active.append(["account", "first day", "last day"])
    book.active.append(["77", 29281, 31412])
    book.active.append(["78", 1980, 1985])
    book.save(tmp_path / "days.xlsx")
    good, years = propose_and_read(tmp_path / "days.xlsx")
    assert good.record is not None
    day = good.record.period.first_day
    assert (date(day.year, day.month, day.day), good.record.period.last_day.year) == (first, last)
    assert "'1980' could be a year, or the day 190" in years.reason
