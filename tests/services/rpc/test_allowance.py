"""How many calls a second a caller gets, beside others and over time."""

from dataclasses import dataclass

import pytest

from portability.agreements.errors import OverloadError
from portability.app.rpc.allowance import BURST_SECONDS, MOST_CALLERS, CallAllowance, CallRates
from portability.services.access import Caller, Role

PEER = Caller("it-inps", Role.PEER, "node-1")
OTHER = Caller("ca-sc", Role.PEER, "node-1")


@dataclass
class Watch:
    seconds: float = 0.0

    def now(self) -> float:
        return self.seconds


def taken(allowance: CallAllowance, caller: Caller, *, tries: int) -> int:
    count = 0
    for _ in range(tries):
        try:
            allowance.take(caller)
        except OverloadError:
            continue
        count += 1
    return count


def test_a_burst_then_the_rate_then_nothing() -> None:
    watch = Watch()
    allowance = CallAllowance(CallRates(others=10), now=watch.now)
    assert taken(allowance, PEER, tries=1000) == 10 * BURST_SECONDS
    watch.seconds = 1.0
    assert taken(allowance, PEER, tries=1000) == 10
    watch.seconds = 1.05  # 0.05 s x 10 a second = half a call
    assert taken(allowance, PEER, tries=1000) == 0
    watch.seconds = 3600.0
    assert taken(allowance, PEER, tries=1000) == 10 * BURST_SECONDS


def test_the_flood_of_one_costs_another_nothing() -> None:
    allowance = CallAllowance(CallRates(others=10), now=Watch().now)
    taken(allowance, PEER, tries=1000)
    assert taken(allowance, OTHER, tries=20) == 20
    assert taken(allowance, Caller("it-inps", Role.PEER, "node-2"), tries=20) == 20


def test_the_institutions_own_systems_work_through_batches() -> None:
    rates = CallRates()
    assert rates.of(Role.SYSTEM) == 5000
    assert {rates.of(role) for role in Role if role is not Role.SYSTEM} == {100}


def test_a_refusal_says_how_many_are_allowed() -> None:
    allowance = CallAllowance(CallRates(others=0.5), now=Watch().now)
    allowance.take(PEER)
    with pytest.raises(OverloadError, match=r"More than 0\.5 calls a second"):
        allowance.take(PEER)


def test_only_so_many_callers_are_remembered() -> None:
    allowance = CallAllowance(CallRates(others=10), now=Watch().now)
    for number in range(MOST_CALLERS + 100):
        allowance.take(Caller("it-inps", Role.PEER, f"node-{number}"))
    assert len(allowance._buckets) == MOST_CALLERS
