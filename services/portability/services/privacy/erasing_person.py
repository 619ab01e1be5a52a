"""What is erased of somebody on file and what has to stay: each case, claim and declaration by itself, and her file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from portability.agreements.errors import ErasureRefusedError, NotFoundError
from portability.services.access import Caller
from portability.services.privacy.commands import ErasePerson
from portability.services.privacy.keeping import kept_case, kept_file, kept_items
from portability.services.privacy.model import ART_17_1, ItemKind, Kept
from portability.services.privacy.ports import PrivacyWork, Retentions

__all__ = ["ToErase", "decide_person", "read_answer", "write_answer"]


@dataclass(frozen=True, slots=True)
class ToErase:
    """What goes, and what stays. `basis` says why it is lawful."""

    worker_id: UUID
    scopes: tuple[UUID, ...]
    kept: tuple[Kept, ...]
    basis: str


async def decide_person(
    command: ErasePerson, *, caller: Caller, today: date, work: PrivacyWork, retentions: Retentions
) -> ToErase:
    """What may go of whoever is named.

    Raises NotFoundError for nobody, in the same words for a protected person whom the caller may not see, and
    ErasureRefusedError where all has to stay.
    """
    # 1. She is here, and the caller may know it.  2. Each case, claim and declaration of hers: it goes unless something
    # keeps it, and an order goes before what may give way.  3. Her file goes unless something of hers is open.
    # Step 1.
    worker_id, cases = await _found(command, caller, work)
    # Step 2.
    items = await work.on_file.items_of(workers=[worker_id], cases=[])
    named = dict.fromkeys((*cases, *(one.case_id for one in items if one.case_id is not None)))
    known = [one.case_id for one in await work.people.facts_of(list(named))]
    found = [await kept_case(one, today=today, work=work, retentions=retentions) for one in known]
    kept = [one for one in found if one is not None and _stays(one, command)]
    kept += [one for one in kept_items(items, kept, today=today) if _stays(one, command)]
    # Step 3.
    is_on_file = all(one.is_on_file for one in items)  # else her file went before, and this is what is left
    needed = kept_file(worker_id, kept) if is_on_file else None
    if needed is not None and _stays(needed, command):
        kept.insert(0, needed)
    file = (worker_id,) if is_on_file or not kept else ()
    stays = {one.scope for one in kept}
    scopes = tuple(one for one in (*file, *known, *(one.scope for one in items)) if one not in stays)
    if not scopes:
        raise ErasureRefusedError(" ".join(one.reason for one in kept), state=kept[0].state)
    return ToErase(worker_id, scopes, tuple(kept), command.ordered_by or str(ART_17_1))


def write_answer(erasure_id: UUID, worker_id: UUID, kept: Sequence[Kept]) -> str:
    """What the same request is answered with again: ids, days and citations."""
    rows = [[one.kind, str(one.scope), one.reason, one.until.isoformat() if one.until else ""] for one in kept]
    return json.dumps([str(erasure_id), str(worker_id), rows])


def read_answer(answer: str) -> tuple[UUID, UUID, tuple[Kept, ...]]:
    """What `write_answer` wrote."""
    erasure_id, worker_id, rows = json.loads(answer)
    kept = (
        Kept(ItemKind(kind), UUID(scope), reason, date.fromisoformat(until) if until else None)
        for kind, scope, reason, until in rows
    )
    return UUID(erasure_id), UUID(worker_id), tuple(kept)


async def _found(command: ErasePerson, caller: Caller, work: PrivacyWork) -> tuple[UUID, Sequence[UUID]]:
    worker_id = command.worker_id or await work.on_file.find(command.contact, command.insurance_number)
    cases = None if worker_id is None else await work.on_file.cases_of(worker_id)
    if worker_id is not None and cases is not None:
        hidden = () if caller.is_cleared else await work.protected.among([worker_id, *cases])
        if not hidden:
            return worker_id, cases
    raise NotFoundError("Nobody is on file here by what you gave, or she is erased.")


def _stays(one: Kept, command: ErasePerson) -> bool:
    return one.by_no_order or not command.ordered_by
