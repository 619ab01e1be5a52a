"""Whose account a statement rests on, beside the person of its case.

A number alone is no proof: number and birth date have to agree, as they do for an own account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from portability.agreements.careers import PersonIdentifier

__all__ = ["Keyed", "StatedPerson", "why_not_hers"]


class Keyed(Protocol):
    """Who has a birth date and numbers."""

    @property
    def birth_date(self) -> date: ...
    @property
    def identifiers(self) -> Sequence[PersonIdentifier]: ...


@dataclass(frozen=True, slots=True)
class StatedPerson:
    """Whose account a statement rests on, as the register of the institution that states has it."""

    birth_date: date
    identifiers: tuple[PersonIdentifier, ...]


def why_not_hers(person: Keyed, stated: Keyed | None) -> str | None:
    """Why a statement is not known to be of the person of the case; empty: it is; None: it does not say whose it is."""
    if stated is None:
        return None
    if stated.birth_date != person.birth_date:
        return "The account that it rests on has another birth date than the claim: ask the institution whose it is."
    numbers = {(each.country, each.sector, each.comparable) for each in person.identifiers}
    if not any((each.country, each.sector, each.comparable) in numbers for each in stated.identifiers):
        return "The account that it rests on has no number that the claim names: ask the institution whose it is."
    return ""
