"""What an import is made of: its opening, its items, and what becomes of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from portability.agreements.careers import PersonIdentifier

__all__ = [
    "ImportAnswer",
    "ImportBatch",
    "ImportItem",
    "ImportOpening",
    "InsuredPerson",
    "ItemOutcome",
    "KeptAs",
    "KnownImport",
    "RefusedItem",
    "joined",
]


@dataclass(frozen=True, slots=True)
class ImportOpening:
    """What an import is. `source` is the SHA-256 of what is imported and how it is read; empty: not known."""

    import_id: UUID
    source: bytes
    as_of: date  # the accounts named are complete up to this day


@dataclass(frozen=True, slots=True)
class InsuredPerson:
    """Whose account it is, for one that is not known yet."""

    name: str
    birth_date: date
    identifiers: tuple[PersonIdentifier, ...]


class ImportItem(NamedTuple):
    """One period of one account, checked; a tuple, since there are a hundred thousand of them a second."""

    item: int
    account_id: str
    period_id: str
    content: bytes  # the period, as a store keeps it
    person: InsuredPerson | None


@dataclass(frozen=True, slots=True)
class RefusedItem:
    """An item that is not kept, and why; no personal data in the words."""

    item: int
    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class KnownImport:
    """An import as the register knows it: every item up to `held_up_to` is decided on."""

    number: int
    opening: ImportOpening
    held_up_to: int


@dataclass(frozen=True, slots=True)
class ImportBatch:
    """Consecutive items as they came: those that can be right, and those that cannot."""

    first_item: int
    count: int
    items: tuple[ImportItem, ...]
    refused: tuple[RefusedItem, ...]

    @property
    def last_item(self) -> int:
        return self.first_item + self.count - 1


def joined(batches: Sequence[ImportBatch]) -> ImportBatch:
    """Batches of which each follows the one before, as one."""
    return ImportBatch(
        batches[0].first_item,
        sum(batch.count for batch in batches),
        tuple(item for batch in batches for item in batch.items),
        tuple(item for batch in batches for item in batch.refused),
    )


class KeptAs(StrEnum):
    """What the register made of a period."""

    CHANGED = "changed"  # new, or in place of what was known of it
    SAME = "same"
    CONTRADICTION = "contradiction"  # this import has given the same period otherwise


class ItemOutcome(StrEnum):
    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    HELD = "held"  # decided on before


@dataclass(frozen=True, slots=True)
class ImportAnswer:
    """How far the import is now, and what has become of each item from the first on, in order."""

    held_up_to: int
    first_item: int
    outcomes: Sequence[ItemOutcome]
    refused: Sequence[RefusedItem]

    def of(self, batch: ImportBatch) -> "ImportAnswer":
        """What has become of the items of one batch."""
        begin = batch.first_item - self.first_item
        refused = [one for one in self.refused if batch.first_item <= one.item <= batch.last_item]
        return ImportAnswer(self.held_up_to, batch.first_item, self.outcomes[begin : begin + batch.count], refused)
