"""The map of a file: which column says what, how dates and numbers are written, and what is the same on every line.

A YAML file that a clerk reads and corrects; it is checked as a whole before a line is read.
"""

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from portability.agreements.careers import EvidenceLevel
from portability.agreements.errors import AgreementSyntaxError, InputError
from portability.agreements.periods import PeriodKind, PeriodUnit
from portability.agreements.yaml_source import read_yaml

__all__ = ["FIELDS", "DateOrder", "FileShape", "RecordMap", "SameOnEachLine", "load_map", "load_map_text"]


class DateOrder(StrEnum):
    """In which order the parts of a date stand; 1980-03-10 is read under each of them."""

    DAY_FIRST = "day-month-year"
    MONTH_FIRST = "month-day-year"
    YEAR_FIRST = "year-month-day"
    UNKNOWN = "unknown"  # a date that could be two days is refused


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class FileShape(_Strict):
    """What kind of file it is."""

    encoding: Literal[
        "utf-8", "cp1252", "iso-8859-2", "iso-8859-15", "cp1250", "cp1251", "cp1253", "cp1254", "cp1256", "cp1257"
    ] = "utf-8"
    separator: Annotated[str, Field(min_length=1, max_length=1), StringConstraints(strip_whitespace=False)] = ";"
    sheet: str = ""
    header_line: Annotated[int, Field(ge=1, le=1000)] = 1


class SameOnEachLine(_Strict):
    """What no column says."""

    state: Annotated[str, Field(pattern="^([A-Z]{2})?$")] = ""
    scheme: Annotated[str, Field(max_length=64)] = ""
    kind: PeriodKind = PeriodKind.COMPULSORY
    unit: PeriodUnit | Literal[""] = ""
    day_regime: Literal["", "5", "6", "7"] = ""
    evidence: EvidenceLevel = EvidenceLevel.EMPLOYER_REPORT
    method: Annotated[str, Field(max_length=200)] = ""
    verified_by: Annotated[str, Field(max_length=43)] = ""
    identifier_country: Annotated[str, Field(pattern="^([A-Z]{2})?$")] = ""
    identifier_sector: Annotated[str, Field(pattern="^([a-z][a-z0-9_]{0,39})?$")] = ""


FIELDS = (
    "account_id",
    "name",
    "family_name",
    "given_names",
    "birth_date",
    "identifier",
    "first_day",
    "last_day",
    "amount",
    "unit",
    "kind",
    "scheme",
    "state",
    "period_id",
)
"""What a column can say."""


class RecordMap(_Strict):
    """How a file is read."""

    map: Literal["1"]
    file: FileShape = FileShape()
    dates: DateOrder = DateOrder.UNKNOWN
    decimals: Literal["comma", "point"] = "point"
    as_of: date
    columns: dict[str, str]
    same_on_each_line: SameOnEachLine = SameOnEachLine()
    words: dict[str, dict[str, str]] = {}

    def trouble(self) -> list[str]:
        """What is wrong with the map as a whole, for people."""
        found = [f"`columns` has '{name}', which is none of: {', '.join(FIELDS)}." for name in self._strangers()]
        if "account_id" not in self.columns and "identifier" not in self.columns:
            found.append("`columns` needs account_id, or identifier: nothing says whose a line is.")
        if "first_day" not in self.columns and "amount" not in self.columns:
            found.append("`columns` needs first_day and last_day, or amount: nothing says when.")
        same = self.same_on_each_line
        for name in ("state", "scheme"):
            if name not in self.columns and not getattr(same, name):
                found.append(f"`{name}` is neither a column nor in `same_on_each_line`.")
        if "amount" in self.columns and "unit" not in self.columns and not same.unit:
            found.append("`amount` has no unit: write `unit` (days, weeks, months, quarters or years).")
        if "identifier" in self.columns and not (same.identifier_country and same.identifier_sector):
            found.append("`identifier` needs identifier_country and identifier_sector in `same_on_each_line`.")
        return found

    def _strangers(self) -> list[str]:
        return [name for name in self.columns if name not in FIELDS]


def load_map(path: Path) -> RecordMap:
    """Read a map; raises InputError with everything that is wrong, one line each with its place."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} does not open as a text file: {error}.", field="map") from error
    return load_map_text(text, name=path.name)


def load_map_text(text: str, *, name: str) -> RecordMap:
    """The map in a text; raises InputError as `load_map` does."""
    try:
        tree = read_yaml(text, name)
    except AgreementSyntaxError as error:
        raise InputError(error.message, field="map") from error
    try:
        made = RecordMap.model_validate(tree.values)
    except ValidationError as error:
        lines = [tree.error(each["loc"], each["msg"]).message for each in error.errors()]
        raise InputError("\n".join(lines), field="map") from error
    if trouble := made.trouble():
        raise InputError("\n".join(f"{name}: {each}" for each in trouble), field="map")
    return made
