"""The format of legislation files: one state's schemes, their conditions and parameters, dated and cited.

Each scheme names its `law`, one of a closed set; what it means is one function in the module of that name.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from portability.agreements.errors import AgreementFileError, AgreementSyntaxError
from portability.agreements.loading import load_model
from portability.agreements.national.answered import AnsweredByInstitution
from portability.agreements.national.base import DatedAmount
from portability.agreements.national.canada_pension_plan import CanadaPensionPlan
from portability.agreements.national.earnings_points import EarningsPoints
from portability.agreements.national.missing_years import MissingYears
from portability.agreements.national.residence_fractions import ResidenceFractions
from portability.agreements.national.us_scheme import UsOldAge
from portability.agreements.national.yearly_average import YearlyAverage
from portability.agreements.rules import Entry, ExampleCase, Id, Instrument, NotModelled, State, Text
from portability.agreements.values import Branch
from portability.agreements.yaml_source import SourceTree, read_yaml

__all__ = ["Legislation", "LegislationFile", "Scheme", "load_legislation"]

Scheme = Annotated[
    EarningsPoints
    | ResidenceFractions
    | CanadaPensionPlan
    | MissingYears
    | YearlyAverage
    | UsOldAge
    | AnsweredByInstitution,
    Field(discriminator="law"),
]


class BetweenAgreements(Entry):
    """What the state's own law says where several agreements lead to its benefit: the most favourable one."""

    cite: Text
    most_systems: int | None = Field(default=None, ge=2, le=50, description="How many systems it combines at most")
    most_systems_cite: Text | None = None


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
    between_agreements: BetweenAgreements | None = Field(default=None, description="None: the law read says nothing")
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
