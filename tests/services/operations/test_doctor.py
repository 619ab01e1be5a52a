"""The doctor says what is missing and what to do about it, and asks the real thing."""

import socket
from pathlib import Path

import pytest

from portability.app import doctor
from portability.app.settings import Settings, load_settings


def settings(folder: Path, **variables: str) -> Settings:
    named = {f"PORTABILITY_{name}": value for name, value in variables.items()}
    return load_settings({"PORTABILITY_DATA_FOLDER": str(folder), **named})


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_every_check_passes_or_says_the_next_step(tmp_path: Path) -> None:
    findings = await doctor.examine(settings(tmp_path))
    names = [finding.name for finding in findings]
    assert names[:5] == ["Python", "Protobuf", "Cryptography", "Data folder", "PostgreSQL"]
    assert [finding for finding in findings if finding.required and not finding.ok] == []
    assert [finding.name for finding in findings if not finding.ok and not finding.next_step] == []


async def test_the_embedded_postgresql_is_really_started(tmp_path: Path) -> None:
    finding = await doctor.check_database(settings(tmp_path))
    assert finding.ok
    assert finding.what == "18, embedded, starts in a temporary folder"


async def test_a_served_postgresql_that_does_not_answer_is_missing(tmp_path: Path) -> None:
    url = f"postgresql://node:geheim@127.0.0.1:{unused_port()}/node"
    finding = await doctor.check_database(settings(tmp_path, DATABASE_URL=url))
    assert not finding.ok
    assert finding.required
    assert "PORTABILITY_DATABASE_URL" in finding.next_step
    assert "geheim" not in f"{finding}"


async def test_brokers_that_do_not_answer_are_missing(tmp_path: Path) -> None:
    finding = await doctor.check_kafka(settings(tmp_path, KAFKA=f"127.0.0.1:{unused_port()}"))
    assert not finding.ok
    assert "PORTABILITY_KAFKA" in finding.next_step


async def test_without_brokers_nothing_is_missing(tmp_path: Path) -> None:
    assert (await doctor.check_kafka(settings(tmp_path))).ok


async def test_a_data_folder_that_cannot_be_written_is_missing() -> None:
    finding = await doctor.check_data_folder(settings(Path("/proc/portability")))
    assert not finding.ok
    assert "PORTABILITY_DATA_FOLDER" in finding.next_step


async def test_without_java_only_a_kafka_of_ones_own_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    finding = await doctor.check_java(settings(tmp_path))
    assert not finding.ok
    assert not finding.required


async def test_a_node_without_a_signed_directory_is_told_where_it_belongs(tmp_path: Path) -> None:
    finding = await doctor.check_node(settings(tmp_path, INSTITUTION="de-drv"))
    assert not finding.ok
    assert finding.required
    assert str(tmp_path / "directory.bin") in finding.what
