"""Unemployment benefits: periods, the state that pays, looking for work elsewhere, repayment (`unemployment*`)."""

from typing import Literal

from pydantic import Field

from portability.agreements.rules.base import RuleBase, Text

__all__ = ["UnemploymentAggregation", "UnemploymentCompetence", "UnemploymentExport", "UnemploymentReimbursement"]


class UnemploymentAggregation(RuleBase):
    """Periods of other states count, where the last ones were completed under the legislation asked for benefits."""

    rule: Literal["unemployment_aggregation"]
    insured_only_cite: Text = Field(
        description="Where periods of insurance are needed, work elsewhere counts if it would have been insured here"
    )
    last_here_cite: Text = Field(description="Only where the most recent periods were completed here")
    unless_resident_cite: Text | None = Field(
        default=None, description="Not asked of who claims in the state of residence instead of the state of work"
    )


class UnemploymentCompetence(RuleBase):
    """Which state pays a person who lived elsewhere than she worked."""

    rule: Literal["unemployment_competence"]
    partially_cite: Text = Field(description="Partially or intermittently unemployed: the state of work")
    wholly_cite: Text = Field(description="Wholly unemployed, living in or back to the state of residence: that state")
    not_returned_cite: Text = Field(description="Who is no frontier worker and does not go back: the state of work")
    returned_later_cite: Text | None = Field(
        default=None,
        description="Who went back after benefits of the state of work: those first, as if looking for work",
    )
    no_system_cite: Text | None = Field(
        default=None, description="Self-employed frontier workers without a scheme in the state of residence"
    )
    special_scheme_cite: Text | None = Field(default=None, description="Special schemes of civil servants")
    earnings_cite: Text = Field(description="Whose earnings count: of the last activity under the legislation applied")
    earnings_of_residents_cite: Text = Field(description="Where residence pays: the earnings in the state of work")


class UnemploymentExport(RuleBase):
    """Benefits go on for some months while a person looks for work in another state."""

    rule: Literal["unemployment_export"]
    months: int = Field(ge=1, le=24)
    extended_to_months: int | None = Field(default=None, ge=1, le=24)
    weeks_before: int = Field(ge=0, le=52, description="Available at home so long before she leaves")
    weeks_before_cite: Text
    register_within_days: int = Field(ge=1, le=60)
    register_cite: Text
    return_cite: Text = Field(description="Who is not back in time loses the rest")
    between_jobs_cite: Text = Field(description="Between two jobs these months are the most, in all")


class UnemploymentReimbursement(RuleBase):
    """What the state of work pays back to the state of residence."""

    rule: Literal["unemployment_reimbursement"]
    months: int = Field(ge=1, le=24)
    longer_months: int = Field(ge=1, le=24)
    longer_needs_months: int = Field(ge=1, le=60, description="Months of work in the state of work")
    longer_within_months: int = Field(ge=1, le=120, description="In so many months before")
    longer_cite: Text
    most_cite: Text = Field(description="No more than the state of work would have paid itself")
    exported_deducted_cite: Text | None = None
