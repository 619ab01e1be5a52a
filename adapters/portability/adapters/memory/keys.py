"""The key table in memory."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from portability.adapters.keys.at_rest import WrappedKey

__all__ = ["MemoryKeyTable"]


class MemoryKeyTable:
    """The ports `KeyTable` and `KeysUnderMaster`."""

    def __init__(self) -> None:
        self._by_scope: dict[UUID, WrappedKey] = {}

    async def keep(self, fresh: Sequence[WrappedKey]) -> Sequence[WrappedKey]:
        """Keep keys of scopes that have none; return the key of each."""
        return [self._by_scope.setdefault(key.scope, key) for key in fresh]

    async def find(self, scopes: Sequence[UUID]) -> Sequence[WrappedKey]:
        """Return the keys of scopes that have one."""
        return [self._by_scope[scope] for scope in scopes if scope in self._by_scope]

    async def destroy(self, scopes: Sequence[UUID], *, made_before: datetime) -> Sequence[UUID]:
        """Delete the keys of scopes."""
        found = [self._by_scope.get(scope) for scope in scopes]
        gone = [key for key in found if key is not None and key.made_at <= made_before]
        for key in gone:
            del self._by_scope[key.scope]
        return [key.scope for key in gone]

    async def sample(self) -> WrappedKey | None:
        """Any key."""
        return next(iter(self._by_scope.values()), None)

    async def rewrap(self, change: Callable[[WrappedKey], bytes]) -> int:
        """Wrap every key anew."""
        self._by_scope = {scope: replace(key, wrapped=change(key)) for scope, key in self._by_scope.items()}
        return len(self._by_scope)
