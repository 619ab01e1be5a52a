"""`portability privacy` against a real node: what it prints, and what the node refuses."""

import asyncio
import os
import sys
from datetime import date
from pathlib import Path

from portability.adapters.postgres.embedded import EmbeddedServer
from portability.app.demo.desks import lodge_claim
from portability.app.demo.nodes import demo_nodes

PORTABILITY = Path(sys.executable).parent / "portability"
NODE = "it-inps"


async def test_a_case_is_held_shown_and_protected_and_an_open_one_is_not_erased(
    tmp_path: Path, postgres_server: EmbeddedServer
) -> None:
    url = postgres_server.url_for("postgres")
    async with demo_nodes(tmp_path, kafka="", pages=False, database_url=url, only=NODE) as nodes:
        desk = nodes[NODE]
        case = await lodge_claim(desk, today=date(2026, 11, 21), award_on=date(2026, 12, 1))
        environment = {
            **os.environ,
            "PORTABILITY_INSTITUTION": NODE,
            "PORTABILITY_DATA_FOLDER": str(desk.node.settings.data_folder),
            "PORTABILITY_LISTEN": f"127.0.0.1:{desk.node.port}",
        }

        async def run(*arguments: str) -> tuple[int, str]:
            started = await asyncio.create_subprocess_exec(
                str(PORTABILITY),
                "privacy",
                *arguments,
                "--as",
                "karl",
                env=environment,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            told, _ = await asyncio.wait_for(started.communicate(), 60)
            return started.returncode or 0, told.decode()

        code, held = await run("hold", case, "Order 12 C 34/26")
        assert (code, held.split()[0]) == (0, "held")
        code, shown = await run("show", case)
        assert code == 0
        assert "10 years after it was closed (Regulation (EU) 2016/679 Art. 5(1)(e)" in shown
        assert "Order 12 C 34/26" in shown
        assert "pension-claim" in shown  # whoever lodged it has looked
        assert (await run("protect", case, "threatened")) == (0, "protected\n")
        code, refused = await run("erase", case)
        assert code == 1
        assert "legal hold" in refused
        assert (await run("release", held.split()[1], "judgment final")) == (0, "released\n")
        code, refused = await run("erase", case)
        assert code == 1
        assert "is open" in refused or "no receipt yet" in refused
