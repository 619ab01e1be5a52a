"""The access policies: every RPC of the protos, every role, own and other institution, with and without a session."""

from itertools import product
from uuid import UUID

import pytest

from portability.adapters.access.cedar import CedarPolicy
from portability.agreements.errors import DeniedError, InputError
from portability.services.access import Caller, Role

from .test_every_cell import NAMES

NODE, OTHER = "de-drv", "it-inps"
WORKER = UUID("0199d0f0-0000-7000-8000-0000000000aa")
POLICY = CedarPolicy.shipped(NODE)
OF_PERSONS = ("cases", "certificates", "disputes", "mandates", "records", "voice", "workers")
PERSONAL = tuple(f"/portability.api.{one}." for one in OF_PERSONS)
SERVERS_OWN = ("/grpc.health.v1.Health/Check", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
SIGN_IN = {f"/portability.api.workers.v1.WorkerService/{name}" for name in ("RequestSignInCode", "SignIn")}


def may(caller: Caller, rpc: str) -> bool:
    try:
        POLICY.check(caller, rpc)
    except DeniedError:
        return False
    return True


def open_to(role: Role, *, institution: str = NODE, worker: UUID | None = None) -> set[str]:
    return {rpc for rpc in NAMES if may(Caller(institution, role, "somebody", worker), rpc)}


@pytest.mark.parametrize("rpc", NAMES)
def test_every_rpc_is_open_to_somebody_by_name(rpc: str) -> None:
    everybody = product((NODE, OTHER), Role, (None, WORKER))
    assert any(may(Caller(where, role, "somebody", worker), rpc) for where, role, worker in everybody)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PEER])
def test_nobody_of_another_institution_but_its_node_calls_anything(role: Role) -> None:
    for rpc in (*NAMES, *SERVERS_OWN):
        for worker in (None, WORKER):
            assert not may(Caller(OTHER, role, "somebody", worker), rpc)


def test_nobody_here_borrows_what_is_open_to_peers() -> None:
    assert open_to(Role.PEER) == set()
    assert open_to(Role.PEER, institution=OTHER) > set()


def test_personal_data_is_open_to_nobody_but_staff_and_the_worker() -> None:
    for role, institution in ((Role.ADMINISTRATOR, NODE), (Role.PEER, OTHER)):
        assert {rpc for rpc in open_to(role, institution=institution) if rpc.startswith(PERSONAL)} == set()


def test_a_worker_has_only_the_workers_services_and_only_sign_in_before_a_session() -> None:
    assert open_to(Role.WORKER) == SIGN_IN
    signed_in = open_to(Role.WORKER, worker=WORKER)
    assert signed_in > SIGN_IN
    hers = (
        "workers.v1.",
        "disputes.v1.MyDisputeService/",
        "certificates.v1.MyCertificateService/",
        "mandates.v1.",
        "voice.v1.MyVoiceService/",
        "declarations.v1.MyDeclarationService/",
        "claims.v1.MyClaimService/",
        "takeout.v1.",
    )
    assert {rpc for rpc in signed_in if not rpc.removeprefix("/portability.api.").startswith(hers)} == set()


def test_programs_propose_people_decide() -> None:
    decisions = {f"/portability.api.cases.v1.ShareService/{name}" for name in ("DecideShare", "SummariseShares")}
    assert decisions <= open_to(Role.CASEWORKER)
    for role in Role:
        if role not in {Role.CASEWORKER, Role.CLEARED_CASEWORKER}:
            assert not decisions & (open_to(role, worker=WORKER) | open_to(role, institution=OTHER))


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    "rpc",
    [
        "/portability.api.cases.v1.ShareService/DeleteEverything",
        "/portability.api.cases.v2.ShareService/GetShare",
        "/cases.v1.ShareService/GetShare/",
        "/portability.api.work on cases",
        "",
    ],
)
def test_an_rpc_that_the_schema_does_not_name_is_closed_to_everybody(role: Role, rpc: str) -> None:
    for institution in (NODE, OTHER):
        assert not may(Caller(institution, role, "somebody", WORKER), rpc)


def test_nobody_is_refused_as_not_signed_in() -> None:
    with pytest.raises(DeniedError) as error:
        POLICY.check(None, NAMES[0])
    assert not error.value.authenticated


@pytest.mark.parametrize(
    ("caller", "authenticated", "says"),
    [
        (Caller(NODE, Role.WORKER, "page"), False, "No session: sign in first"),
        (Caller(OTHER, Role.CASEWORKER, "anna"), True, "of another institution than this node's"),
        (Caller(NODE, Role.PEER, "node"), True, "a peer is another institution's node"),
        (Caller(NODE, Role.SYSTEM, "pensions"), True, "The role 'system' may not call"),
    ],
)
def test_a_refusal_says_why(caller: Caller, authenticated: bool, says: str) -> None:  # noqa: FBT001 (a table)
    with pytest.raises(DeniedError, match=says) as error:
        POLICY.check(caller, "/portability.api.cases.v1.ShareService/DecideShare")
    assert error.value.authenticated is authenticated


def test_a_name_is_data_and_never_part_of_a_policy() -> None:
    hostile = Caller(NODE, Role.SYSTEM, 'x", "institution": "de-drv"} || Caseworker::"anna')
    assert not may(hostile, "/portability.api.cases.v1.ShareService/DecideShare")


@pytest.mark.parametrize(
    ("more_schema", "more_policies", "says"),
    [
        ("", "permit (principal, action, resource", "cannot be read"),
        ("entity {", "", "cannot be read"),
        ("", "permit (principal is Director, action, resource);", "do not fit their schema"),
        ("", 'permit (principal, action == Action::"decree", resource);', "do not fit their schema"),
        ("", "permit (principal, action, resource) when { principal.rank > 3 };", "do not fit their schema"),
        # Only a worker has a session: read on another, the policy would fail while it is evaluated.
        ("", "forbid (principal, action, resource) unless { principal.signed_in };", "do not fit their schema"),
    ],
)
def test_policies_that_do_not_fit_stop_the_start(more_schema: str, more_policies: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        CedarPolicy.shipped(NODE, more_schema=more_schema, more_policies=more_policies)


def test_a_policy_that_fails_while_it_is_evaluated_closes() -> None:
    # 9223372036854775807 is the largest number of Cedar; the validator does not see that one more overflows.
    overflow = "forbid (principal, action, resource) when { 9223372036854775807 + 1 == 0 };"
    policy = CedarPolicy.shipped(NODE, more_policies=overflow)
    with pytest.raises(DeniedError):
        policy.check(Caller(NODE, Role.CASEWORKER, "anna"), "/portability.api.cases.v1.ShareService/DecideShare")
