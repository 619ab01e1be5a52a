"""The command line as people use it: as a process, with its exit codes and its streams."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from portability.adapters.access.cedar import CedarPolicy
from portability.adapters.access.own_forbids import only_forbids
from portability.agreements.errors import DeniedError
from portability.services.access import Caller, Role

PORTABILITY = str(Path(sys.executable).with_name("portability"))


def portability(*arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PORTABILITY_")}
    named = {f"PORTABILITY_{name}": value for name, value in variables.items()}
    return subprocess.run(
        [PORTABILITY, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**environment, "PORTABILITY_DATA_FOLDER": str(folder), **named},
    )


def test_help_takes_a_third_of_a_second(tmp_path: Path) -> None:
    times = []
    for _ in range(3):
        before = cpu_seconds_of_children()
        shown = portability("--help", folder=tmp_path)
        times.append(cpu_seconds_of_children() - before)
        assert shown.returncode == 0
    for command in ("serve", "demo", "doctor", "agreements", "version"):
        assert command in shown.stdout
    # CPU time, and the best of three, because others use this machine too.
    assert min(times) < 0.33, times


def cpu_seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_version_is_printed(tmp_path: Path) -> None:
    shown = portability("version", folder=tmp_path)
    assert shown.returncode == 0
    assert shown.stdout.strip()[0].isdigit()


def test_serve_without_an_institution_stops_with_one_clear_line(tmp_path: Path) -> None:
    refused = portability("serve", folder=tmp_path)
    assert refused.returncode == 1
    assert refused.stderr == (
        "portability: PORTABILITY_INSTITUTION is not set: name the institution of this node, for example de-drv.\n"
    )


@pytest.mark.parametrize("command", ["serve", "doctor"])
def test_a_wrong_setting_stops_with_one_clear_line(tmp_path: Path, command: str) -> None:
    refused = portability(command, folder=tmp_path, ROLE="relais")
    assert refused.returncode == 1
    assert refused.stderr == (
        "portability: PORTABILITY_ROLE is 'relais': Input should be 'all', 'rpc', 'relay' or 'consumer'.\n"
    )


def test_doctor_exits_with_1_when_something_required_is_missing(tmp_path: Path) -> None:
    found = portability("doctor", folder=tmp_path, INSTITUTION="de-drv")
    assert found.returncode == 1
    assert "missing  Node" in found.stdout
    assert "PORTABILITY_DIRECTORY_FILE" in found.stdout


def test_doctor_is_content_with_a_fresh_machine(tmp_path: Path) -> None:
    found = portability("doctor", folder=tmp_path)
    assert found.returncode == 0, found.stdout
    assert found.stdout.splitlines()[-1] == "Nothing that is required is missing."


def test_a_certificate_is_issued_and_its_use_is_shown(tmp_path: Path) -> None:
    issued = portability("tls", "issue", "caseworker", "anna", folder=tmp_path, INSTITUTION="de-drv")
    assert issued.returncode == 0, issued.stderr
    assert (tmp_path / "tls" / "callers" / "caseworker-anna.key").stat().st_mode & 0o777 == 0o600
    assert "buf curl --protocol grpc --cacert" in issued.stdout


def test_an_unknown_role_is_answered_with_the_roles_there_are(tmp_path: Path) -> None:
    refused = portability("tls", "issue", "boss", "anna", folder=tmp_path, INSTITUTION="de-drv")
    assert refused.returncode == 1
    assert refused.stderr == (
        "portability: There is no role 'boss': choose one of caseworker, cleared-caseworker, system, administrator, "
        "peer, worker.\n"
    )


def test_settings_lists_every_variable(tmp_path: Path) -> None:
    shown = portability("settings", folder=tmp_path)
    assert "PORTABILITY_DATABASE_URL" in shown.stdout


def test_a_revoked_caller_stands_in_the_institutions_own_policies(tmp_path: Path) -> None:
    for arguments in (["system", "pension-system"], ["peer", "node-1", "--peer-institution", "it-inps"]):
        done = portability("tls", "revoke", *arguments, folder=tmp_path, INSTITUTION="de-drv")
        assert done.returncode == 0, done.stderr
    written = (tmp_path / "access.cedar").read_text()
    assert 'forbid (principal == System::"de-drv/pension-system", action, resource);' in written
    assert 'forbid (principal == Peer::"it-inps/node-1", action, resource);' in written
    policy = CedarPolicy.shipped("de-drv", more_policies=only_forbids(written))
    with pytest.raises(DeniedError, match="has been revoked"):
        policy.check(Caller("de-drv", Role.SYSTEM, "pension-system"), "/grpc.health.v1.Health/Check")
    policy.check(Caller("de-drv", Role.SYSTEM, "another"), "/grpc.health.v1.Health/Check")


@pytest.mark.parametrize(
    "arguments", [["director", "anna"], ["system", 'x"); permit (principal, action, resource'], ["peer", "A"]]
)
def test_what_is_no_caller_is_not_revoked(tmp_path: Path, arguments: list[str]) -> None:
    refused = portability("tls", "revoke", *arguments, folder=tmp_path, INSTITUTION="de-drv")
    assert refused.returncode == 1
    assert refused.stderr.startswith("portability: ")
    assert not (tmp_path / "access.cedar").exists()
