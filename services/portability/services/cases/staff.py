"""Who of an institution may do something with a claim: its people and programs, and what only a named person may."""

from portability.agreements.errors import DeniedError
from portability.services.access import Caller, Role

__all__ = ["require_caseworker", "require_staff"]


def require_staff(caller: Caller) -> None:
    if not (caller.is_caseworker or caller.role is Role.SYSTEM):
        raise DeniedError(f"The role '{caller.role}' does not work on cases.")


def require_caseworker(caller: Caller, *, what: str) -> None:
    """Raise DeniedError where no named person calls: programs propose, people decide."""
    if not caller.is_caseworker or not caller.name:
        raise DeniedError(f"Only a named caseworker may {what}: connect with a caseworker's certificate.")
