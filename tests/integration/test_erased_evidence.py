"""An erased case is still proven on both sides, without its content, and the list of erasures can be carried along."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from portability.adapters.postgres.documents import to_document
from portability.services.log.running import log_once
from portability.services.privacy.model import Erasure
from tests.integration.test_evidence_command import CASE, SECRET, run, send_one
from tests.integration.witnessed_nodes import open_nodes, prepare

ACT = Erasure(
    erasure_id=UUID("01936e00-0000-7000-8000-0000000000e1"),
    scopes=(UUID(CASE),),
    erased_at=datetime(2099, 1, 1, tzinfo=UTC),
    erased_by="karl",
    basis="Order 12 C 34/26",
    salt=bytes(32),
)


async def test_erased_on_both_sides_a_case_is_proven_without_its_content(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    await prepare(tmp_path)
    urls = {"de-drv": new_database(), "it-inps": new_database()}
    async with open_nodes(tmp_path, urls, new_database()) as (berlin, rome):
        await send_one(berlin, rome)
        assert await log_once(rome.log) is not None
    acts = tmp_path / "acts"
    acts.write_text(json.dumps(to_document(ACT)) + "\n")
    for name, url in urls.items():
        node = {
            "institution": name,
            "data_folder": tmp_path / name,
            "directory_file": tmp_path / name / "directory.bin",
            "database_url": url,
        }
        before, after = tmp_path / f"{name}.before", tmp_path / f"{name}.after"
        told = run("evidence", "export", CASE, "--out", before, "--with-records", **node)
        assert told.returncode == 0, told.stderr
        assert SECRET in before.read_bytes()
        replayed = run("privacy", "erasures", "replay", acts, **node)
        assert replayed.stdout.startswith("1 acts of erasure carried out; 1 keys"), replayed.stdout + replayed.stderr
        told = run("evidence", "export", CASE, "--out", after, "--with-records", **node)
        assert told.returncode == 0, told.stderr
        assert SECRET not in after.read_bytes()
        # What was exported before, and what is exported now, both stand: a file is not the node's any more.
        for file in (before, after):
            verified = run("evidence", "verify", file, "--root", tmp_path / name / "root.bin")
            assert verified.returncode == 0, verified.stdout + verified.stderr
            assert "record.note" in verified.stdout
        listed = tmp_path / f"{name}.acts"
        assert run("privacy", "erasures", "--out", listed, **node).returncode == 0
        assert json.loads(listed.read_text()) == to_document(ACT)
        again = run("privacy", "erasures", "replay", listed, **node)
        assert again.stdout.startswith("1 acts of erasure carried out; 0 keys"), again.stdout + again.stderr
        assert run("privacy", "erasures", "replay", after, **node).returncode == 1
