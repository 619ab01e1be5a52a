"""The caller of an RPC holds inside of it, and nowhere else; without a row nobody may call."""

import asyncio
from uuid import UUID

import pytest

from portability.agreements.errors import DeniedError
from portability.services.access import Caller, Role, RolePolicy, acting_as, current_caller

ANNA = Caller("de-drv", Role.CASEWORKER, "anna")
BRUNO = Caller("de-drv", Role.SYSTEM, "bruno")
WORKER = UUID("0199d0f0-0000-7000-8000-0000000000aa")


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


def test_the_policy_opens_an_rpc_to_the_roles_of_its_row_only() -> None:
    policy = RolePolicy({"/a.B/C": {Role.CASEWORKER}}, without_session=frozenset())
    policy.check(ANNA, "/a.B/C")
    for caller, rpc in ((BRUNO, "/a.B/C"), (ANNA, "/a.B/D")):
        with pytest.raises(DeniedError) as error:
            policy.check(caller, rpc)
        assert error.value.authenticated


def test_nobody_is_refused_as_not_signed_in() -> None:
    with pytest.raises(DeniedError) as error:
        RolePolicy({}, without_session=frozenset()).check(None, "/a.B/C")
    assert not error.value.authenticated


def test_a_worker_needs_a_session_except_to_sign_in() -> None:
    policy = RolePolicy({"/a.B/SignIn": {Role.WORKER}, "/a.B/Own": {Role.WORKER}}, without_session={"/a.B/SignIn"})
    signing_in = Caller("de-drv", Role.WORKER, "page")
    policy.check(signing_in, "/a.B/SignIn")
    policy.check(Caller("de-drv", Role.WORKER, "page", WORKER), "/a.B/Own")
    with pytest.raises(DeniedError, match="sign in first"):
        policy.check(signing_in, "/a.B/Own")
