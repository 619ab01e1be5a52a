"""Determinations on files that no state has ratified: for whoever writes or checks a file, never for a claim."""

from collections.abc import Mapping, Sequence
from datetime import date

from portability.agreements.errors import NotFoundError
from portability.agreements.model import DeterminationFacts
from portability.agreements.national.legislation import Legislation
from portability.agreements.values import StateCode
from portability.services.determination.ports import LawLibrary
from portability.services.determination.treaties.model import VersionInForce

__all__ = ["TrialLaw"]


class TrialLaw:
    """BindingLaw in shape only: it takes each file as it stands, and every result says that it is a trial."""

    def __init__(self, library: LawLibrary) -> None:
        self._library = library

    async def version_for(self, agreement_id: str, facts: DeterminationFacts) -> VersionInForce:
        """The file of that id, bound by nobody."""
        return self._file(agreement_id)

    async def version_between(
        self, agreement_id: str, pairs: Sequence[tuple[StateCode, StateCode]], *, on: date
    ) -> VersionInForce:
        """The same, whichever states are meant."""
        return self._file(agreement_id)

    async def parties(self) -> Mapping[str, frozenset[StateCode]]:
        """Of every file."""
        return {name: frozenset(one.content.parties) for name, one in self._library.agreements().items()}

    def legislations(self) -> Mapping[StateCode, Legislation]:
        """By state."""
        return self._library.legislations()

    def _file(self, agreement_id: str) -> VersionInForce:
        known = self._library.agreements()
        if agreement_id not in known:
            raise NotFoundError(f"There is no agreement of that id. Known: {', '.join(sorted(known))}.")
        return VersionInForce(known[agreement_id])
