"""One node of the demo in a process of its own, for measuring it from outside: `python -m tests.bench.one_node`."""

import asyncio
import sys
import tempfile
from pathlib import Path

from portability.app.demo.nodes import demo_nodes
from portability.app.demo.story import INSTITUTIONS


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="node-") as folder:
        async with demo_nodes(Path(folder), kafka="", pages=True, only=INSTITUTIONS[0].institution_id):
            print("ready", flush=True)
            await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(main())
