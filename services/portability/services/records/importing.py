"""Taking periods of accounts in, many at a time: what is kept, what is refused, and how far an import is.

An import is a numbered list of items. It is decided on in order, a batch in a transaction, so that one number says how
far it is: after a stop on either side it goes on there, and what was decided before is never decided again.
"""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date
from itertools import groupby
from operator import attrgetter, itemgetter

from portability.agreements.errors import IdempotencyConflictError, InputError
from portability.services.records.imports import (
    ImportAnswer,
    ImportBatch,
    ImportItem,
    ImportOpening,
    InsuredPerson,
    ItemOutcome,
    KeptAs,
    KnownImport,
    RefusedItem,
)
from portability.services.records.ports import ImportWork

__all__ = ["open_import", "take_batch"]


async def open_import(opening: ImportOpening, *, work: ImportWork) -> KnownImport:
    """Begin an import, or go on with a known one. Raises IdempotencyConflictError where that is of another source."""
    known = await work.imports.begin(opening)
    before = known.opening
    if (opening.source and before.source and opening.source != before.source) or opening.as_of != before.as_of:
        raise IdempotencyConflictError(
            f"Import {opening.import_id} was begun with another file, another mapping or another day: take a new id."
        )
    return known


async def take_batch(opening: ImportOpening, batch: ImportBatch, *, work: ImportWork) -> ImportAnswer:
    """Decide on a batch within the caller's transaction. Raises InputError where items before it are missing."""
    known = await work.imports.begin(opening)
    if batch.first_item > known.held_up_to + 1:
        raise InputError(
            f"Item {batch.first_item} follows item {known.held_up_to}: send items in order without a gap.",
            field="first_item",
        )
    fresh = batch.items[bisect_right(batch.items, known.held_up_to, key=itemgetter(0)) :]
    refused = {one.item: one for one in batch.refused if one.item > known.held_up_to}
    # Lines of one account follow each other: what is decided for one of them holds for the next.
    runs = [(*whose, list(run)) for whose, run in groupby(fresh, key=attrgetter("account_id", "person"))]
    own = await work.accounts.whose({(each, person.birth_date if person else None) for each, person, _ in runs})
    opened: dict[str, InsuredPerson] = {}
    taken: list[ImportItem] = []
    for account_id, person, run in runs:
        why = _why_not(account_id, person, own, opened)
        if why is None:
            taken += run
        else:
            refused |= {one.item: RefusedItem(one.item, *why) for one in run}
    await work.accounts.open(opened, as_of=opening.as_of)
    kept = await work.accounts.keep(known, taken)
    outcomes = [ItemOutcome.HELD] * batch.count
    for one, how in zip(taken, kept, strict=True):
        if how is KeptAs.CONTRADICTION:
            refused[one.item] = _contradicts_itself(one)
        else:
            outcomes[one.item - batch.first_item] = _OUTCOMES[how]
    for item in refused:
        outcomes[item - batch.first_item] = ItemOutcome.REFUSED
    held_up_to = max(known.held_up_to, batch.last_item)
    told = [refused[item] for item in sorted(refused)]
    if held_up_to > known.held_up_to:
        await work.imports.settle(known, held_up_to=held_up_to, refused=told)
    return ImportAnswer(held_up_to, batch.first_item, outcomes, told)


_OUTCOMES: Mapping[KeptAs, ItemOutcome] = {
    KeptAs.CHANGED: ItemOutcome.ACCEPTED,
    KeptAs.SAME: ItemOutcome.UNCHANGED,
}


def _why_not(
    account_id: str,
    person: InsuredPerson | None,
    own: Mapping[str, frozenset[date]],
    opened: dict[str, InsuredPerson],
) -> tuple[str, str, str] | None:
    """Why an item is not kept: for no account, or for another person's. The first of a new account opens it."""
    births = own.get(account_id)
    if births is None:
        first = opened.get(account_id) or person
        if first is None:
            return (
                "account_id",
                "ACCOUNT_UNKNOWN",
                "No account has this id: give name, birth date and a number with it, or correct the id.",
            )
        opened[account_id] = first
        births = frozenset({first.birth_date})
    if person is not None and person.birth_date not in births:
        return (
            "person.birth_date",
            "OTHER_PERSON",
            "The account has another birth date: this line may be another person's. Correct the id or the date.",
        )
    return None


def _contradicts_itself(one: ImportItem) -> RefusedItem:
    return RefusedItem(
        one.item,
        "period.period_id",
        "GIVEN_TWICE",
        "The same import gives this period of the account a second time, with other content: keep one of the two.",
    )
