"""A first map of a file: separator, encoding, header, order of dates, decimal sign, and which column says what.

Columns are known by their names in the languages of agencies, and by what their first lines hold. Everything stands in
the proposal with what spoke for it, for a clerk to read and correct; an order of dates that nothing decides is unknown.
"""

import codecs
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Final

from portability.adapters.spreadsheets.lines import csv_lines
from portability.adapters.spreadsheets.map_file import DateOrder
from portability.adapters.spreadsheets.sheets import is_workbook, sheet_lines, sheet_names
from portability.adapters.spreadsheets.values import as_text
from portability.agreements.errors import InputError

__all__ = ["proposed_map"]

SAMPLE: Final = 500
SAMPLED_BYTES: Final = 1 << 20
_SEPARATORS: Final = (";", ",", "\t", "|")
_NAMES: Final = {
    "account_id": "account konto kontonummer konto_nr compte conto cuenta account_id mitgliedsnummer member matricule",
    "identifier": "versicherungsnummer vsnr sv_nummer insurance_number insurance insurance_no ssn nir nss pesel nino "
    "رقم_التأمين رقم_الضمان बीमा_संख्या "
    "codice_fiscale codice numero_assicurato numéro_de_sécurité numéro numero national_id identifier id_number amka",
    "family_name": "nachname familienname surname last_name family_name nom cognome apellido apellidos nazwisko",
    "given_names": "vorname given_name given_names first_name prénom prenom nome nombre imię imie voornaam",
    "name": "name full_name versicherter insured nom_complet nominativo nombre_completo naam الاسم नाम",
    "birth_date": "geburtsdatum geb birth_date date_of_birth dob born date_de_naissance naissance data_di_nascita "
    "nascita fecha_de_nacimiento nacimiento data_urodzenia geboortedatum geboren né_le née_le "
    "تاريخ_الميلاد تاريخ_الولادة जन्म_तिथि जन्मतिथि",
    "first_day": "von ab beginn start from begin first_day start_date début debut du da dal inizio desde inicio od van "
    "من من_تاريخ से आरंभ_तिथि",
    "last_day": "bis ende end to until last_day end_date fin au al fine a hasta do tot إلى الى إلى_تاريخ तक अंतिम_तिथि",
    "amount": "monate months tage days wochen weeks mois mesi meses miesiące miesiace amount anzahl quarters "
    "trimestres trimestri quartale jours giorni días dias semaines settimane semanas أشهر أيام महीने दिन",
    "kind": "art kind type typ genre tipo rodzaj soort",
    "scheme": "zweig scheme régime regime gestione régimen system stelsel",
    "state": "staat state country land pays paese país pais kraj",
    "period_id": "period_id zeile_id period lfd lfd_nr",
}
_UNITS: Final = {
    "months": "monate months mois mesi meses miesiące miesiace أشهر महीने",
    "days": "tage days jours giorni días dias dni أيام दिन",
    "weeks": "wochen weeks semaines settimane semanas tygodnie",
    "quarters": "quarters quartale trimestres trimestri trimestre",
}


def proposed_map(path: Path, *, today: date) -> str:
    """The text of a map for a file, with what was found as comments."""
    encoding = _encoding(path)
    workbook = is_workbook(path)
    separator = ";" if workbook else _separator(path, encoding)
    sheet = sheet_names(path)[0] if workbook else ""
    lines = sheet_lines(path, sheet=sheet) if workbook else csv_lines(path, encoding=encoding, separator=separator)
    rows = [line for line in islice(lines, SAMPLE) if not line.trouble]
    if not rows:
        raise InputError(f"{path.name} has no line that can be read: nothing to propose a map for.", field="file")
    head = next((at for at, line in enumerate(rows) if _is_header(line.cells)), 0)
    header = [as_text(cell) for cell in rows[head].cells] if rows else []
    body = [[as_text(cell) for cell in line.cells] for line in rows[head + 1 :]]
    columns = _columns(header, body)
    order, why = _date_order(_cells(body, header, columns, ("birth_date", "first_day", "last_day")))
    decimals = _decimals(_cells(body, header, columns, ("amount",)))
    unit = next((unit for unit, words in _UNITS.items() if _key(columns.get("amount", "")) in words.split()), "")
    number = rows[head].number if rows else 1
    return _text(
        _Found(
            name=path.name,
            encoding=encoding,
            separator=separator,
            sheet=sheet,
            header=header,
            header_line=number,
            columns=columns,
            order=order,
            why=why,
            decimals=decimals,
            unit=unit,
        ),
        today=today,
    )


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        sample = file.read(SAMPLED_BYTES)
    try:
        # Of a longer file, the last character may be cut in two.
        codecs.getincrementaldecoder("utf-8")().decode(sample, final=len(sample) < SAMPLED_BYTES)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _separator(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, errors="replace") as file:
        lines = [line for line in islice(file, 50) if line.strip()]
    counts = (
        {each: Counter(line.count(each) for line in lines).most_common(1)[0] for each in _SEPARATORS} if lines else {}
    )
    return max(counts, key=lambda each: (counts[each][0] > 0, counts[each][1], counts[each][0]), default=";")


