"""A treaty file: identity, parties, legal texts, dated rules of the closed vocabulary, examples."""

from typing import Annotated, Literal

from pydantic import Field

from portability.agreements.rules import applicable, benefits, periods, procedure, scope
from portability.agreements.rules.base import Entry, Id, Instrument, NotModelled, State, Text
from portability.agreements.values import Branch

__all__ = ["AgreementFile", "ExampleCase", "ExampleFile", "Rule"]

Rule = Annotated[
    scope.PersonalScope
    | scope.EqualTreatment
    | scope.Export
    | applicable.PlaceOfWork
    | applicable.Posting
    | applicable.SeveralStates
    | applicable.GovernmentService
    | applicable.Seafarers
    | applicable.AirCrew
    | applicable.Exceptions
    | applicable.Telework
    | applicable.ResidenceAttribution
    | periods.Aggregation
    | periods.Overlap
    | periods.PeriodConversion
    | periods.PeriodCredit
    | benefits.HigherOfIndependentAndProRata
    | benefits.ProRataWithoutIndependentRight
    | benefits.OwnPeriodsOnly
    | benefits.FlatRateFraction
    | benefits.ShortPeriods
    | benefits.LegislationsNotSatisfied
    | procedure.ClaimDate
    | procedure.TimeLimit,
    Field(discriminator="rule"),
]


class ExampleCase(Entry):
    """One example: what goes in, what must come out, and where it comes from. Shape: docs/agreement-files.md."""

    id: Id
    title: Text
    source: Text
    trust: Literal["published", "official_program", "derived", "own"]
    kind: Literal["convert", "overlap", "aggregate", "pro_rata", "higher_of", "short_period", "determine"]
    given: dict[str, object]
    expect: dict[str, object]
    known_difference: Text | None = Field(default=None, description="Why the case cannot be reproduced; kept, not bent")


class AgreementFile(Entry):
    """One treaty file."""

    format: Literal["1"]
    id: Id
    title: Text
    kind: Literal["bilateral", "multilateral"]
    parties: tuple[State, ...] = Field(min_length=2)
    instruments: tuple[Instrument, ...] = Field(min_length=1)
    status: Literal["unverified", "drafted", "reviewed"]
    branches: tuple[Branch, ...] = Field(min_length=1)
    supersedes: tuple[Text, ...] = Field(default=(), description="Earlier instruments between the same parties")
    superseded_by: Id | None = Field(default=None, description="The agreement that took this one's place")
    not_modelled: tuple[NotModelled, ...]
    rules: tuple[Rule, ...] = Field(min_length=1)
    examples: tuple[ExampleCase, ...] = ()


class ExampleFile(Entry):
    """Examples alone, for an agreement that is loaded already: what people outside the repository write."""

    format: Literal["1"]
    agreement: Id
    examples: tuple[ExampleCase, ...] = Field(min_length=1)
