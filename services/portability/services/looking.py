"""Staff reading a person's record: what protected persons keep hidden, and who read what when and what for.

A leaf module that services share. A look is kept in the transaction that reads, sealed with the record that was looked
at, and stands in the node's log as a salted commitment: nobody can take it back, and nobody learns of it from the log.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portability.services.access import Caller, Role

__all__ = ["Look", "LookBook", "ProtectedScopes", "StaffWork", "read_by_staff"]


@dataclass(frozen=True, slots=True)
class Look:
    """One reading of what belongs to one person; `scope` is the case, or the account's own id at rest."""

    look_id: UUID
    scope: UUID
    at: datetime
    by: str  # the person or system that the caller's certificate names
    role: Role
    purpose: str  # code of portability.services.purposes


class LookBook(Protocol):
    """Where looks are kept."""

    async def add(self, looks: Sequence[Look]) -> None:
        """Keep looks, and their commitments in the log, with the caller's transaction."""
        ...

    async def of(self, scopes: Sequence[UUID]) -> Sequence[Look]:
        """Looks at these, the newest first; erased ones are left out."""
        ...


class ProtectedScopes(Protocol):
    """What only staff cleared for protected persons may see."""

    async def protect(self, scopes: Sequence[UUID]) -> None: ...

    async def unprotect(self, scopes: Sequence[UUID]) -> None: ...

    async def among(self, scopes: Sequence[UUID]) -> frozenset[UUID]:
        """Those of `scopes` that are protected."""
        ...


class StaffWork(Protocol):
    """The ports of a transaction in which staff reads."""

    @property
    def looks(self) -> LookBook: ...
    @property
    def protected(self) -> ProtectedScopes: ...


async def read_by_staff(
    scopes: Sequence[UUID], *, caller: Caller, work: StaffWork, new_id: Callable[[], UUID], at: datetime, purpose: str
) -> frozenset[UUID]:
    """Note that `caller` reads these, and return those that she may see; what is hidden from her is as if not there."""
    hidden = frozenset() if caller.is_cleared else await work.protected.among(scopes)
    shown = [scope for scope in scopes if scope not in hidden]
    await work.looks.add([Look(new_id(), scope, at, caller.name, caller.role, purpose) for scope in shown])
    return frozenset(shown)