def _is_header(cells: Sequence[object]) -> bool:
    texts = [as_text(cell) for cell in cells]
    return sum(bool(text) for text in texts) > 1 and not any(re.search(r"\d{3}", text) for text in texts)


def _key(name: str) -> str:
    return re.sub(r"[\s.\-]+", "_", name.casefold()).strip("_:")


def _columns(header: Sequence[str], body: Sequence[Sequence[str]]) -> dict[str, str]:
    """Fields with their columns: by name, whole names before parts; then dates by what the columns hold."""
    found: dict[str, str] = {}
    for exact in (True, False):
        for field, words in _NAMES.items():
            for column in header:
                if (
                    field not in found
                    and column
                    and column not in found.values()
                    and _says(column, words.split(), exact)
                ):
                    found[field] = column
    dated = [
        column
        for place, column in enumerate(header)
        if column and column not in found.values() and _are_dates(row[place] for row in body if place < len(row))
    ]
    missing = [field for field in ("first_day", "last_day") if field not in found]
    if len(dated) <= len(missing):  # of more, a birth date could be one: who has the file says which
        found.update(zip(missing, dated, strict=False))
    return found


def _says(column: str, words: Sequence[str], exact: bool) -> bool:  # noqa: FBT001 (of this module)
    key = _key(column)
    return key in words if exact else any(part in words for part in key.split("_") if len(part) > 2)


def _are_dates(cells: Iterable[str]) -> bool:
    given = [cell for cell in cells if cell]
    return bool(given) and all(re.fullmatch(r"\d{1,4}[./\-]\d{1,2}[./\-]\d{1,4}", cell) for cell in given[:50])


def _cells(
    body: Sequence[Sequence[str]], header: Sequence[str], columns: dict[str, str], fields: Sequence[str]
) -> list[str]:
    places = [header.index(columns[field]) for field in fields if field in columns]
    return [row[place] for row in body for place in places if place < len(row) and row[place]]


def _date_order(cells: Sequence[str]) -> tuple[DateOrder, str]:
    seen: Counter[DateOrder] = Counter()
    for cell in cells:
        parts = re.fullmatch(r"(\d{1,4})[./\-](\d{1,2})[./\-](\d{1,4})", cell)
        if parts is None:
            continue
        if len(parts[1]) == 4:
            seen[DateOrder.YEAR_FIRST] += 1
        elif int(parts[1]) > 12:
            seen[DateOrder.DAY_FIRST] += 1
        elif int(parts[2]) > 12:
            seen[DateOrder.MONTH_FIRST] += 1
    if len(seen) == 1:
        order, count = seen.most_common(1)[0]
        return order, f"{count} dates of the first lines can be read in no other way"
    if seen:
        return DateOrder.UNKNOWN, "the file mixes: " + ", ".join(f"{count} {order}" for order, count in seen.items())
    return DateOrder.UNKNOWN, "no date of the first lines decides it: say day-month-year or month-day-year"


def _decimals(cells: Sequence[str]) -> str:
    return "comma" if any("," in cell for cell in cells) else "point"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What was found of a file."""

    name: str
    encoding: str
    separator: str
    sheet: str
    header: Sequence[str]
    header_line: int
    columns: dict[str, str]
    order: DateOrder
    why: str
    decimals: str
    unit: str


def _text(found: _Found, *, today: date) -> str:
    unused = [column for column in found.header if column and column not in found.columns.values()]
    shown = {"\t": r"\t"}.get(found.separator, found.separator)
    lines = [
        f"# How {found.name} becomes records. Read it, correct it, then: portability map check {found.name} --map THIS",
        'map: "1"',
        "file:",
        f"  encoding: {found.encoding}",
        f'  separator: "{shown}"',
        f"  sheet: {_quoted(found.sheet)}",
        f"  header_line: {found.header_line}   # the line that names the columns",
        f"dates: {found.order.value}   # {found.why}",
        f"decimals: {found.decimals}   # comma or point, in amounts",
        f"as_of: {today.isoformat()}   # the accounts are complete up to this day: correct it",
        "columns:",
        *(f"  {field}: {_quoted(column)}" for field, column in found.columns.items()),
        *(f"  # not used: {column}" for column in unused),
        "same_on_each_line:   # what no column says",
        '  state: ""   # DE, IT, ...: whose legislation',
        '  scheme: ""   # the scheme\'s own name, for example de-rente',
        "  kind: compulsory   # or voluntary, equivalent, residence",
        f'  unit: "{found.unit}"   # of the amount: days, weeks, months, quarters, years',
        '  day_regime: ""   # 5, 6 or 7 days a week, where the unit is days',
        "  evidence: employer_report   # or declared, contribution_seen, final_account, decision",
        '  identifier_country: ""   # who gave the insurance number: DE, ...',
        '  identifier_sector: ""   # pension, social_security, tax, ...',
        "words: {}   # what the file's own words mean, for example  kind: {Pflichtbeitrag: compulsory}",
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
