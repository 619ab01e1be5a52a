"""Claims and time limits."""

from typing import Literal

from pydantic import Field

from portability.agreements.rules.base import RuleBase

__all__ = ["ClaimDate", "Silence", "TimeLimit"]


class ClaimDate(RuleBase):
    """A claim to one institution is a claim, of that date, to all."""

    rule: Literal["claim_date"]
    protected: Literal["in_all_institutions", "when_requested_or_periods_named", "when_requested_in_writing"]


class TimeLimit(RuleBase):
    """Until when an action is due; `as_soon_as_possible` where the law names no day."""

    rule: Literal["time_limit"]
    action: Literal["send_claim", "send_periods", "decide", "notify_decision", "send_summary", "advance_payment"]
    limit: Literal["without_delay", "as_soon_as_possible", "on_completion", "days"]
    days: int | None = Field(default=None, ge=1, le=3660)

    @property
    def subjects(self) -> tuple[str, ...]:
        return (self.action,)


class Silence(RuleBase):
    """What follows where an institution that was informed says nothing in time (`silence`)."""

    rule: Literal["silence"]
    about: Literal["applicable_legislation", "family_priority", "overpayment"]
    months: int = Field(ge=1, le=36)
    counted_from: Literal["informed", "received"]
    effect: Literal["becomes_definitive", "provisional_decision_applies", "arrears_are_paid_out"]

    @property
    def subjects(self) -> tuple[str, ...]:
        return (self.about,)
