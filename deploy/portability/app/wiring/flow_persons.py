"""Whose a case on a flow is, by the numbers that its messages name, so that what is hers is found and hidden there."""

from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Protocol
from uuid import UUID

from portability.agreements.careers import PersonIdentifier
from portability.services.cases.mapping.named import numbers_in, numbers_of_its_person, says_numbers
from portability.services.flows.model import CaseFile, KeptDocument
from portability.services.looking import ProtectedScopes
from portability.services.privacy.model import PersonScopes

__all__ = ["FlowPersons"]


class Whose(Protocol):
    async def put(
        self, case_id: UUID, *, hers: Collection[PersonIdentifier], others: Collection[PersonIdentifier]
    ) -> None: ...

    async def scopes_of(self, case_id: UUID) -> PersonScopes: ...

    async def beside(self, case_id: UUID) -> frozenset[UUID]: ...


class FlowPersons:
    """CasePersons, in the transaction of the case."""

    def __init__(self, whose: Whose, protected: ProtectedScopes) -> None:
        self._whose = whose
        self._protected = protected

    async def keep(self, case: CaseFile, *, opened_by: Sequence[KeptDocument], new: Sequence[KeptDocument]) -> None:
        """Keep numbers anew where what is new names somebody or takes something back.

        Who was named in a message that was taken back is named in the case still: it is kept there.
        """
        if not any(says_numbers(one.type) or one.document.target for one in new):
            return
        hers = _all(numbers_of_its_person(one.type, one.content) for one in opened_by)
        named = _all(numbers_in(one.type, one.content) for one in case.documents)
        await self._whose.put(case.case_id, hers=hers, others=named - hers)

    async def protect_like_others(self, case_id: UUID) -> None:
        """With its person all that is hers; with somebody whom it names, the case alone."""
        kept = (await self._whose.scopes_of(case_id)).all
        if await self._protected.among(kept):
            await self._protected.protect(kept)
        elif await self._protected.among(sorted(await self._whose.beside(case_id))):
            await self._protected.protect([case_id])

    async def protect(self, case_id: UUID) -> None:
        """Hide the case and all else that is its person's."""
        await self._protected.protect([case_id, *(await self._whose.scopes_of(case_id)).all])


def _all(numbers: Iterable[frozenset[PersonIdentifier]]) -> frozenset[PersonIdentifier]:
    return frozenset(chain.from_iterable(numbers))
