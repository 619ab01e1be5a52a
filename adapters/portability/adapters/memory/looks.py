"""Looks at persons' records and protected persons in memory."""

from collections.abc import Sequence
from uuid import UUID

from portability.services.looking import Look

__all__ = ["MemoryLooks", "MemoryProtected"]


class MemoryLooks:
    """LookBook."""

    def __init__(self) -> None:
        self._looks: list[Look] = []

    async def add(self, looks: Sequence[Look]) -> None:
        self._looks += looks

    async def of(self, scopes: Sequence[UUID]) -> Sequence[Look]:
        wanted = set(scopes)
        return sorted((look for look in self._looks if look.scope in wanted), key=lambda look: look.look_id)[::-1]


class MemoryProtected:
    """ProtectedScopes."""

    def __init__(self) -> None:
        self._scopes: frozenset[UUID] = frozenset()

    async def protect(self, scopes: Sequence[UUID]) -> None:
        self._scopes |= set(scopes)

    async def unprotect(self, scopes: Sequence[UUID]) -> None:
        self._scopes -= set(scopes)

    async def among(self, scopes: Sequence[UUID]) -> frozenset[UUID]:
        return self._scopes & set(scopes)
