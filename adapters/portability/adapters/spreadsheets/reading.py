"""A file and its map to records, line by line; a line that cannot be one is set aside with the reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from google.type.date_pb2 import Date

from portability.adapters.spreadsheets.lines import Line, csv_lines
from portability.adapters.spreadsheets.map_file import RecordMap
from portability.adapters.spreadsheets.sheets import is_workbook, sheet_lines, zero_of_days
from portability.adapters.spreadsheets.values import as_amount, as_day, as_text
from portability.agreements.errors import InputError
from portability.agreements.periods import PeriodKind, PeriodUnit
from portability.api.common.v1 import common_pb2 as common
from portability.api.records.v1 import imports_pb2 as pb
from portability.api.records.v1 import messages_pb2 as messages

__all__ = ["ASIDE", "TOTALS", "ReadLine", "RecordFile", "file_lines"]

TOTALS = frozenset(
    [
        "total",
        "totals",
        "totale",
        "totali",
        "totaal",
        "summe",
        "gesamt",
        "gesamtsumme",
        "insgesamt",
        "somme",
        "ensemble",
        "suma",
        "razem",
        "ogolem",
        "ogółem",
        "celkem",
        "spolu",
        "összesen",
        "skupaj",
        "ukupno",
        "итого",
        "всего",
        "сума",
        "σύνολο",
        "toplam",
        "المجموع",
        "الاجمالي",
    ]
)
"""What the first word of a row of totals is, in the languages of agencies."""
_SPELLED: Final[Mapping[str, type[Any]]] = {"kind": PeriodKind, "unit": PeriodUnit}
ASIDE: Final = ("_line", "_reason")
"""Columns that a rejects file has beside those of the file itself."""


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line of the file: its record, or why it is none."""

    number: int
    cells: tuple[object, ...]
    record: pb.ImportedRecord | None = None
    reason: str = ""


def file_lines(path: Path, shape: Any) -> Iterator[Line]:
    """The lines of a file, whatever kind it is; what it is, its first bytes say."""
    if is_workbook(path):
        return sheet_lines(path, sheet=shape.sheet)
    return csv_lines(path, encoding=shape.encoding, separator=shape.separator)


