"""The server of a node in a process of its own, to be attacked from outside: the real gate, policy, limits and log.

`python -m tests.attacks.victim FOLDER` serves until its standard input ends. It prints its port and, whenever a line
comes in, how many calls have reached a handler.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from portability.adapters.access.cedar import CedarPolicy
from portability.adapters.access.own_forbids import OwnForbids, only_forbids
from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.api.records.v1 import records_pb2
from portability.app.logging import configure_logging
from portability.app.metrics import NodeMetrics
from portability.app.rpc.allowance import CallRates
from portability.app.rpc.credentials import NodeTls
from portability.app.rpc.identity import CallerFinder, NoSessions
from portability.app.rpc.interceptor import CallGate
from portability.app.rpc.observer import NodeObserver
from portability.app.rpc.server import NodeServer, RpcService

NODE = "de-drv"
SERVICE = "attacked.v1.AttackedService"
ANYBODY = "appliesTo { principal: [Caseworker, System, Administrator, Peer, Worker], resource: [Node] };"
SCHEMA = f"""
action "{SERVICE}/Put", "{SERVICE}/Ping" in ["work on cases"] {ANYBODY}
action "{SERVICE}/Watch" in ["read the directory"] {ANYBODY}
"""
RATES = CallRates(others=200.0)


@dataclass
class Handlers:
    """Counts what has come through."""

    reached: int = 0

    async def answer(self, request: Any, context: Any) -> Any:
        self.reached += 1
        return records_pb2.PutRecordsResponse()

    async def watch(self, request: Any, context: Any) -> AsyncIterator[Any]:
        self.reached += 1
        while True:
            yield records_pb2.PutRecordsResponse()
            await asyncio.sleep(0.05)

    def add_to(self, server: grpc.aio.Server) -> None:
        coding = {
            "request_deserializer": records_pb2.PutRecordsRequest.FromString,
            "response_serializer": records_pb2.PutRecordsResponse.SerializeToString,
        }
        handlers = {
            "Put": grpc.unary_unary_rpc_method_handler(self.answer, **coding),
            # Without field rules, for whoever only asks how quick the server is.
            "Ping": grpc.unary_unary_rpc_method_handler(
                self.answer,
                request_deserializer=records_pb2.PutRecordsResponse.FromString,
                response_serializer=records_pb2.PutRecordsResponse.SerializeToString,
            ),
            "Watch": grpc.unary_stream_rpc_method_handler(
                self.watch,
                request_deserializer=records_pb2.PutRecordsResponse.FromString,
                response_serializer=records_pb2.PutRecordsResponse.SerializeToString,
            ),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))


class Silent:
    """Nothing about the policy file is counted here."""

    def own_policies_read(self) -> None:
        pass

    def own_policies_refused(self, error: Exception) -> None:
        pass


async def serve(folder: Path) -> None:
    """Serve until standard input ends."""
    handlers = Handlers()
    policy = OwnForbids(
        folder / "access.cedar",
        lambda own: CedarPolicy.shipped(NODE, more_schema=SCHEMA, more_policies=only_forbids(own)),
        observer=Silent(),
    )
    gate = CallGate(
        callers=CallerFinder(NoSessions()),
        policy=policy,
        observer=NodeObserver(NodeMetrics(), node=NODE),
        new_id=time_ordered_id,
        rates=RATES,
    )
    tls = NodeTls(folder / "tls", NODE, hosts=("localhost",), clock=SystemClock())
    service = RpcService(SERVICE, lambda servicer, server: servicer.add_to(server), handlers)
    server = NodeServer("localhost:0", credentials=tls.server_credentials(), gate=gate, services=(service,))
    print(await server.start(), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(handlers.reached, flush=True)
    await server.stop(grace_seconds=0)


def main() -> None:
    folder = Path(sys.argv[1])
    with (folder / "log").open("w") as log:
        configure_logging(stream=log)
        asyncio.run(serve(folder))


if __name__ == "__main__":
    main()
