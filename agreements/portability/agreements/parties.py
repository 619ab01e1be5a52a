"""Which parties an agreement binds on a day: accession and withdrawal, pairwise in a multilateral agreement."""

from datetime import date

from portability.agreements.loading import Agreement
from portability.agreements.values import StateCode

__all__ = ["is_bound", "parties_on"]


def parties_on(agreement: Agreement, on: date) -> tuple[StateCode, ...]:
    """The parties that the agreement binds on a day, in the order of the file.

    When its rules start is another matter: a party without an entry in `bound` is bound as long as they are in force.
    """
    return tuple(state for state in agreement.content.parties if is_bound(agreement, state, on=on))


def is_bound(agreement: Agreement, state: StateCode, *, on: date) -> bool:
    """Whether the agreement binds a state on a day; False for a state that is no party."""
    if state not in agreement.content.parties:
        return False
    entries = [entry for entry in agreement.content.bound if entry.state == state]
    return not entries or any(
        (entry.valid_from is None or entry.valid_from <= on) and (entry.valid_until is None or on <= entry.valid_until)
        for entry in entries
    )
