"""Which of several agreements is the most favourable, once their amounts are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portability.agreements.errors import InputError
from portability.agreements.values import Money

__all__ = ["Choice", "Offer", "most_favourable"]


@dataclass(frozen=True, slots=True)
class Offer:
    """What one agreement gives: the amount a month, from when, and when all that is needed to pay it was there."""

    agreement_id: str
    amount: Money
    entitled_from: date
    ready_on: date


@dataclass(frozen=True, slots=True)
class Choice:
    """The agreement to pay under, and the one for the months before its first month, where there is one."""

    agreement_id: str
    before: str = ""
    before_until: date | None = None  # first day of the higher benefit; half-open


def most_favourable(offers: Sequence[Offer]) -> Choice:
    """The highest amount; of equal ones the earliest month, then the first that is ready (20 CFR 404.1910(c)).

    Before the first month of the higher benefit a lower one may be paid (404.1910(c)(3)).
    """
    if not offers:
        raise InputError("Between which agreements? State at least one offer.", field="offers")
    highest = max(offer.amount.amount for offer in offers)
    best = min(
        (offer for offer in offers if offer.amount.amount == highest),
        key=lambda offer: (_month(offer.entitled_from), offer.ready_on, offer.agreement_id),
    )
    earlier = [offer for offer in offers if _month(offer.entitled_from) < _month(best.entitled_from)]
    if not earlier:
        return Choice(best.agreement_id)
    before = most_favourable(earlier)
    return Choice(best.agreement_id, before.agreement_id, best.entitled_from)


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month
