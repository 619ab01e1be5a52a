"""The format of legislation files: one state's schemes, their conditions and parameters, dated and cited.

Each scheme names its `law`, one of a closed set; what it means is one function in the module of that name.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from portability.agreements.errors import NoRuleInForceError
from portability.agreements.loading import AgreementFileError, load_model
from portability.agreements.periods import DayRegime, PeriodUnit
from portability.agreements.rules import Day, Entry, ExampleCase, Id, Instrument, NotModelled, State, Text, Units
from portability.agreements.values import Branch, Citation
from portability.agreements.yaml_source import read_yaml

__all__ = [
    "AnsweredByInstitution",
    "DatedAmount",
    "EarningsPoints",
    "Legislation",
    "LegislationFile",
    "Minimum",
    "PensionAge",
    "ResidenceFractions",
    "Scheme",
    "citation_of",
    "in_force",
    "load_legislation",
]


class DatedAmount(Entry):
    """A value from a day on, until the next one."""

    valid_from: Day = Field(alias="from")
    value: Decimal
    cite: Text
    status: Literal["verified", "unverified"] = "verified"


class Minimum(Entry):
    """The least insured time that opens the right."""

    time: Units
    cite: Text
    status: Literal["verified", "unverified"] = "verified"


class PensionAge(Entry):
    """The age of people born from a day on, until the next row, in months."""

    born_from: Day
    months: int = Field(ge=600, le=900)
    cite: Text
    status: Literal["verified", "unverified"] = "verified"


class SchemeBase(Entry):
    """What every scheme says: its own name, the branch, the unit it counts in, its conditions."""

    id: Id
    name: Text
    branch: Branch
    unit: PeriodUnit
    day_regime: DayRegime | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    age: tuple[PensionAge, ...] = Field(min_length=1)
    minimum: Minimum | None = Field(default=None, description="None: any period opens the right")
    full_after: Minimum | None = Field(default=None, description="Insured time for a full benefit; none: no maximum")


class EarningsPoints(SchemeBase):
    """Points x access factor x pension type factor x current value (`earnings_points`)."""

    law: Literal["earnings_points"]
    amount_cite: Text
    current_value: tuple[DatedAmount, ...] = Field(min_length=1)
    pension_type_factor: DatedAmount
    later_claim_per_month: DatedAmount
    rounding_cite: Text


class ResidenceFractions(SchemeBase):
    """Full amount x whole years of residence / years for a full one (`residence_fractions`)."""

    law: Literal["residence_fractions"]
    amount_cite: Text
    years_for_full: int = Field(ge=1, le=60)
    rounding_cite: Text
    abroad_minimum: Minimum


class AnsweredByInstitution(SchemeBase):
    """The institution answers the amounts; its law is not encoded here (`answered`)."""

    law: Literal["answered_by_institution"]
    why: Text


Scheme = Annotated[EarningsPoints | ResidenceFractions | AnsweredByInstitution, Field(discriminator="law")]


class LegislationFile(Entry):
    """One state's legislation, as far as it is encoded."""

    format: Literal["1"]
    id: Id
    title: Text
    state: State
    instruments: tuple[Instrument, ...] = Field(min_length=1)
    status: Literal["unverified", "drafted", "reviewed"]
    not_modelled: tuple[NotModelled, ...]
    schemes: tuple[Scheme, ...] = Field(min_length=1)
    examples: tuple[ExampleCase, ...] = ()


@dataclass(frozen=True, slots=True)
class Legislation:
    """A legislation file that has been checked, with its name and the SHA-256 of its bytes."""

    content: LegislationFile
    file: str
    sha256: str

    def schemes_of(self, branch: Branch) -> tuple[Scheme, ...]:
        """The schemes of a branch, in the order of the file."""
        return tuple(scheme for scheme in self.content.schemes if scheme.branch == branch)


def load_legislation(text: str, file: str, *, sha256: str) -> Legislation:
    """The legislation that `text` states. Raises AgreementFileError with every fault and its place."""
    tree = read_yaml(text, file)
    content = load_model(LegislationFile, tree)
    known = {instrument.id for instrument in content.instruments}
    errors = [
        tree.error(path, f"cites '{cite}': expected an instrument of this file ({', '.join(sorted(known))}) first")
        for path, cite in _cites(tree.values, ())
        if not any(cite.startswith(f"{name} ") for name in known)
    ]
    if errors:
        raise AgreementFileError(errors)
    return Legislation(content, file, sha256)


def in_force(rows: tuple[DatedAmount, ...], on: date) -> DatedAmount:
    """The value in force on a day; NoRuleInForceError with the first date covered before that."""
    covered = [row for row in rows if row.valid_from <= on]
    if not covered:
        first = min(row.valid_from for row in rows)
        raise NoRuleInForceError(
            f"No value is in force on {on} ({rows[0].cite}): the first date covered is {first}.", first_day=first
        )
    return max(covered, key=lambda row: row.valid_from)


def citation_of(cite: str, instruments: tuple[Instrument, ...]) -> Citation:
    """A citation's text, split after the id of its instrument (which may hold spaces)."""
    for instrument in instruments:
        if cite.startswith(f"{instrument.id} "):
            return Citation(instrument.id, cite[len(instrument.id) + 1 :])
    return Citation(cite, "")


def _cites(values: object, path: tuple[str | int, ...]) -> list[tuple[tuple[str | int, ...], str]]:
    if isinstance(values, dict):
        found = [((*path, key), value) for key, value in values.items() if _is_cite(key) and isinstance(value, str)]
        return found + [
            item for key, value in values.items() if key != "examples" for item in _cites(value, (*path, key))
        ]
    if isinstance(values, list):
        return [item for index, value in enumerate(values) for item in _cites(value, (*path, index))]
    return []


def _is_cite(key: str) -> bool:
    return key == "cite" or key.endswith("_cite")
