"""What transactions of cases and records need beside their connection: who "we" are, and the law between states."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.keys.trust import DirectoryTrust
from portability.agreements.values import Branch, StateCode
from portability.services.determination.treaties.in_force import AgreementFound, Treaties, find_agreement
from portability.services.determination.treaties.ports import TreatyWork
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.ports.world import Clock, NewId
from portability.services.registry.model import Directory

__all__ = ["CaseParts", "DirectoryOfInstitutions"]


@dataclass(frozen=True, slots=True)
class CaseParts:
    """What every transaction of cases needs besides its connection."""

    me: InstitutionId
    trust: DirectoryTrust
    directory: Callable[[], Directory]
    treaties: Treaties
    at_rest: AtRest
    clock: Clock
    new_id: NewId


class DirectoryOfInstitutions:
    """InstitutionDirectory: competences from the signed directory, agreements as far as both states have ratified."""

    def __init__(self, current: Callable[[], Directory], work: TreatyWork, treaties: Treaties) -> None:
        self._current = current
        self._work = work
        self._treaties = treaties

    async def competent_institution(self, state: StateCode, *, branch: Branch, on: date) -> InstitutionId | None:
        """The institution of a state for a branch on a day; None where the directory has none."""
        found = self._current().competent(state, branch, on)
        return found[0].institution_id if len(found) == 1 else None

    async def agreement_between(self, state: StateCode, other: StateCode, *, branch: Branch, on: date) -> str | None:
        """The agreement with the fewest parties that binds both states for the branch on the day."""
        return (await self._find(state, other, branch=branch, on=on)).agreement_id or None

    async def why_no_agreement(self, state: StateCode, other: StateCode, *, branch: Branch, on: date) -> str:
        """What is missing on the way to an agreement that binds both."""
        return (await self._find(state, other, branch=branch, on=on)).why_none

    async def _find(self, state: StateCode, other: StateCode, *, branch: Branch, on: date) -> AgreementFound:
        return await find_agreement((state, other), branch=branch, on=on, work=self._work, treaties=self._treaties)
