"""Erasure before sending under the same schedules: holes are accounted for, nothing that came is taken for void."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from portability.adapters.memory import exchange_voids as stores
from portability.services.exchange import voids
from tests.simulation.crypto import cheap_primitives
from tests.simulation.erasing import run_with_erasures
from tests.simulation.patching import replaced

SCHEDULES = 300
Mutant = AbstractContextManager[None]


def recipient_believes_void_what_it_has() -> Mutant:
    return replaced(stores.MemoryVoidsReceived, "_held", lambda self, sender, void: ())


def sender_voids_what_it_sent() -> Mutant:
    """All that it was asked for, erased or not."""

    async def among(self: Any, recipient: Any, ranges: Any, *, limit: int) -> Any:
        rows = [one for one in self._state.messages.values() if one.recipient == recipient and one.case_seq]
        void = [
            self._void(one)
            for one in rows
            if any(span.first <= one.sealable.stream_seq <= span.last for span in ranges)
        ]
        return sorted(void, key=lambda one: one.stream_seq)

    return replaced(stores.MemoryVoidsSent, "among", among)


def sender_says_never_sent_of_what_it_sent() -> Mutant:
    return replaced(stores, "was_sealed", lambda message, state: False)


def void_never_said() -> Mutant:
    async def among(self: Any, recipient: Any, ranges: Any, *, limit: int) -> Any:
        return []

    return replaced(stores.MemoryVoidsSent, "among", among)


def lane_waits_at_a_void_number() -> Mutant:
    async def _pass(node: Any, effects: Any) -> int:
        return 0

    return replaced(voids, "_pass", _pass)


def void_in_another_lane() -> Mutant:
    """What the number leaves open is passed in a lane of another sender."""
    return replaced(voids, "lane_of_void", lambda sender, void: ("xx-nobody", void.case_id))


MUTANTS = (
    recipient_believes_void_what_it_has,
    sender_voids_what_it_sent,
    sender_says_never_sent_of_what_it_sent,
    void_never_said,
    lane_waits_at_a_void_number,
    void_in_another_lane,
)


@pytest.mark.timeout(600)
def test_after_erasures_nothing_is_missing_and_nothing_waits() -> None:
    with cheap_primitives():
        broken = {seed: found for seed in range(SCHEDULES) if (found := run_with_erasures(seed).broken)}
    assert not broken


@pytest.mark.parametrize("plant", MUTANTS, ids=lambda plant: plant.__name__)
@pytest.mark.timeout(600)
def test_a_mistake_about_void_numbers_is_found(plant: Callable[[], Mutant]) -> None:
    with cheap_primitives(), plant():
        took = next((seed + 1 for seed in range(SCHEDULES) if run_with_erasures(seed).broken), None)
    print(f"{plant.__name__}: {took} schedules")
    assert took
