"""Repair under the same schedules: what nobody sends again by himself is asked for, what an inbox has lost is found."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest

from portability.adapters.memory import exchange_repair as stores
from portability.services.exchange import repair
from portability.services.exchange.streams import SequenceRange, digest_of
from tests.simulation.afterwards import run_with_repair
from tests.simulation.crypto import cheap_primitives
from tests.simulation.patching import replaced

SCHEDULES = 300
Mutant = AbstractContextManager[None]


def gap_never_asked_for() -> Mutant:
    async def ask_for_gaps(node: Any) -> int:
        return 0

    return replaced(repair, "ask_for_gaps", ask_for_gaps)


def gap_forgotten() -> Mutant:
    """How a stream stands is not kept, so the quarter of an hour never ends."""

    async def save(self: Any, watch: Any) -> None:
        return

    return replaced(stores.MemoryGaps, "save", save)


def wrong_range_sent_again() -> Mutant:
    """What follows the gap is sent again."""
    real = repair.decode_resend

    def decode_resend(record: bytes) -> list[SequenceRange]:
        return [SequenceRange(one.last + 1, one.last + 1) for one in real(record)]

    return replaced(repair, "decode_resend", decode_resend)


def digest_ignores_a_leaf() -> Mutant:
    return replaced(repair, "digest_of", lambda span, leaves: digest_of(span, leaves[:-1]))


def digest_never_sent() -> Mutant:
    async def reconcile(node: Any, **options: Any) -> int:
        return 0

    return replaced(repair, "reconcile", reconcile)


def round_leaves_out_the_oldest() -> Mutant:
    real = stores.MemoryReconciliations.due

    async def due(self: Any, **options: Any) -> Any:
        return [replace(one, first_seq=one.last_seq) for one in await real(self, **options)]

    return replaced(stores.MemoryReconciliations, "due", due)


def difference_not_reported() -> Mutant:
    return replaced(repair, "joined", lambda missing: [])


MUTANTS = (
    gap_never_asked_for,
    gap_forgotten,
    wrong_range_sent_again,
    digest_ignores_a_leaf,
    digest_never_sent,
    round_leaves_out_the_oldest,
    difference_not_reported,
)


@pytest.mark.timeout(600)
def test_after_two_days_both_ends_hold_the_same() -> None:
    with cheap_primitives():
        broken = {seed: found for seed in range(SCHEDULES) if (found := run_with_repair(seed).broken)}
    assert not broken


@pytest.mark.parametrize("plant", MUTANTS, ids=lambda plant: plant.__name__)
@pytest.mark.timeout(600)
def test_a_mistake_in_repair_is_found(plant: Callable[[], Mutant]) -> None:
    with cheap_primitives(), plant():
        took = next((seed + 1 for seed in range(SCHEDULES) if run_with_repair(seed).broken), None)
    print(f"{plant.__name__}: {took} schedules")
    assert took
