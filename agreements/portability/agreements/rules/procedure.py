"""Claims and time limits."""

from typing import ClassVar, Literal

from pydantic import Field

from portability.agreements.rules.base import Id, RuleBase, Text

__all__ = ["ClaimDate", "RequiredFields", "Silence", "TimeLimit", "Transition"]


class ClaimDate(RuleBase):
    """A claim to one institution is a claim, of that date, to all (`claim_date`)."""

    rule: Literal["claim_date"]
    protected: Literal["in_all_institutions", "when_requested_or_periods_named", "when_requested_in_writing"]
    unnamed_cite: Text | None = Field(
        default=None, description="For a state that the claimant did not name though asked: the day on which she does"
    )
    other_authority_cite: Text | None = Field(
        default=None, description="The day on which a claim reached an authority of the other state counts"
    )


class TimeLimit(RuleBase):
    """Until when an action is due; `as_soon_as_possible` where the law names no day (`time_limits`)."""

    rule: Literal["time_limit"]
    action: Literal[
        "send_claim", "send_periods", "decide", "notify_decision", "send_summary", "advance_payment",
        "state_what_was_paid_provisionally", "claim_costs", "pay_costs", "settle_costs",
    ]  # fmt: skip
    limit: Literal["without_delay", "as_soon_as_possible", "on_completion", "days", "months"]
    days: int | None = Field(default=None, ge=1, le=3660)
    months: int | None = Field(default=None, ge=1, le=120)
    counted_from: Literal["the_event", "end_of_its_month", "end_of_its_half_year"] = "the_event"

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


class RequiredFields(RuleBase):
    """What a message must say, by one provision (`required_fields`)."""

    several_at_once: ClassVar[bool] = True

    rule: Literal["required_fields"]
    message: Literal["claim", "periods", "decision", "decision_to_the_claimant", "summary", "job_search_certificate"]
    fields: tuple[Id, ...] = Field(min_length=1)

    @property
    def subjects(self) -> tuple[str, ...]:
        return (self.message,)


class Transition(RuleBase):
    """What periods, events and pensions from before the agreement fall under (`transition`)."""

    rule: Literal["transition"]
    no_rights_before_cite: Text = Field(description="No benefit for time before the agreement applied")
    earlier_periods_cite: Text | None = Field(default=None, description="Earlier periods count; none: not provided for")
    earlier_events_cite: Text | None = Field(default=None, description="Earlier events give rights; none: they do not")
    review_cite: Text | None = Field(default=None, description="Earlier pensions are reviewed on request")
    review_months: int | None = Field(
        default=None, ge=1, le=120, description="A request in so many months has effect from the first day"
    )
    review_in_time_cite: Text | None = None
    review_late_cite: Text | None = Field(default=None, description="A later request has effect from its own day")
    pending_cite: Text | None = Field(
        default=None, description="Claims still open: the earlier law for the time before, this one from then on"
    )
    never_lower_cite: Text | None = Field(default=None, description="The earlier amount stays where it is higher")
