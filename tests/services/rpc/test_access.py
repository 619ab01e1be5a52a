"""The caller of an RPC holds inside of it, and nowhere else."""

import asyncio

import pytest

from portability.agreements.errors import DeniedError
from portability.services.access import Caller, Role, acting_as, current_caller

ANNA = Caller("de-drv", Role.CASEWORKER, "anna")
BRUNO = Caller("de-drv", Role.SYSTEM, "bruno")


def test_outside_of_a_call_nobody_is_signed_in() -> None:
    with pytest.raises(DeniedError) as error:
        current_caller()
    assert not error.value.authenticated


def test_the_caller_holds_inside_and_the_one_before_comes_back() -> None:
    with acting_as(ANNA):
        with acting_as(BRUNO):
            assert current_caller() is BRUNO
        assert current_caller() is ANNA
    with pytest.raises(DeniedError):
        current_caller()


async def test_callers_of_calls_that_run_at_once_do_not_mix() -> None:
    async def call(caller: Caller) -> Caller:
        with acting_as(caller):
            await asyncio.sleep(0)
            return current_caller()

    assert await asyncio.gather(call(ANNA), call(BRUNO)) == [ANNA, BRUNO]
