"""What is asked where no claim is determined yet: whose legislation applies to work, which agreements to a career."""

from dataclasses import dataclass
from datetime import date

from portability.agreements.errors import NotBindingError
from portability.agreements.periods import InsurancePeriod
from portability.agreements.selection import Candidate, Person, Selection
from portability.agreements.values import Branch, StateCode
from portability.agreements.work_facts import LegislationResult, WorkFacts
from portability.services.determination.treaties.model import VersionInForce

__all__ = ["AgreementsFound", "CareerQuery", "LegislationFound", "LegislationUnder", "NotInForce", "WorkQuery"]


@dataclass(frozen=True, slots=True)
class WorkQuery:
    """The facts of work on a day; `agreement_ids` is empty where whatever binds the states is to be applied."""

    work: WorkFacts
    on: date
    agreement_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotInForce:
    """An agreement that names the states, and why no version of it binds them."""

    agreement_id: str
    states: tuple[StateCode, ...]
    error: NotBindingError


@dataclass(frozen=True, slots=True)
class LegislationUnder:
    """What one agreement says, and the version of it that was applied."""

    result: LegislationResult
    version: VersionInForce


@dataclass(frozen=True, slots=True)
class LegislationFound:
    """The one state that all agreements in `under` lead to; those in `gave_way` were left to another's precedence."""

    state: StateCode
    under: tuple[LegislationUnder, ...]
    gave_way: tuple[tuple[Candidate, VersionInForce], ...] = ()
    not_in_force: tuple[NotInForce, ...] = ()


@dataclass(frozen=True, slots=True)
class CareerQuery:
    """Who asks for which branch, for whom, and the periods that are known."""

    state: StateCode
    branch: Branch
    on: date
    person: Person
    periods: tuple[InsurancePeriod, ...]


@dataclass(frozen=True, slots=True)
class AgreementsFound:
    """What applies and what does not, each with its version, and what is not in force between these states."""

    selection: Selection
    versions: dict[str, VersionInForce]
    not_in_force: tuple[NotInForce, ...]
