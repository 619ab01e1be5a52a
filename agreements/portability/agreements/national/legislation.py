"""The format of legislation files: one state's schemes, their conditions and parameters, dated and cited.

Each scheme names its `law`, one of a closed set; what it means is one function in the module of that name.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from portability.agreements.errors import AgreementFileError, AgreementSyntaxError, NoRuleInForceError
from portability.agreements.loading import load_model
from portability.agreements.periods import DayRegime, PeriodUnit
from portability.agreements.rules import Day, Entry, ExampleCase, Id, Instrument, NotModelled, State, Text, Units
from portability.agreements.values import Branch, Citation
from portability.agreements.yaml_source import SourceTree, read_yaml

__all__ = [
    "AgeIncrease",
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
    """A value from a day on, until its last day, or until the next one where it has none."""

    valid_from: Day = Field(alias="from")
    valid_until: Day | None = Field(default=None, alias="until", description="Last day in force, inclusive")
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


class AgeIncrease(Entry):
    """A full amount that is higher from the month after an age is reached, for months from a day on."""

    valid_from: Day = Field(alias="from")
    from_age: int = Field(ge=50, le=120, description="In years")
    factor: Decimal
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
    access_cite: Text = Field(description="Access factor of a pension claimed at the pension age")
    decimals_cite: Text = Field(description="To how many decimals points are computed")
    current_value: tuple[DatedAmount, ...] = Field(min_length=1)
    pension_type_factor: DatedAmount
    later_claim_per_month: DatedAmount
    rounding_cite: Text


class ResidenceFractions(SchemeBase):
    """Full amount x whole years of residence / years for a full one (`residence_fractions`).

    `minimum` is for residents of the state, `abroad_minimum` for everybody else.
    """

    law: Literal["residence_fractions"]
    amount_cite: Text
    years_for_full: int = Field(ge=1, le=60)
    whole_years_cite: Text
    rounding_cite: Text
    abroad_minimum: Minimum
    export_cite: Text
    full_amount: tuple[DatedAmount, ...] = Field(
        default=(), description="Full amounts a month that are known; the institution's own figure goes before them"
    )
    full_amount_increase: AgeIncrease | None = None


class AnsweredByInstitution(SchemeBase):
    """The institution answers the amounts; its law is not encoded here (`answered`).

    `conditions: answered` says that the file states neither age nor minimum: an independent amount is then answered
    only where own time alone opens a right.
    """

    law: Literal["answered_by_institution"]
    age: tuple[PensionAge, ...] = Field(default=(), description="Empty: the institution answers whether it is reached")
    conditions: Literal["stated", "answered"] = "stated"
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
    errors += [*_doubled_ids(content, tree), *_disordered_rows(content, tree), *_unknown_schemes(content, tree)]
    errors += [
        tree.error(("schemes", index), "states no age: expected `age`, or `conditions: answered`")
        for index, scheme in enumerate(content.schemes)
        if isinstance(scheme, AnsweredByInstitution) and not scheme.age and scheme.conditions == "stated"
    ]
    if errors:
        raise AgreementFileError(errors)
    return Legislation(content, file, sha256)


def in_force(rows: tuple[DatedAmount, ...], on: date) -> DatedAmount:
    """The value in force on a day; NoRuleInForceError with the first date covered before or between rows."""
    started = [row for row in rows if row.valid_from <= on]
    newest = max(started, key=lambda row: row.valid_from, default=None)
    if newest is not None and (newest.valid_until is None or on <= newest.valid_until):
        return newest
    first = min((row.valid_from for row in rows), default=None)
    cite = rows[0].cite if rows else ""
    raise NoRuleInForceError(
        f"No value is in force on {on} ({cite or 'none is known'}): "
        + (f"the first date covered is {first}." if first else "the file has none."),
        first_day=first,
        citation=cite,
    )


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


def _doubled_ids(content: LegislationFile, tree: SourceTree) -> list[AgreementSyntaxError]:
    errors = []
    for name, ids in (
        ("schemes", [one.id for one in content.schemes]),
        ("examples", [one.id for one in content.examples]),
    ):
        errors += [
            tree.error((name, index, "id"), f"the id '{one}' is taken: ids are unique in a file")
            for index, one in enumerate(ids)
            if one in ids[:index]
        ]
    return errors


def _disordered_rows(content: LegislationFile, tree: SourceTree) -> list[AgreementSyntaxError]:
    """Rows of ages and values stand in the order of their dates, each date once, and end before the next begins."""
    errors = []
    for index, scheme in enumerate(content.schemes):
        for row, (before, after) in enumerate(pairwise(scheme.age), start=1):
            if after.born_from <= before.born_from:
                errors.append(tree.error(("schemes", index, "age", row, "born_from"),
                              f"{after.born_from} stands after {before.born_from}: expected a later day"))  # fmt: skip
        for name in ("current_value", "full_amount"):
            rows: tuple[DatedAmount, ...] = getattr(scheme, name, ())
            for row, (one, next_one) in enumerate(pairwise(rows), start=1):
                last = one.valid_until or one.valid_from
                if next_one.valid_from <= last:
                    errors.append(tree.error(("schemes", index, name, row, "from"),
                                  f"{next_one.valid_from} is not after {last}: expected a later day"))  # fmt: skip
    return errors


def _unknown_schemes(content: LegislationFile, tree: SourceTree) -> list[AgreementSyntaxError]:
    known = {scheme.id for scheme in content.schemes}
    return [
        tree.error(("examples", index, "given", "scheme"), f"'{case.given.get('scheme')}' is no scheme of this file: "
                   f"expected one of {', '.join(sorted(known))}")
        for index, case in enumerate(content.examples)
        if case.given.get("scheme") not in known
    ]  # fmt: skip


def _is_cite(key: str) -> bool:
    return key == "cite" or key.endswith("_cite")
