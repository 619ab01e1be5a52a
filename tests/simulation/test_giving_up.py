"""People give up what never comes, under the same schedules: cases go on in order, what comes late has no effect."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest

from portability.adapters.memory import exchange_lanes as stores
from portability.services.exchange import giving_up, voids
from portability.services.exchange.lanes import LaneInHand
from portability.services.exchange.streams import SequenceRange
from tests.simulation.crypto import cheap_primitives
from tests.simulation.giving_up import run_with_giving_up
from tests.simulation.patching import replaced

SCHEDULES = 200
Mutant = AbstractContextManager[None]


def what_comes_late_has_its_turn() -> Mutant:
    real = LaneInHand.arrive

    def arrive(self: Any, message_id: Any, *, case_seq: int, **rest: Any) -> bool:
        if case_seq < self._next_seq and case_seq not in self._entries:
            self._next_seq = case_seq
        return real(self, message_id, case_seq=case_seq, **rest)

    return replaced(LaneInHand, "arrive", arrive)


def one_number_too_many_is_passed() -> Mutant:
    def pass_over(self: Any, last: int) -> None:
        self._entries.pop(last + 1, None)
        self._next_seq = last + 2

    return replaced(LaneInHand, "pass_over", pass_over)


def one_number_too_few_is_passed() -> Mutant:
    def pass_over(self: Any, last: int) -> None:
        self._next_seq = last

    return replaced(LaneInHand, "pass_over", pass_over)


def the_sender_is_told_of_other_numbers() -> Mutant:
    real = giving_up.given_up_message

    def message(given_up: Any, *, new_id: Any) -> Any:
        numbers = given_up.numbers
        return real(replace(given_up, numbers=SequenceRange(numbers.first + 1, numbers.last + 1)), new_id=new_id)

    return replaced(giving_up, "given_up_message", message)


def the_sender_forgets_what_it_was_told() -> Mutant:
    def numbers(self: Any, recipient: Any, entry: Any) -> Any:
        return range(entry.first_seq, entry.last_seq + 1) if entry.case_id is None else ()

    return replaced(stores.MemoryBusinessStatuses, "_numbers", numbers)


def what_comes_late_stays_open() -> Mutant:
    async def nothing(node: Any) -> int:
        return 0

    return replaced(voids, "refuse_what_came_late", nothing)


MUTANTS = (
    what_comes_late_has_its_turn,
    one_number_too_many_is_passed,
    one_number_too_few_is_passed,
    the_sender_is_told_of_other_numbers,
    the_sender_forgets_what_it_was_told,
    what_comes_late_stays_open,
)


@pytest.mark.timeout(600)
def test_cases_go_on_over_what_was_given_up_and_what_comes_late_changes_nothing() -> None:
    with cheap_primitives():
        broken = {seed: found for seed in range(SCHEDULES) if (found := run_with_giving_up(seed).broken)}
    assert not broken


@pytest.mark.parametrize("plant", MUTANTS, ids=lambda plant: plant.__name__)
@pytest.mark.timeout(600)
def test_a_mistake_about_what_was_given_up_is_found(plant: Callable[[], Mutant]) -> None:
    with cheap_primitives(), plant():
        took = next((seed + 1 for seed in range(SCHEDULES) if run_with_giving_up(seed).broken), None)
    print(f"{plant.__name__}: {took} schedules")
    assert took
