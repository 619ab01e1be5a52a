"""Amounts beside each other: benefits that overlap, the minimum of the residence state, amounts in two currencies."""

from typing import Literal

from pydantic import Field

from portability.agreements.rules.base import Id, RuleBase, Text

__all__ = ["BenefitOverlap", "CurrencyConversion", "MinimumSupplement", "MutualReductions"]


class BenefitOverlap(RuleBase):
    """How far a national rule against overlapping may lower a benefit for one of another state (`benefit_overlap`)."""

    rule: Literal["benefit_overlap"]
    benefits: Literal["same_kind", "different_kind"]
    only_if_foreign_counts_cite: Text = Field(description="Only where national law takes foreign benefits into account")
    gross_cite: Text = Field(description="Before tax and contributions, unless national law says after")
    voluntary_cite: Text = Field(description="Not what rests on voluntary or optional continued insurance")
    most_cite: Text = Field(description="One state alone reduces: by no more than the foreign amounts")
    pro_rata_cite: Text = Field(description="Same kind: never reduced. Different kind: counted by the ratio of periods")
    independent_cite: Text = Field(description="Same kind: reduced only if listed. Different kind: divided by number")
    both_cite: Text | None = Field(default=None, description="Independent and pro rata benefits beside each other")
    already_by_ratio_cite: Text | None = Field(
        default=None, description="Not divided where national law counts the amount by the ratio of periods already"
    )

    listed: tuple[Id, ...] = Field(
        default=(), description="Same kind: the schemes of independent benefits that may be reduced"
    )
    listed_cite: Text | None = None

    @property
    def subjects(self) -> tuple[str, ...]:
        return (self.benefits,)


class MutualReductions(RuleBase):
    """Benefits of several states that reduce each other: what none of them would pay is divided (`benefit_overlap`)."""

    rule: Literal["mutual_reductions"]


class MinimumSupplement(RuleBase):
    """A supplement up to the minimum benefit of the state of residence (`minimum_supplement`)."""

    rule: Literal["minimum_supplement"]
    amount_cite: Text


class CurrencyConversion(RuleBase):
    """Which day's rate turns an amount into another currency (`currencies`)."""

    rule: Literal["currency_conversion"]
    purpose: Literal[
        "any_other", "amounts_over_a_period", "one_amount", "indexation", "recovery", "unemployment_reimbursement",
        "family_supplement",
    ]  # fmt: skip
    rate: Literal["central_bank_daily"]
    rate_cite: Text
    day: Literal[
        "day_of_the_operation", "last_day_of_the_period", "first_day_of_the_preceding_month",
        "first_day_of_the_month_of_the_end", "day_of_the_first_request", "day_of_payment_by_the_other_state",
    ]  # fmt: skip

    @property
    def subjects(self) -> tuple[str, ...]:
        return (self.purpose,)
