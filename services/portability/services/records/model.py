"""What is put into the register, and what cannot be right. The records themselves are in agreements.careers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from portability.agreements.careers import InsuranceAccount, PersonIdentifier, check_period, check_state
from portability.agreements.errors import InputError

__all__ = ["ACCOUNTS_IN_ONE_CALL", "PERIODS_OF_ONE_ACCOUNT", "PutRecords", "check_account"]

ACCOUNTS_IN_ONE_CALL = 500
PERIODS_OF_ONE_ACCOUNT = 2_000


@dataclass(frozen=True, slots=True)
class PutRecords:
    """Put accounts into the own register, each as a whole: an account known before is replaced."""

    request_id: UUID
    accounts: tuple[InsuranceAccount, ...]


def check_account(account: InsuranceAccount, *, field: str, today: date) -> None:
    """Raise InputError naming the field, the value and the next step where an account cannot be right."""
    if not account.identifiers:
        raise InputError(
            "The account has no identifier: give at least one, or nobody can find it.",
            field=f"{field}.identifiers",
        )
    if account.birth_date > today:
        raise InputError("The birth date lies after today: correct it.", field=f"{field}.birth_date")
    if len(account.periods) > PERIODS_OF_ONE_ACCOUNT:
        raise InputError(
            f"The account has {len(account.periods)} periods, more than {PERIODS_OF_ONE_ACCOUNT}: join adjacent ones.",
            field=f"{field}.periods",
        )
    _check_identifiers(account.identifiers, field=field)
    _check_periods(account, field=field)


def _check_identifiers(identifiers: Sequence[PersonIdentifier], *, field: str) -> None:
    for index, identifier in enumerate(identifiers):
        place = f"{field}.identifiers[{index}]"
        check_state(identifier.country, field=f"{place}.country")
        if not identifier.comparable:
            raise InputError("An identifier has no letter and no digit: give the number.", field=f"{place}.value")


def _check_periods(account: InsuranceAccount, *, field: str) -> None:
    seen: set[str] = set()
    for index, recorded in enumerate(account.periods):
        place = f"{field}.periods[{index}]"
        check_period(recorded.period, field=place)
        if recorded.period.period_id in seen:
            raise InputError(
                f"{place}.period_id stands in the account already: give each period its own.",
                field=f"{place}.period_id",
            )
        seen.add(recorded.period.period_id)
