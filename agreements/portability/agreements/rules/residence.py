"""Pensions by residence under an agreement: shares by months lived in the state, and benefits of others deducted."""

from typing import Annotated, Literal

from pydantic import Field

from portability.agreements.rules.base import Day, Entry, RuleBase, Text

__all__ = ["DirectDeduction", "OwnResidenceFraction", "ProportionalForeignIncome", "ResidenceDivisor"]

Months = Annotated[int, Field(ge=1, le=720)]


class ResidenceDivisor(Entry):
    """The months that make a full pension, for people born from a day on, until the next row."""

    born_from: Day
    months: Months


class ResidenceMonths(RuleBase):
    """What every rule by months of residence says: the divisor, and how days become months."""

    divisor: Months | None = None
    divisor_by_birth: tuple[ResidenceDivisor, ...] = Field(default=(), description="In place of one divisor")
    counting: Literal["whole_months", "whole_months_plus_one"]
    counting_cite: Text
    from_age: int | None = Field(default=None, ge=0, le=100, description="Only residence from this age, in years")


class OwnResidenceFraction(ResidenceMonths):
    """Amount of a resident of all the time x months of residence / divisor, at most all of it (`residence_months`)."""

    rule: Literal["own_residence_fraction"]
    payable: Literal["abroad", "everywhere"] = Field(description="`abroad`: only to people outside the state")
    minimum_months: Months | None = Field(default=None, description="Least residence for payment at all")
    minimum_continuous_months: Months | None = None
    minimum_cite: Text | None = None


class DirectDeduction(RuleBase):
    """In the state, the other state's benefit is taken from the amount, once no right stands alone."""

    rule: Literal["direct_deduction"]
    independent_cite: Text


class ProportionalForeignIncome(ResidenceMonths):
    """Of the other state's benefit, months / divisor count as income (`residence_months.fraction`)."""

    rule: Literal["proportional_foreign_income"]
