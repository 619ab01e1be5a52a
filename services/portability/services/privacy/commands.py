"""What administrators and cleared staff ask for. Each command is carried out once by its `request_id`."""

from dataclasses import dataclass
from uuid import UUID

__all__ = ["Erase", "ErasePerson", "Hold", "Protect", "ReleaseHold"]


@dataclass(frozen=True, slots=True)
class Erase:
    """Erase one case, or with `whole_person` all cases of its person and her file for the worker's page.

    `ordered_by` cites the order of a court or supervisory authority that goes before retention; empty: none does.
    `register_basis` cites why her accounts in the own register may go too; empty: they stay, since they prove rights.
    """

    request_id: UUID
    case_id: UUID
    whole_person: bool = False
    ordered_by: str = ""
    register_basis: str = ""


@dataclass(frozen=True, slots=True)
class ErasePerson:
    """Erase somebody on file for the worker's page, with or without a case.

    She is named by `worker_id`, or else by contact and insurance number as they are on file. `ordered_by` as for
    a case.
    """

    request_id: UUID
    worker_id: UUID | None = None
    contact: str = ""
    insurance_number: str = ""
    ordered_by: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    request_id: UUID
    case_id: UUID
    citation: str


@dataclass(frozen=True, slots=True)
class ReleaseHold:
    request_id: UUID
    hold_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Protect:
    """Hide, or show again, all that is kept of the person of a case."""

    request_id: UUID
    case_id: UUID
    protected: bool
    reason: str
