"""Examples on several agreements at once: which apply, and which is the most favourable."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from portability.agreements.loading import Agreement
from portability.agreements.most_favourable import Offer, most_favourable
from portability.agreements.national.legislation import Legislation
from portability.agreements.packaged import agreements
from portability.agreements.periods import InsurancePeriod, PeriodKind
from portability.agreements.rules import Amount, Day, Entry, Group, State
from portability.agreements.selection import Person, national_choice, select_agreements
from portability.agreements.values import Branch, Money, StateCode

__all__ = ["FavourableGiven", "SelectGiven", "evaluate_favourable", "evaluate_select"]


class SelectGiven(Entry):
    """A person, the states of her career, and the state whose institution asks; all packaged agreements are known."""

    on: Day
    for_state: State
    career: tuple[State, ...] = Field(min_length=1)
    branch: Branch = Branch.OLD_AGE
    nationality: str = ""
    groups: tuple[Group, ...] = ()


def evaluate_select(
    given: SelectGiven, agreement: Agreement, legislations: Mapping[StateCode, Legislation]
) -> dict[str, Any]:
    """What applies, what was set aside for which reason (agreements that join nothing are left out), what decides."""
    legislation = legislations.get(given.for_state)
    result = select_agreements(
        Person(given.nationality, frozenset(given.groups)),
        [InsurancePeriod(state, state, PeriodKind.COMPULSORY, state, None, None) for state in given.career],
        given.on,
        for_state=given.for_state,
        branch=given.branch,
        agreements={**agreements(), agreement.id: agreement},
        national=national_choice(legislation) if legislation else None,
    )
    return {
        "applies": [one.agreement_id for one in result.applies],
        "set_aside_for": {one.agreement_id: one.reason for one in result.set_aside},
        "how": result.how,
        "citation": str(result.citation) if result.citation else None,
        "citations": {one.agreement_id: str(one.citation) for one in result.set_aside if one.citation},
        "third_states": {one.agreement_id: list(one.third_states) for one in result.applies if one.third_states},
        "to_confirm": {one.agreement_id: list(one.to_confirm) for one in result.applies if one.to_confirm},
    }


class OfferGiven(Entry):
    """What one agreement gives, a month."""

    agreement: str
    amount: Amount
    entitled_from: Day
    ready_on: Day


class FavourableGiven(Entry):
    """Several agreements with their amounts, in one currency."""

    offers: tuple[OfferGiven, ...]
    currency: str = "USD"


def evaluate_favourable(given: FavourableGiven, agreement: Agreement) -> dict[str, Any]:
    """The agreement to pay under, and the one for the months before."""
    _ = agreement  # the choice is between several
    result = most_favourable(
        [Offer(one.agreement, Money(one.amount, given.currency), one.entitled_from, one.ready_on)
         for one in given.offers]
    )  # fmt: skip
    return {"agreement": result.agreement_id, "before": result.before or None, "before_until": result.before_until}
