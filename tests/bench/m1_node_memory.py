"""Memory of one node at rest: gRPC, relay, consumer and the worker's page, beside a bare grpc.aio server."""

import subprocess
import sys
from typing import Any

from tests.bench.processes import resident_mebibytes

BARE = (
    "import asyncio, grpc, sys\n"
    "async def main():\n"
    "    server = grpc.aio.server()\n"
    "    server.add_insecure_port('127.0.0.1:0')\n"
    "    await server.start()\n"
    "    print('ready', flush=True)\n"
    "    await asyncio.to_thread(sys.stdin.readline)\n"
    "    await server.stop(0)\n"
    "asyncio.run(main())\n"
)
PAIRS = 5


def run() -> list[dict[str, Any]]:
    """MiB resident after start, the median of five starts of each, in turn; PostgreSQL itself is not counted."""
    nodes, bare = [], []
    for _ in range(PAIRS):
        nodes.append(_resident([sys.executable, "-m", "tests.bench.one_node"]))
        bare.append(_resident([sys.executable, "-c", BARE]))
    value, baseline = sorted(nodes)[PAIRS // 2], sorted(bare)[PAIRS // 2]
    ratio = sorted(node / base for node, base in zip(nodes, bare, strict=True))[PAIRS // 2]
    return [
        {
            "name": "m1_node_at_rest",
            "value": round(value, 1),
            "unit": "MiB",
            "baseline": round(baseline, 1),
            "ratio": round(ratio, 2),
        }
    ]


def _resident(command: list[str]) -> float:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"{command[:3]} did not start")
        found = resident_mebibytes(process.pid)
        try:
            process.communicate("\n", timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
    return found
