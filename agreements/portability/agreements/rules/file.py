"""A treaty file: identity, parties, legal texts, dated rules of the closed vocabulary, examples."""

from typing import Annotated, Literal

from pydantic import Field

from portability.agreements.rules import (
    amounts,
    applicable,
    benefits,
    family,
    invalidity,
    periods,
    procedure,
    residence,
    scope,
    unemployment,
)
from portability.agreements.rules.base import Day, Entry, Id, Instrument, NotModelled, State, Text
from portability.agreements.values import Branch

__all__ = ["AgreementFile", "BoundParty", "ExampleCase", "ExampleFile", "Incorporation", "Rule"]

Rule = Annotated[
    scope.PersonalScope
    | scope.EqualTreatment
    | scope.Export
    | scope.Precedence
    | applicable.PlaceOfWork
    | applicable.Posting
    | applicable.SeveralStates
    | applicable.MixedActivities
    | applicable.GovernmentService
    | applicable.Seafarers
    | applicable.AirCrew
    | applicable.InlandNavigation
    | applicable.Exceptions
    | applicable.Telework
    | applicable.ResidenceAttribution
    | periods.Aggregation
    | periods.Overlap
    | periods.PeriodConversion
    | periods.PeriodCredit
    | periods.QuarterCredit
    | benefits.HigherOfIndependentAndProRata
    | benefits.ProRataWithoutIndependentRight
    | benefits.ProRataWithSupplement
    | benefits.ProRataOverCoverageLifetime
    | benefits.OwnPeriodsOnly
    | benefits.FlatRateFraction
    | benefits.MinimumPeriodFraction
    | benefits.ProRataWaived
    | residence.OwnResidenceFraction
    | residence.DirectDeduction
    | residence.ProportionalForeignIncome
    | benefits.ShortPeriods
    | invalidity.InvalidityTypes
    | benefits.LegislationsNotSatisfied
    | amounts.BenefitOverlap
    | amounts.MutualReductions
    | amounts.MinimumSupplement
    | amounts.CurrencyConversion
    | family.FamilyPriority
    | family.CompetenceChange
    | family.OrphansBenefits
    | unemployment.UnemploymentAggregation
    | unemployment.UnemploymentCompetence
    | unemployment.UnemploymentExport
    | unemployment.UnemploymentReimbursement
    | procedure.ClaimDate
    | procedure.TimeLimit
    | procedure.Silence
    | procedure.RequiredFields
    | procedure.Transition,
    Field(discriminator="rule"),
]


class ExampleCase(Entry):
    """One example: what goes in, what must come out, and where it comes from. Shape: docs/agreement-files.md."""

    id: Id
    title: Text
    source: Text
    trust: Literal["published", "official_program", "derived", "own"]
    kind: Literal[
        "convert", "overlap", "aggregate", "pro_rata", "higher_of", "short_period", "determine",
        "quarters", "us_old_age", "residence_fraction",
        "applicable_legislation", "family_benefits", "benefit_overlap", "minimum_supplement", "rate_day", "silence",
        "unemployment_aggregation", "unemployment_state", "unemployment_export", "unemployment_reimbursement",
        "claim_date", "time_limit", "required_fields", "transition", "export", "invalidity_route",
        "select", "most_favourable", "instalments",
    ]  # fmt: skip
    given: dict[str, object]
    expect: dict[str, object]
    known_difference: Text | None = Field(default=None, description="Why the case cannot be reproduced; kept, not bent")


class BoundParty(Entry):
    """A party bound from another day than that of the first rule (accession), or until a day (withdrawal)."""

    state: State
    valid_from: Day | None = Field(default=None, alias="from")
    valid_until: Day | None = Field(default=None, alias="until", description="Last day bound, inclusive")
    cite: Text
    status: Literal["verified", "unverified"] = "verified"


class Incorporation(Entry):
    """Another agreement whose rules apply here too, as they are in force, where this file states none of their kind."""

    agreement: Id
    valid_from: Day = Field(alias="from")
    cite: Text


class DataRetention(Entry):
    """What an agreement says of how long personal data that were sent under it are kept."""

    cite: Text
    says: Text = Field(description="What it says, in a sentence of our own")
    years: Annotated[int, Field(ge=1, le=120)] | None = Field(
        default=None, description="Years after a case is closed; left out where the provision names no time"
    )


class AgreementFile(Entry):
    """One treaty file."""

    format: Literal["1"]
    id: Id
    title: Text
    kind: Literal["bilateral", "multilateral"]
    parties: tuple[State, ...] = Field(min_length=2)
    bound: tuple[BoundParty, ...] = Field(default=(), description="Parties bound from or until a day of their own")
    instruments: tuple[Instrument, ...] = Field(min_length=1)
    status: Literal["unverified", "drafted", "reviewed"]
    branches: tuple[Branch, ...] = Field(min_length=1)
    incorporates: Incorporation | None = Field(default=None, description="Another agreement whose rules apply here too")
    supersedes: tuple[Text, ...] = Field(default=(), description="Earlier instruments between the same parties")
    superseded_by: Id | None = Field(default=None, description="The agreement that took this one's place")
    retention: DataRetention | None = Field(default=None, description="How long personal data are kept, where it says")
    not_modelled: tuple[NotModelled, ...]
    rules: tuple[Rule, ...] = Field(min_length=1)
    examples: tuple[ExampleCase, ...] = ()


class ExampleFile(Entry):
    """Examples alone, for an agreement that is loaded already: what people outside the repository write."""

    format: Literal["1"]
    agreement: Id
    examples: tuple[ExampleCase, ...] = Field(min_length=1)
