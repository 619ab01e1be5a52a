"""Files as offices have them, written by hand for each fault."""

from pathlib import Path

__all__ = ["GOOD_MAP", "HEADER", "line", "written"]

GOOD_MAP = """\
map: "1"
file:
  separator: ";"
dates: day-month-year
decimals: comma
as_of: 2026-10-31
columns:
  account_id: Konto
  name: Name
  birth_date: geboren
  identifier: Versicherungsnummer
  first_day: von
  last_day: bis
  amount: Monate
  kind: Art
same_on_each_line:
  state: DE
  scheme: de-rente
  unit: months
  evidence: contribution_seen
  identifier_country: DE
  identifier_sector: pension
words:
  kind:
    Pflicht: compulsory
    freiwillig: voluntary
"""
HEADER = "Konto;Name;geboren;Versicherungsnummer;von;bis;Monate;Art"


def line(year: int = 2000, **cells: str) -> str:
    """One good line, with some cells otherwise."""
    good = {
        "Konto": "K-1",
        "Name": "Rossi, Maria",
        "geboren": "10.03.1958",
        "Versicherungsnummer": "12 100358 R 501",
        "von": f"01.01.{year}",
        "bis": f"31.12.{year}",
        "Monate": "12",
        "Art": "Pflicht",
    }
    return ";".join((good | cells).values())


def written(folder: Path, *lines: str, header: str = HEADER, encoding: str = "utf-8", by: str = GOOD_MAP) -> Path:
    """A CSV file with its map beside it."""
    file = folder / "contributions.csv"
    file.write_bytes("\n".join([header, *lines, ""]).encode(encoding))
    (folder / "map.yaml").write_text(by, encoding="utf-8")
    return file