class RecordFile:
    """A file as its map reads it. Raises InputError where the file's header does not have the map's columns."""

    def __init__(self, path: Path, by: RecordMap) -> None:
        self._map = by
        self._zero = zero_of_days(path)
        self._lines = file_lines(path, by.file)
        self.header = self._find_header(path)
        self._places = {name: self.header.index(column) for name, column in by.columns.items()}
        self._template = self._same_on_each()
        self._titles = {name: self.header[place] for name, place in self._places.items()}
        self._words = {name: _known_words(kind, by.words.get(name, {})) for name, kind in _SPELLED.items()}

    def __iter__(self) -> Iterator[ReadLine]:
        for line in self._lines:
            if line.trouble:
                yield ReadLine(line.number, line.cells, reason=line.trouble)
                continue
            try:
                yield ReadLine(line.number, line.cells, self._record(line.cells))
            except InputError as error:
                yield ReadLine(line.number, line.cells, reason=error.message)

    def _find_header(self, path: Path) -> tuple[str, ...]:
        wanted = self._map.file.header_line
        for line in self._lines:
            header = tuple(as_text(cell) for cell in line.cells)
            # Lines that were set aside stand below a header of their own, whatever stood above that of their file.
            if line.number < wanted and header[-2:] != ASIDE:
                continue
            missing = [column for column in self._map.columns.values() if column not in header]
            twice = [column for column in self._map.columns.values() if header.count(column) > 1]
            if missing or twice or line.trouble:
                told = line.trouble or (
                    f"it has no column {_named(missing)}; its columns are {_named(header)}"
                    if missing
                    else f"it names {_named(dict.fromkeys(twice))} more than once, so nobody can tell which column is "
                    "meant; give each a name of its own in the file"
                )
                raise InputError(
                    f"Line {line.number} of {path.name} should name the columns: {told}. Correct `columns`, "
                    "`separator` or `header_line` in the map, or make the map anew with `portability map new`.",
                    field="columns",
                )
            return header
        raise InputError(f"{path.name} has no line {wanted} to name the columns: it ends before.", field="header_line")

    def _same_on_each(self) -> common.InsurancePeriod:
        same = self._map.same_on_each_line
        return common.InsurancePeriod(
            state=same.state,
            scheme=same.scheme,
            kind=_number("PERIOD_KIND", same.kind),
            evidence=common.Evidence(
                level=_number("EVIDENCE_LEVEL", same.evidence), method=same.method, verified_by=same.verified_by
            ),
        )

    def _record(self, cells: tuple[object, ...]) -> pb.ImportedRecord:
        if len(cells) < len(self.header):
            cells += ("",) * (len(self.header) - len(cells))
        elif len(cells) > len(self.header) and any(as_text(cell) for cell in cells[len(self.header) :]):
            raise InputError(
                f"The line has {len(cells)} cells, the header names {len(self.header)}: a separator stands in a cell "
                "without quotes, or a column has no name."
            )
        said = {name: as_text(cells[place]) for name, place in self._places.items()}
        _refuse_totals(cells, said)
        if said == self._titles:
            raise InputError("The line names the columns again: delete it.")
        identifier = said.get("identifier", "")
        account_id = said.get("account_id", identifier)
        if not account_id:
            raise InputError(f"{self._column('account_id', 'identifier')} is empty: nothing says whose line it is.")
        record = pb.ImportedRecord(account_id=account_id, period=self._template)
        self._fill(record.period, cells, said)
        person = self._person(cells, said)
        if person is not None:
            record.person.CopyFrom(person)
        return record

    def _fill(self, period: common.InsurancePeriod, cells: Sequence[object], said: Mapping[str, str]) -> None:
        if first := self._day(cells, "first_day"):
            period.first_day.CopyFrom(_as_message(first))
        if last := self._day(cells, "last_day"):
            period.last_day.CopyFrom(_as_message(last))
        if "amount" in said and (amount := self._asked("amount", as_amount, said["amount"], self._map.decimals)):
            same = self._map.same_on_each_line
            unit = self._word("unit", said["unit"]) if "unit" in said else same.unit
            period.amount = amount
            period.unit = _number("PERIOD_UNIT", unit) if unit else common.PERIOD_UNIT_UNSPECIFIED
            if unit == PeriodUnit.DAYS:
                period.day_regime = int(same.day_regime or 0)
        if "kind" in said:
            period.kind = _number("PERIOD_KIND", self._word("kind", said["kind"]))
        if "scheme" in said:
            period.scheme = said["scheme"]
        if "state" in said:
            period.state = said["state"]
        period.period_id = said["period_id"] if "period_id" in said else _made_id(period, first, last)

    def _person(self, cells: Sequence[object], said: Mapping[str, str]) -> pb.InsuredPerson | None:
        """Whose line it is, where the columns say so; without all of it the account has to be known."""
        name = ", ".join([said[part] for part in ("name", "family_name", "given_names") if said.get(part)])
        born = self._day(cells, "birth_date")
        identifier = said.get("identifier", "")
        if not (name and born and identifier):
            return None
        same = self._map.same_on_each_line
        return _person(name, born, same.identifier_country, same.identifier_sector, identifier)

    def _day(self, cells: Sequence[object], name: str) -> date | None:
        if name not in self._places:
            return None
        day: date | None = self._asked(name, as_day, cells[self._places[name]], self._map.dates, zero=self._zero)
        return day

    def _word(self, name: str, text: str) -> Any:
        known = self._words[name]
        found = known.get(text.casefold())
        if found is None:
            raise InputError(
                f"Column '{self._map.columns[name]}': '{text}' is not known; write it under `words: {name}:` in the "
                f"map as one of {_named(one.value for one in _SPELLED[name])}."
            )
        return found

    def _asked(self, name: str, read: Any, *given: Any, **more: Any) -> Any:
        try:
            return read(*given, **more)
        except InputError as error:
            raise InputError(f"Column '{self._map.columns[name]}': {error.message}", field=name) from error

    def _column(self, *names: str) -> str:
        return next(f"Column '{self._map.columns[name]}'" for name in names if name in self._map.columns)


def _refuse_totals(cells: Sequence[object], said: Mapping[str, str]) -> None:
    if said.get("first_day", "x") and said.get("last_day", "x"):
        return
    words = next((text for cell in cells if (text := as_text(cell))), "").casefold().strip(":.").split()
    if words and words[0].strip(":") in TOTALS:
        raise InputError("The line is a row of totals, not a record: delete it.")


def _known_words(kind: type[Any], own: Mapping[str, str]) -> Mapping[str, Any]:
    """What stands for the members of an enum: their own names, and the words that the map gives for them."""
    members = {one.value: one for one in kind}
    given = {word.casefold(): members[value] for word, value in own.items() if value in members}
    return members | given


def _made_id(period: common.InsurancePeriod, first: date | None, last: date | None) -> str:
    """A stable id where the file has none: the same period of the same account gets the same one each time."""
    days = "/".join([day.isoformat() if day else "0000-00-00" for day in (first, last)])
    return f"{days}/{period.kind}/{period.scheme}"[:64]


@lru_cache(maxsize=65_536)
def _as_message(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


@lru_cache(maxsize=1024)
def _person(name: str, born: date, country: str, sector: str, number: str) -> pb.InsuredPerson:
    return pb.InsuredPerson(
        name=name,
        birth_date=_as_message(born),
        identifiers=[messages.PersonIdentifier(country=country, sector=sector, value=number)],
    )


@lru_cache(maxsize=64)
def _number(prefix: str, member: Enum) -> Any:
    kinds = {"PERIOD_KIND": common.PeriodKind, "PERIOD_UNIT": common.PeriodUnit, "EVIDENCE_LEVEL": common.EvidenceLevel}
    kind: Any = kinds[prefix]
    return kind.Value(f"{prefix}_{member.name}")


def _named(names: Any) -> str:
    return ", ".join(f"'{name}'" for name in names if name not in ASIDE) or "none"
