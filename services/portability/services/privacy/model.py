"""Retention, legal holds and erasures. Plain values, no I/O."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from portability.agreements.values import Citation, StateCode
from portability.services.hybrid import length_prefixed
from portability.services.log_entry import LogEntry, LogEntryKind, commitment

__all__ = [
    "ART_17_1",
    "ART_17_3_B",
    "DEFAULT_RETENTION",
    "CaseFacts",
    "ErasedPerson",
    "Erasure",
    "ItemKind",
    "Kept",
    "LegalHold",
    "PersonItem",
    "PersonScopes",
    "PrivacyOfCase",
    "Retention",
]

ART_17_1: Final = Citation("Regulation (EU) 2016/679", "Art. 17(1)")
"""What is no longer necessary, or is no longer consented to, is erased when she asks."""
ART_17_3_B: Final = Citation("Regulation (EU) 2016/679", "Art. 17(3)(b)")
"""No erasure while processing is needed to comply with a legal obligation or in the exercise of public authority."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a case is kept after it was closed, and what says so."""

    years: int
    citation: Citation
    says: str  # whose rule it is, for people


DEFAULT_RETENTION: Final = Retention(
    years=10,
    citation=Citation("Regulation (EU) 2016/679", "Art. 5(1)(e)"),
    says="the node's stated default: no agreement of the case says how long",
)


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What erasure asks of a case; `closed_on` is None while it is open."""

    case_id: UUID
    lodged_on: date
    closed_on: date | None
    agreements: tuple[tuple[str, StateCode], ...]  # each with the other state that it binds


class ItemKind(StrEnum):
    """What is erased as one."""

    FILE = "file"  # contact, numbers, preferences, mandates, sessions, notices
    CASE = "case"
    CLAIM = "claim"  # as she sent it on her page
    DECLARATION = "declaration"  # with its papers


@dataclass(frozen=True, slots=True)
class PersonItem:
    """A claim or declaration that a worker sent; it has a scope of its own.

    `case_id` is the case that a claim led to, or in which staff looks at a declaration. `refused_on` is the day
    on which a claim was refused. Without `is_on_file` her file is erased, and it was kept for its case alone.
    """

    scope: UUID
    kind: ItemKind
    worker_id: UUID
    case_id: UUID | None
    waits: bool
    refused_on: date | None = None
    is_on_file: bool = True

    @property
    def goes_with_its_case(self) -> bool:
        """A claim says what its case says; what she declared is hers beyond one case, as long as she is on file."""
        return self.kind is ItemKind.CLAIM or not self.is_on_file


@dataclass(frozen=True, slots=True)
class Kept:
    """What is not erased, why, and from which day on it may be; `until` is None where no day is known yet."""

    kind: ItemKind
    scope: UUID
    reason: str  # for people; names nobody
    until: date | None = None
    state: str = ""  # held, in flight, open or retained
    is_open: bool = False  # also while it is held or in flight
    by_no_order: bool = False  # True: not even an order of a court goes before it


@dataclass(frozen=True, slots=True)
class LegalHold:
    """Data that must stay, whatever their retention says: a court case, an audit, her own objection (Art. 18(1))."""

    hold_id: UUID
    case_id: UUID
    citation: str  # the order or provision that demands it
    set_by: str
    set_at: datetime
    lifted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PersonScopes:
    """All that a node keeps of the person of one case, each a scope with a key of its own."""

    cases: tuple[UUID, ...]
    accounts: tuple[UUID, ...] = ()  # of the institution's own register
    workers: tuple[UUID, ...] = ()  # on file for the worker's page
    named_in: tuple[UUID, ...] = ()  # cases of others: hidden with her, and not erased with her

    @property
    def all(self) -> tuple[UUID, ...]:
        """What is hers."""
        return (*self.cases, *self.accounts, *self.workers)


@dataclass(frozen=True, slots=True)
class Erasure:
    """One act of erasure: random ids only, so the list of them is no personal data and is kept for ever."""

    erasure_id: UUID
    scopes: tuple[UUID, ...]
    erased_at: datetime
    erased_by: str
    basis: str  # why it was lawful: a citation
    salt: bytes  # of the act's commitment in the log

    @property
    def entry(self) -> LogEntry:
        """The act in the log."""
        said = (self.erased_by, self.erased_at.isoformat(), self.basis)
        content = length_prefixed(
            self.erasure_id.bytes, *(one.bytes for one in self.scopes), *(one.encode() for one in said)
        )
        return LogEntry(LogEntryKind.ERASURE, commitment(self.salt, content), self.erased_at)


@dataclass(frozen=True, slots=True)
class ErasedPerson:
    """What became of somebody on file."""

    worker_id: UUID
    erasure: Erasure
    kept: tuple[Kept, ...]  # what has to stay, her file among it where that has to

    @property
    def is_off_file(self) -> bool:
        return self.worker_id not in {one.scope for one in self.kept}


@dataclass(frozen=True, slots=True)
class PrivacyOfCase:
    """What is said of one case to whoever answers for data protection."""

    case_id: UUID
    retention: Retention
    kept_until: date | None  # first day on which it may be erased; None while the case is open
    holds: tuple[LegalHold, ...]
    is_protected: bool
    other_cases: tuple[UUID, ...]  # of the same person
