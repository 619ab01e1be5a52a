"""What determinations need from outside: the law that may be applied, and files to try."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from portability.agreements.loading import Agreement
from portability.agreements.model import DeterminationFacts
from portability.agreements.national.legislation import Legislation
from portability.agreements.values import StateCode
from portability.services.determination.treaties.model import VersionInForce

__all__ = ["BindingLaw", "LawInForce", "LawLibrary", "TreatiesInForce"]


class LawLibrary(Protocol):
    """Agreements and legislations as files; `portability.agreements.packaged` is one. Good for examples and trials."""

    def agreements(self) -> Mapping[str, Agreement]:
        """By id."""
        ...

    def legislations(self) -> Mapping[StateCode, Legislation]:
        """By state."""
        ...


class LawInForce(Protocol):
    """The law by which claims are determined."""

    async def version_for(self, agreement_id: str, facts: DeterminationFacts) -> VersionInForce:
        """The version that binds the states of these facts. Raises NotBindingError, with the reason, where none does.

        NotFoundError where there is no agreement of that id.
        """
        ...

    def legislations(self) -> Mapping[StateCode, Legislation]:
        """By state."""
        ...


class TreatiesInForce(Protocol):
    """Which agreements bind which states, where no claim says which one is meant."""

    async def parties(self) -> Mapping[str, frozenset[StateCode]]:
        """Of each agreement that may be applied, by id, all states that one of its versions names."""
        ...

    async def version_between(
        self, agreement_id: str, pairs: Sequence[tuple[StateCode, StateCode]], *, on: date
    ) -> VersionInForce:
        """The one version that binds each pair on a day. Raises NotBindingError, with the reason, where none does.

        NotFoundError where there is no agreement of that id.
        """
        ...


class BindingLaw(LawInForce, TreatiesInForce, Protocol):
    """All that is in force: for claims, and for finding out which agreement is meant."""
