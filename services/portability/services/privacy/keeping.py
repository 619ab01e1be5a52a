"""What keeps data from erasure, and until when: legal holds, messages on their way, what is open, retention."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final
from uuid import UUID

from portability.agreements.errors import ErasureRefusedError
from portability.services.privacy.model import (
    ART_17_3_B,
    DEFAULT_RETENTION,
    CaseFacts,
    ItemKind,
    Kept,
    PersonItem,
    Retention,
)
from portability.services.privacy.ports import PrivacyWork, Retentions

__all__ = ["kept_case", "kept_file", "kept_items", "kept_until", "longest_retention", "require_nothing_kept"]

NAMES: Final = {ItemKind.CLAIM: "Claim", ItemKind.DECLARATION: "Declaration"}


async def longest_retention(facts: CaseFacts, retentions: Retentions) -> Retention:
    """The longest of the agreements' own, or the default where none says anything."""
    asked = [await retentions.of_agreement(*one, on=facts.lodged_on) for one in facts.agreements]
    said = [found for found in asked if found is not None]
    return max(said, key=lambda one: one.years, default=DEFAULT_RETENTION)


async def kept_case(case_id: UUID, *, today: date, work: PrivacyWork, retentions: Retentions) -> Kept | None:
    """What keeps a case: first what no order goes before, then the time. None where nothing does."""
    facts = next(iter(await work.people.facts_of([case_id])), None)
    is_open = facts is not None and facts.closed_on is None
    if holds := await work.holds.of([case_id]):
        since, hold_id = holds[0].set_at, holds[0].hold_id
        said = f"Case {case_id} is under a legal hold since {since:%Y-%m-%d}: hold {hold_id} has to be released first."
        return Kept(ItemKind.CASE, case_id, said, state="held", is_open=is_open, by_no_order=True)
    if waiting := await work.people.waiting_messages([case_id]):
        said = f"{waiting} messages of case {case_id} have no receipt yet: erase when their recipients hold them."
        return Kept(ItemKind.CASE, case_id, said, state="in flight", is_open=is_open, by_no_order=True)
    if facts is None:
        return None
    retention = await longest_retention(facts, retentions)
    until = kept_until(facts, retention)
    if until is None:
        said = f"Case {case_id} is open: its data are needed to decide it ({ART_17_3_B})."
        return Kept(ItemKind.CASE, case_id, said, state="open", is_open=True)
    if today >= until:
        return None
    why = f"{retention.years} years after it was closed ({retention.citation}; {retention.says})"
    return Kept(ItemKind.CASE, case_id, _retained(f"Case {case_id}", until, why), until=until, state="retained")


def kept_items(items: Sequence[PersonItem], cases: Sequence[Kept], *, today: date) -> list[Kept]:
    """What keeps claims and declarations: that they wait, or the case that they led to or are part of. Pure.

    That a claim was made and refused is kept as a case is that was closed on that day: the day on which she claimed
    counts in every institution concerned (987/2009 Art. 45(5)).
    """
    by_case: dict[UUID | None, Kept] = {one.scope: one for one in cases}
    return [found for item in items if (found := _kept_item(item, by_case.get(item.case_id), today)) is not None]


def kept_file(worker_id: UUID, others: Sequence[Kept]) -> Kept | None:
    """What keeps her file: that something of hers is open, since whoever decides it tells her (987/2009 Art. 48(1))."""
    still = next((one for one in others if one.is_open), None)
    if still is None:
        return None
    said = f"Her file is needed to tell her what is decided (Regulation (EC) No 987/2009 Art. 48(1)). {still.reason}"
    return Kept(ItemKind.FILE, worker_id, said, state="open", is_open=True)


def require_nothing_kept(kept: Sequence[Kept], *, ordered: bool) -> None:
    """Raise ErasureRefusedError with what keeps something, first what no order goes before."""
    stays = [one for one in kept if one.by_no_order or not ordered]
    for one in sorted(stays, key=lambda one: not one.by_no_order):
        raise ErasureRefusedError(one.reason, state=one.state)


def kept_until(facts: CaseFacts, retention: Retention) -> date | None:
    """The first day on which a case may be erased; None while it is open."""
    return None if facts.closed_on is None else _years_after(facts.closed_on, retention.years)


def _kept_item(item: PersonItem, case: Kept | None, today: date) -> Kept | None:
    name = f"{NAMES[item.kind]} {item.scope}"
    if item.waits:
        said = f"{name} waits for an answer: its data are needed to decide it ({ART_17_3_B})."
        return Kept(item.kind, item.scope, said, state="open", is_open=True)
    if case is not None:
        said = f"{name} goes with its case. {case.reason}"
        return replace(case, kind=item.kind, scope=item.scope, reason=said)
    if item.refused_on is None:
        return None
    until = _years_after(item.refused_on, DEFAULT_RETENTION.years)
    if today >= until:
        return None
    why = f"{DEFAULT_RETENTION.years} years after it was refused ({DEFAULT_RETENTION.citation}, the node's default)"
    return Kept(item.kind, item.scope, _retained(name, until, why), until, "retained")


def _retained(what: str, until: date, why: str) -> str:
    return f"{what} is kept until {until}: {why}, and until then there is no right to erasure ({ART_17_3_B})."


def _years_after(day: date, years: int) -> date:
    """The same day so many years later; 1 March for 29 February where that year has none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
