"""The nodes of the demo cosign each other's logs."""

import asyncio
from pathlib import Path

from portability.adapters.postgres.database import Database
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.app.demo.nodes import demo_nodes


async def test_each_log_of_the_demo_is_cosigned_by_the_other_two(
    tmp_path: Path, postgres_server: EmbeddedServer
) -> None:
    url = postgres_server.url_for("witnessed_demo")
    async with demo_nodes(tmp_path, kafka="", pages=False, database_url=url) as desks, asyncio.timeout(240):
        for name, desk in desks.items():
            while await witnesses(desk.node.database) != set(desks) - {name}:  # noqa: ASYNC110 - the node's own task asks
                await asyncio.sleep(0.2)


async def witnesses(database: Database) -> set[str]:
    async with database.transaction() as connection:
        found = await connection.execute("SELECT DISTINCT witness FROM log_cosignatures")
        return {row[0] for row in await found.fetchall()}
