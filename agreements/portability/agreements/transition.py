"""What periods, events, claims and pensions from before an agreement fall under."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from portability.agreements.calendar_months import months_after
from portability.agreements.errors import NoRuleInForceError
from portability.agreements.rules import Transition
from portability.agreements.values import Citation, Money

__all__ = ["FallsUnder", "earlier_period_counts", "falls_under", "review_from", "transitional_amount"]

Law = Literal["this_agreement", "earlier_law", "both"]


@dataclass(frozen=True, slots=True)
class FallsUnder:
    """Which law a right falls under, from when this agreement pays (None: not at all), and the provision."""

    law: Law
    pays_from: date | None
    citation: Citation


def falls_under(
    *, event_on: date, right_from: date, awarded_on: date | None, applies_from: date, rule: Transition
) -> FallsUnder:
    """The law for a right whose event came before the agreement applied in the state (883/2004 Art. 87, 987/2009 94).

    `right_from` is the day from which the benefit is claimed; `awarded_on` that of an award already made, if any.
    """
    if event_on >= applies_from:
        return FallsUnder("this_agreement", right_from, rule.citation)
    if rule.earlier_events_cite is None:
        return FallsUnder("earlier_law", None, rule.citation)
    if awarded_on is not None and awarded_on < applies_from:
        return FallsUnder("earlier_law", None, Citation.of(rule.review_cite or rule.cite))
    if right_from >= applies_from:
        return FallsUnder("this_agreement", right_from, Citation.of(rule.earlier_events_cite))
    if rule.pending_cite is not None:
        return FallsUnder("both", applies_from, Citation.of(rule.pending_cite))
    return FallsUnder("this_agreement", applies_from, Citation.of(rule.no_rights_before_cite))


def earlier_period_counts(*, completed_on: date, applies_from: date, rule: Transition) -> bool:
    """Whether a period completed by a day counts (883/2004 Art. 87(2)): always after, before if the rule says so."""
    return completed_on >= applies_from or rule.earlier_periods_cite is not None


def review_from(requested_on: date, *, applies_from: date, rule: Transition) -> FallsUnder:
    """From when a review of an earlier pension has effect (883/2004 Art. 87(5) to (7)).

    Raises NoRuleInForceError where the agreement knows no such review.
    """
    if rule.review_cite is None or rule.review_months is None:
        raise NoRuleInForceError(f"'{rule.id}' ({rule.cite}) provides for no review of earlier pensions.")
    last_day = months_after(applies_from, rule.review_months)
    if requested_on <= last_day:
        return FallsUnder("this_agreement", applies_from, Citation.of(rule.review_in_time_cite or rule.review_cite))
    return FallsUnder("this_agreement", requested_on, Citation.of(rule.review_late_cite or rule.review_cite))


def transitional_amount(*, earlier: Money, now: Money, rule: Transition) -> Money:
    """The earlier law's amount stays due where it is higher (987/2009 Art. 94(1), second subparagraph, and 94(2))."""
    return earlier if rule.never_lower_cite is not None and now < earlier else now
