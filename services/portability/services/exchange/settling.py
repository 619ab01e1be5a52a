"""A person closes what a comparison with a partner found, once it is looked into: who, when and why is kept.

Nothing is changed at either end. What differs in another way afterwards is open again.
"""

from portability.agreements.errors import InputError, NotFoundError
from portability.services.acts import OF_NO_CASE, Act
from portability.services.exchange.model.reconciliations import Settlement
from portability.services.exchange.ports.work import ExchangeWork
from portability.services.exchange.ports.world import NewId
from portability.services.exchange.streams import SequenceRange

__all__ = ["settle_differences"]


async def settle_differences(asked: Settlement, *, work: ExchangeWork, new_id: NewId) -> int:
    """Settle what is open among some numbers of a partner; return how many differences, the same for the same request.

    Raises NotFoundError where nothing is open, and InputError where something is of which only a part was named, or
    where the request has settled something else.
    """
    found = await work.settlements.open_among(asked.partner, asked.numbers)
    # Read under the lock of what was found: of the same request twice at once, the second one finds the first.
    known = await work.settlements.of_request(asked.request_id)
    if known is not None:
        _check_same(known[0], asked)
        return known[1]
    if not found:
        raise NotFoundError(
            f"Nothing is open with {asked.partner} under {_said(asked.numbers)}: "
            f"`portability reconciliations list --open --partner {asked.partner}` shows what is."
        )
    for one in found:
        if one.numbers.first < asked.numbers.first or one.numbers.last > asked.numbers.last:
            raise InputError(
                f"{_said(asked.numbers)} is a part of what is open with {asked.partner}, which is "
                f"{_said(one.numbers)}: settle all of that.",
                field="numbers",
            )
    settled = await work.settlements.add(asked)
    about = f"{asked.partner} {_said(asked.numbers)}"
    await work.acts.add(Act(new_id(), OF_NO_CASE, asked.at, asked.by, "difference.settle", about, asked.reason))
    return settled


def _check_same(known: Settlement, asked: Settlement) -> None:
    """Raise InputError where a request comes again and is about something else."""
    if (known.partner, known.numbers, known.by, known.reason) != (asked.partner, asked.numbers, asked.by, asked.reason):
        raise InputError(
            f"Request {asked.request_id} has settled {_said(known.numbers)} with {known.partner}: give another request "
            "an id of its own.",
            field="request_id",
        )


def _said(numbers: SequenceRange) -> str:
    return str(numbers.first) if len(numbers) == 1 else f"{numbers.first}-{numbers.last}"
