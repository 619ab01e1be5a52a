"""Amounts: which are calculated, by which periods, and which is due (`awards`, `shares`, `short_periods`)."""

from typing import ClassVar, Literal

from pydantic import Field

from portability.agreements.rules.base import Id, RuleBase, Text, Units

__all__ = [
    "FlatRateFraction", "HigherOfIndependentAndProRata", "LegislationsNotSatisfied", "MinimumPeriodFraction",
    "OwnPeriodsOnly", "ProRataOverCoverageLifetime", "ProRataWaived", "ProRataWithSupplement",
    "ProRataWithoutIndependentRight", "ShortPeriods",
]  # fmt: skip


class HigherOfIndependentAndProRata(RuleBase):
    """Both amounts are calculated and the higher is due (`calculation.higher_of`)."""

    rule: Literal["higher_of_independent_and_pro_rata"]
    independent_cite: Text
    theoretical_cite: Text
    pro_rata_cite: Text
    higher_cite: Text
    maximum_cite: Text | None = Field(default=None, description="Total capped at the full-benefit period; none: no cap")
    displaced_voluntary_cite: Text | None = Field(
        default=None, description="The amount for voluntary periods that gave way is added to the pro rata amount"
    )


class ProRataWithoutIndependentRight(RuleBase):
    """The pro rata amount is due only where no right exists on own periods alone."""

    rule: Literal["pro_rata_without_independent_right"]
    independent_cite: Text
    theoretical_cite: Text
    pro_rata_cite: Text
    maximum_cite: Text | None = None


class ProRataWithSupplement(RuleBase):
    """The pro rata amount is due to everybody, and a supplement up to a higher national right (`supplement`)."""

    rule: Literal["pro_rata_with_supplement"]
    theoretical_cite: Text
    pro_rata_cite: Text
    maximum_cite: Text | None = None
    supplement_cite: Text = Field(description="Up to the amount on own periods alone, where all benefits are less")
    largest_supplement_cite: Text | None = Field(
        default=None, description="Where several institutions would owe a supplement, the largest is paid"
    )


class OwnPeriodsOnly(RuleBase):
    """Aggregation opens the right; the amount comes from own periods alone (direct calculation)."""

    rule: Literal["own_periods_only"]
    eligibility_cite: Text
    abroad_cite: Text | None = Field(
        default=None, description="All periods together open payment abroad too; none: not provided for"
    )


class FlatRateFraction(RuleBase):
    """Earnings part from own earnings; flat part x own periods / minimum period, at most one."""

    rule: Literal["flat_rate_fraction"]
    earnings_cite: Text
    flat_cite: Text
    cap_cite: Text | None = None


class MinimumPeriodFraction(RuleBase):
    """Theoretical amount x own periods / minimum period, where own periods open no right (`minimum_period`)."""

    rule: Literal["minimum_period_fraction"]
    theoretical_on: Literal["minimum_period", "own_periods", "all_periods"] = Field(
        default="minimum_period", description="Which periods the theoretical amount is calculated on"
    )
    independent_cite: Text
    theoretical_cite: Text
    fraction_cite: Text


class ProRataOverCoverageLifetime(RuleBase):
    """Theoretical amount x own quarters / quarters of a coverage lifetime, where own ones open no right
    (`coverage_lifetime`)."""

    rule: Literal["pro_rata_over_coverage_lifetime"]
    minimum_own: Units = Field(description="Least own time without which nothing is due")
    minimum_cite: Text
    independent_cite: Text
    theoretical_cite: Text
    pro_rata_cite: Text
    reduction_cite: Text = Field(description="At most the amount on own periods as though they opened the right")
    small_amounts_cite: Text | None = Field(default=None, description="Small monthly amounts may accumulate")


class ProRataWaived(RuleBase):
    """Where a right stands on own periods alone, its share by periods is not calculated: it is never higher."""

    several_at_once: ClassVar[bool] = True

    rule: Literal["pro_rata_waived"]
    schemes: tuple[Id, ...] = Field(min_length=1, description="The pensions that the law lists")


class ShortPeriods(RuleBase):
    """Periods too short to oblige the institution; the others count them."""

    rule: Literal["short_periods"]
    less_than: Units
    others_count_for: Literal["theoretical_amount", "entitlement_and_amount"] = Field(
        description="What these periods count for in the other institutions; theoretical_amount: not for the ratio"
    )
    others_count_cite: Text = Field(description="The other institutions take these periods into account")
    last_state_cite: Text | None = Field(default=None, description="Where all would be relieved: the last state pays")


class LegislationsNotSatisfied(RuleBase):
    """Periods under legislations whose conditions are not met are left out where they lower the amount."""

    rule: Literal["legislations_not_satisfied"]
