"""Mandates as plain values. Pure.

A representative signs in by her own contact and acts within a mandate; a helper sits beside the worker, who has
signed in herself, and is named for as long as that session lasts.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from portability.agreements.errors import InputError
from portability.services.access import Role
from portability.services.looking import Look
from portability.services.purposes import DATA_PROTECTION
from portability.services.workers.model import Contact

__all__ = ["LONGEST", "MOST", "Mandate", "check_term", "company_look"]

LONGEST: Final = timedelta(days=366)  # a mandate that nobody renews ends
MOST: Final = 5  # mandates of one worker that have not ended


@dataclass(frozen=True, slots=True)
class Mandate:
    """`contact` is None for a helper. `may_act`: disputes and declares for her; else reads only."""

    mandate_id: UUID
    worker_id: UUID
    name: str
    contact: Contact | None
    may_act: bool
    given_at: datetime
    starts_at: datetime
    ends_at: datetime
    revoked_at: datetime | None = None

    @property
    def is_helper(self) -> bool:
        return self.contact is None

    def has_ended(self, at: datetime) -> bool:
        return self.revoked_at is not None or at >= self.ends_at

    def is_in_force(self, at: datetime) -> bool:
        return self.starts_at <= at and not self.has_ended(at)


def check_term(first_day: date, last_day: date, *, today: date) -> None:
    """Raise InputError by its field where a term lies in the past, ends before it begins, or is over a year."""
    if first_day < today:
        raise InputError("The first day has passed: take today or a later day.", field="first_day")
    if last_day < first_day:
        raise InputError("The last day lies before the first day: exchange them.", field="last_day")
    if last_day - first_day > LONGEST:
        raise InputError("A mandate lasts a year at most: give an earlier last day.", field="last_day")


def company_look(look_id: UUID, case_id: UUID, mandate: Mandate, *, at: datetime) -> Look:
    """What the log of a case says of who looks with her or for her."""
    return Look(look_id, case_id, at, mandate.name, Role.WORKER, DATA_PROTECTION.code)
