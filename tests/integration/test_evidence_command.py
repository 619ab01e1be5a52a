"""The commands of people: examine a node's database, export a case, verify the file with nothing else at hand."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg

from portability.api.exchange.v1 import exchange_pb2 as pb
from portability.api.exchange.v1 import exchange_pb2_grpc
from portability.app.node import Node
from portability.app.rpc.client import open_channel
from portability.services.access import Role
from portability.services.exchange.consumer import consume_once
from portability.services.exchange.relay import relay_once
from portability.services.log.running import log_once
from tests.integration.witnessed_nodes import open_nodes, prepare

PORTABILITY = Path(sys.executable).parent / "portability"
CASE = "01936e00-0000-7000-8000-00000000ca5e"
SECRET = b"what only the two institutions know"


def run(*arguments: object, **environment: object) -> subprocess.CompletedProcess[str]:
    variables = {f"PORTABILITY_{name.upper()}": str(value) for name, value in environment.items()}
    return subprocess.run(
        [str(PORTABILITY), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **variables},
    )


async def send_one(berlin: Node, rome: Node) -> None:
    port = await berlin.server.start()
    async with open_channel(f"localhost:{port}", berlin.tls.caller(Role.SYSTEM, "pensions")) as channel:
        await exchange_pb2_grpc.ExchangeServiceStub(channel).SubmitMessage(
            pb.SubmitMessageRequest(
                request_id=CASE,
                recipient="it-inps",
                case_id=CASE,
                type="record.note",
                schema_version=1,
                record=SECRET,
                purpose="administrative-cooperation",
            )
        )
    await relay_once(berlin.exchange)
    await consume_once(rome.exchange, rome.effects)
    await relay_once(rome.exchange)
    await consume_once(berlin.exchange, berlin.effects)
    signed = await log_once(berlin.log)
    assert signed is not None
    await berlin.log.witnesses.gather(signed)
    await berlin.server.stop(grace_seconds=0)


async def test_a_case_is_exported_verified_and_a_changed_database_is_found(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    await prepare(tmp_path)
    urls = {"de-drv": new_database(), "it-inps": new_database()}
    async with open_nodes(tmp_path, urls, new_database()) as (berlin, rome):
        await send_one(berlin, rome)
    node = {
        "institution": "de-drv",
        "data_folder": tmp_path / "de-drv",
        "directory_file": tmp_path / "de-drv" / "directory.bin",
        "database_url": urls["de-drv"],
    }
    file = tmp_path / "case.evidence"
    exported = run("evidence", "export", CASE, "--out", file, **node)
    assert exported.returncode == 0, exported.stderr
    assert SECRET not in file.read_bytes()
    root = tmp_path / "de-drv" / "root.bin"
    verified = run("evidence", "verify", file, "--root", root, "--witnesses", 1)
    assert verified.returncode == 0, verified.stderr
    assert re.search(r"de-drv sent it-inps message \S+ \(record.note\)", verified.stdout)
    assert "it-inps saw the same log" in verified.stdout
    assert "that it was delivered" in verified.stdout
    again = run("evidence", "export", CASE, "--out", file, **node)
    assert (again.returncode, "cannot be written" in again.stderr) == (1, True)
    file.write_bytes(file.read_bytes()[:-1] + b"\x00")
    assert run("evidence", "verify", file).returncode == 1

    whole = run("fsck", **node)
    assert (whole.returncode, whole.stdout.splitlines()[-1]) == (0, "Nothing is wrong."), whole.stdout + whole.stderr
    with psycopg.connect(urls["de-drv"]) as connection:
        connection.execute(
            "INSERT INTO workers (worker_id, contact, insurance_numbers, document) "
            "VALUES (%s, decode(repeat('00', 32), 'hex'), '{}', '')",
            (CASE,),
        )
        connection.execute(
            "INSERT INTO worker_notice_texts (text_id, worker_id, taken_at) VALUES (%s, %s, '2026-01-01')", (CASE, CASE)
        )
        connection.execute(
            "INSERT INTO stream_voids VALUES ('it-inps', 9000, %s, '', %s, 1, 'erased_before_sent', '2026-01-01')",
            (CASE, CASE),
        )
    untold = run("fsck", **node)
    assert untold.returncode == 0
    assert "Numbers of it-inps under which nothing will come, for it has erased what stood there: 1." in untold.stdout
    assert "Notices that reached nobody, as far as is known: 1 lost, 0 refused." in untold.stdout
    with psycopg.connect(urls["de-drv"]) as connection:
        connection.execute("UPDATE log_entries SET at_ms = at_ms + 1 WHERE position = 1")
        connection.execute("UPDATE outbox SET header = set_byte(header, 30, 0) WHERE stream_seq = 1")
    changed = run("fsck", **node)
    assert changed.returncode == 1
    assert "log_tiles level 0 number 0: its hash 1 is not that of log_entries position 1" in changed.stdout
    assert re.search(r"sent_bundles \S+: the headers in outbox do not give the root", changed.stdout)
