"""Which parties an agreement binds on a day: accession and withdrawal, pairwise in a multilateral agreement."""

from datetime import date

from portability.agreements.loading import Agreement
from portability.agreements.rules import BoundParty
from portability.agreements.values import StateCode

__all__ = ["is_bound", "parties_on"]


def parties_on(agreement: Agreement, on: date) -> tuple[StateCode, ...]:
    """The parties that the agreement binds on a day, in the order of the file.

    When its rules start is another matter: a party without an entry in `bound` is bound as long as they are in force.
    """
    dated = agreement.content.bound
    if not dated:
        return agreement.content.parties
    elsewhere = {entry.state for entry in dated} - {entry.state for entry in dated if _in_force(entry, on)}
    return tuple(state for state in agreement.content.parties if state not in elsewhere)


def is_bound(agreement: Agreement, state: StateCode, *, on: date) -> bool:
    """Whether the agreement binds a state on a day; False for a state that is no party."""
    if state not in agreement.content.parties:
        return False
    entries = [entry for entry in agreement.content.bound if entry.state == state]
    return not entries or any(_in_force(entry, on) for entry in entries)


def _in_force(entry: BoundParty, on: date) -> bool:
    return (entry.valid_from is None or entry.valid_from <= on) and (
        entry.valid_until is None or on <= entry.valid_until
    )
