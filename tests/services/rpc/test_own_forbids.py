"""What an institution forbids at its own node: at once, never more than a forbid, and never lost by a bad file."""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portability.adapters.access.cedar import CedarPolicy
from portability.adapters.access.own_forbids import OwnForbids, forbid_caller, only_forbids
from portability.agreements.errors import DeniedError, InputError
from portability.services.access import AccessPolicy, Caller, Role

NODE = "de-drv"
ANNA, KARL = Caller(NODE, Role.CASEWORKER, "anna"), Caller(NODE, Role.CASEWORKER, "karl")
RPC = "/portability.api.cases.v1.ShareService/GetShare"
AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@dataclass
class Told:
    """Keeps what it is told; and the time, moved by hand."""

    seconds: float = 0.0
    heard: list[str] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    def own_policies_read(self) -> None:
        self.heard.append("read")

    def own_policies_refused(self, error: InputError) -> None:
        self.heard.append(error.message)


def build(own: str) -> AccessPolicy:
    return CedarPolicy.shipped(NODE, more_policies=only_forbids(own))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "access.cedar"


def test_without_a_file_the_shipped_sentences_hold(path: Path) -> None:
    OwnForbids(path, build, observer=Told()).check(ANNA, RPC)


def test_a_revoked_caller_is_refused_within_a_second_and_nobody_else(path: Path) -> None:
    told = Told()
    policy = OwnForbids(path, build, observer=told, now=told.now)
    policy.check(ANNA, RPC)
    forbid_caller(path, Role.CASEWORKER, NODE, "anna", at=AT)
    told.seconds = 1.0
    with pytest.raises(DeniedError, match="has been revoked"):
        policy.check(ANNA, RPC)
    policy.check(KARL, RPC)
    policy.check(Caller(NODE, Role.SYSTEM, "anna"), RPC)
    assert told.heard == ["read"]


def test_revocations_add_up_and_hold_after_a_restart(path: Path) -> None:
    forbid_caller(path, Role.CASEWORKER, NODE, "anna", at=AT)
    forbid_caller(path, Role.PEER, "it-inps", "node-1", at=AT)
    policy = OwnForbids(path, build, observer=Told())
    for caller in (ANNA, Caller("it-inps", Role.PEER, "node-1")):
        with pytest.raises(DeniedError, match="has been revoked"):
            policy.check(caller, "/grpc.health.v1.Health/Check")
    policy.check(Caller("it-inps", Role.PEER, "node-2"), "/grpc.health.v1.Health/Check")


@pytest.mark.parametrize(
    "text",
    [
        "permit (principal, action, resource);",
        "forbid (principal, action, resource); permit (principal, action, resource);",
        "permit (principal == ?principal, action, resource);",
        "forbid (principal, action",
        "forbid (principal is Director, action, resource);",
        "\x00",
    ],
)
def test_a_file_that_opens_something_or_cannot_be_read_changes_nothing(path: Path, text: str) -> None:
    told = Told()
    forbid_caller(path, Role.CASEWORKER, NODE, "anna", at=AT)
    policy = OwnForbids(path, build, observer=told, now=told.now)
    path.write_text(text)
    os.utime(path, ns=(1, 1))  # another instant, however coarse the clock of the file system
    told.seconds = 1.0
    with pytest.raises(DeniedError, match="has been revoked"):
        policy.check(ANNA, RPC)
    with pytest.raises(DeniedError):
        policy.check(Caller(NODE, Role.ADMINISTRATOR, "mallory"), RPC)
    policy.check(KARL, RPC)
    assert len(told.heard) == 1
    with pytest.raises(InputError):
        OwnForbids(path, build, observer=Told())


def test_a_peer_that_the_directory_no_longer_lists_is_refused_at_once() -> None:
    listed = {"it-inps"}
    policy = CedarPolicy.shipped(NODE, listed=listed.__contains__)
    peer = Caller("it-inps", Role.PEER, "node-1")
    read = "/portability.api.registry.v1.RegistryService/GetDirectory"
    policy.check(peer, read)
    listed.clear()
    with pytest.raises(DeniedError, match="does not list the institution"):
        policy.check(peer, read)
