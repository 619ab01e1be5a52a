"""Family benefits: which state pays first, and what the others add (`family_benefits`)."""

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from portability.agreements.rules.base import RuleBase, Text

__all__ = ["Basis", "CompetenceChange", "FamilyPriority", "OrphansBenefits"]

Basis = Literal["activity", "pension", "residence"]
"""What a right to family benefits rests on."""


class FamilyPriority(RuleBase):
    """The order of states that all provide family benefits for the same children in the same time."""

    rule: Literal["family_priority"]
    order: tuple[Basis, ...] = Field(min_length=1, description="Rights on the first basis go before those on the next")
    order_cite: Text
    children_residence_cite: Text | None = Field(
        default=None, description="Same basis: the state of the children's residence, where its right has that basis"
    )
    highest_amount_cite: Text | None = Field(default=None, description="Activity in several states: the highest amount")
    shared: Annotated[Fraction, Field(gt=0, lt=1)] | None = Field(
        default=None, description="Part of the highest amount that the other institution repays, up to its own amount"
    )
    shared_cite: Text | None = None
    longest_period_cite: Text | None = Field(default=None, description="Pensions of several states: the longest period")
    supplement_cite: Text | None = Field(
        default=None, description="The others are suspended up to that amount and pay what exceeds it"
    )
    no_supplement_cite: Text | None = Field(
        default=None, description="None for children elsewhere where the right rests on residence alone"
    )


class CompetenceChange(RuleBase):
    """Another state becomes competent during a month: from when it pays (`family_changes`)."""

    rule: Literal["competence_change"]
    pays_from: Literal["first_day_of_next_month"]


class OrphansBenefits(RuleBase):
    """Special benefits for orphans that the state found by priority does not give (`family_changes`)."""

    rule: Literal["orphans_benefits"]
    by: Literal["longest_period_of_the_deceased"]
