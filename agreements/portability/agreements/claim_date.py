"""The day that counts as that of a claim in one institution, where the claim was made to another."""

from dataclasses import dataclass
from datetime import date

from portability.agreements.rules import ClaimDate
from portability.agreements.values import Citation, StateCode

__all__ = ["Claim", "ClaimDay", "claim_day"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as it was made first: when, to which state, which other states it named, and what was asked of it."""

    filed_on: date
    state: StateCode
    named_states: frozenset[StateCode] = frozenset()  # with periods there
    asked_to_name_states: bool = False  # whether the institution asked which other states there are
    completed_on: date | None = None  # when a state that was not named was added, or a new claim made
    asked_for_other_state: bool = False  # the claimant asked that it be a claim there too
    asked_in_writing: bool = False
    asked_to_wait: bool = False  # the claimant asked that the benefit of the other state be deferred


@dataclass(frozen=True, slots=True)
class ClaimDay:
    """The day of the claim in one state, and the provision; None: there is no claim there yet."""

    day: date | None
    citation: Citation


def claim_day(claim: Claim, *, state: StateCode, rule: ClaimDate) -> ClaimDay:
    """The first day protects the claim in every institution that the rule covers (987/2009 Art. 45(5) and (6))."""
    if state == claim.state:
        return ClaimDay(claim.filed_on, rule.citation)
    if claim.asked_to_wait:
        return ClaimDay(None, rule.citation)
    if rule.protected == "in_all_institutions":
        return _in_all(claim, state, rule)
    asked = claim.asked_in_writing or (
        rule.protected == "when_requested_or_periods_named"
        and (claim.asked_for_other_state or state in claim.named_states)
    )
    return ClaimDay(claim.filed_on if asked else claim.completed_on, rule.citation)


def _in_all(claim: Claim, state: StateCode, rule: ClaimDate) -> ClaimDay:
    """The same day in all, unless a state was left out although the institution had asked (987/2009 Art. 45(6))."""
    if rule.unnamed_cite is not None and claim.asked_to_name_states and state not in claim.named_states:
        return ClaimDay(claim.completed_on, Citation.of(rule.unnamed_cite))
    return ClaimDay(claim.filed_on, rule.citation)
