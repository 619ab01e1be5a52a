"""Memory of two nodes' exchange while messages pass: at rest, when warm, and after many; it must not grow.

50,000 messages by default; a million take minutes: `PORTABILITY_BENCH_MESSAGES=1000000 python -m tests.bench m2`.
The ratio is the memory at the end beside that after the first fifth, when everything has been used once.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import uvloop

from portability.adapters.postgres.embedded import EmbeddedServer, start_embedded
from tests.bench.g1_exchange import Door, databases, exchange_a_second
from tests.bench.processes import resident_mebibytes
from tests.brokers import BrokerInUse, start_test_broker
from tests.integration.pair import NodeProcess, Pair

MESSAGES = int(os.environ.get("PORTABILITY_BENCH_MESSAGES", "50000"))
STEPS = max(10, MESSAGES // 10_000)  # few enough at once that a busy machine has their receipts within a minute
WARM = STEPS // 5 - 1


def run() -> list[dict[str, Any]]:
    """MiB of the sender's and of the recipient's process, and of the one at the sender that takes messages on."""
    folder = Path(tempfile.mkdtemp(prefix="portability-m2-"))
    server = start_embedded(folder / "pg")
    broker = start_test_broker()
    try:
        return uvloop.run(_measure(folder, server, broker))
    finally:
        broker.stop()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _measure(folder: Path, server: EmbeddedServer, broker: BrokerInUse) -> list[dict[str, Any]]:
    stream = f"kafka:{broker.bootstrap}"
    pair = await Pair.prepare(folder, databases(server), stream, create_topics=broker.has_admin, has_effects=False)
    nodes = {"sender": pair.sender, "recipient": pair.recipient}
    door = await Door.open(pair)
    try:
        for node in nodes.values():
            await node.start()
        at_rest = _resident(nodes)
        after = []
        for _ in range(STEPS):
            await exchange_a_second(pair, door, MESSAGES // STEPS)
            after.append(_resident(nodes))
    finally:
        await door.close()
        await pair.close()
    return [
        {
            "name": f"m2_{name}_memory_after_{MESSAGES}_messages",
            "value": round(after[-1][name], 1),
            "unit": "MiB",
            "baseline": round(after[WARM][name], 1),
            "ratio": round(after[-1][name] / after[WARM][name], 3),
            "at_rest": round(at_rest[name], 1),
        }
        for name in at_rest
    ]


def _resident(nodes: dict[str, NodeProcess]) -> dict[str, float]:
    """Of the two nodes' processes, and of this one, where the sender takes messages on and seals them."""
    found = {name: resident_mebibytes(node.pid) for name, node in nodes.items()}
    return found | {"door": resident_mebibytes(os.getpid())}
