"""Whose is what, by numbers, in memory; it passes the contract suite of the real store."""

from collections.abc import Collection
from uuid import UUID

from portability.agreements.careers import PersonIdentifier
from portability.services.privacy.model import PersonScopes

__all__ = ["MemoryWhose"]

Key = tuple[str, str, str]


class MemoryWhose:
    """Cases only: accounts and workers on file are kept elsewhere."""

    def __init__(self) -> None:
        self._hers: dict[UUID, frozenset[Key]] = {}
        self._others: dict[UUID, frozenset[Key]] = {}

    async def put(
        self, case_id: UUID, *, hers: Collection[PersonIdentifier], others: Collection[PersonIdentifier]
    ) -> None:
        self._hers[case_id] = _keys(hers)
        self._others[case_id] = _keys(others) - _keys(hers)

    async def scopes_of(self, case_id: UUID) -> PersonScopes:
        mine = self._hers.get(case_id, frozenset())
        cases = {one for one, keys in self._hers.items() if keys & mine} | ({case_id} & self._hers.keys())
        hers: frozenset[Key] = frozenset().union(*(self._hers[one] for one in cases))
        beside = {one for one in self._hers if (self._hers[one] | self._others[one]) & hers} - cases
        return PersonScopes(tuple(sorted(cases)), named_in=tuple(sorted(beside)))

    async def of(self, numbers: Collection[PersonIdentifier]) -> frozenset[UUID]:
        asked = _keys(numbers)
        return frozenset(one for one, keys in self._hers.items() if keys & asked)

    async def beside(self, case_id: UUID) -> frozenset[UUID]:
        named = self._others.get(case_id, frozenset())
        return frozenset(one for one, keys in self._hers.items() if keys & named)


def _keys(numbers: Collection[PersonIdentifier]) -> frozenset[Key]:
    return frozenset((one.country, one.sector, one.comparable) for one in numbers)
