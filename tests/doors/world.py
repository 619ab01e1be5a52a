"""A node's import door served in this process over mTLS, on a real database, and the command line beside it."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from portability.adapters.access.cedar import CedarPolicy
from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.records_store import PostgresRegister
from portability.agreements.careers import InsuranceAccount
from portability.api.records.v1 import imports_pb2 as pb
from portability.api.records.v1 import imports_pb2_grpc
from portability.app.metrics import NodeMetrics
from portability.app.rpc.credentials import NodeTls
from portability.app.rpc.identity import CallerFinder, NoSessions
from portability.app.rpc.interceptor import CallGate
from portability.app.rpc.observer import NodeObserver
from portability.app.rpc.server import NodeServer, RpcService
from portability.app.rpc_services import import_unit_of_work
from portability.services.records.servicer import ImportServicer
from tests.at_rest import at_rest_on

__all__ = ["Door", "import_door"]

NODE = "de-drv"
SERVICE = pb.DESCRIPTOR.services_by_name["ImportService"].full_name


@dataclass
class Door:
    """Where the node listens, and its register."""

    folder: Path
    port: int
    database: Database
    at_rest: AtRest

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`portability` with these arguments, as the institution's own."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PORTABILITY_")},
            "PORTABILITY_INSTITUTION": NODE,
            "PORTABILITY_DATA_FOLDER": str(self.folder),
            "PORTABILITY_LISTEN": f"localhost:{self.port}",
        }
        command = [str(Path(sys.executable).with_name("portability")), *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)

    async def account(self, account_id: str) -> InsuranceAccount | None:
        async with self.database.transaction() as connection:
            return await PostgresRegister(connection, self.at_rest).get(account_id)

    async def count(self) -> int:
        """Periods that were imported."""
        async with self.database.transaction() as connection:
            row = await (await connection.execute("SELECT count(*) FROM account_periods")).fetchone()
        return int(row[0]) if row else 0


@asynccontextmanager
async def import_door(folder: Path, url: str) -> AsyncIterator[Door]:
    """Serve until the end of the block."""
    plain = await Database.open(url)
    fenced = await Database.open(url, fenced=True)
    at_rest = await at_rest_on(plain)
    tls = NodeTls(folder / "tls", NODE, hosts=("localhost",), clock=SystemClock())
    gate = CallGate(
        callers=CallerFinder(NoSessions()),
        policy=CedarPolicy.shipped(NODE),
        observer=NodeObserver(NodeMetrics(), node=NODE),
        new_id=time_ordered_id,
    )
    servicer = ImportServicer(unit_of_work=import_unit_of_work(fenced, at_rest), clock=SystemClock())
    services = (RpcService(SERVICE, imports_pb2_grpc.add_ImportServiceServicer_to_server, servicer),)
    server = NodeServer("localhost:0", credentials=tls.server_credentials(), gate=gate, services=services)
    port = await server.start()
    try:
        yield Door(folder, port, plain, at_rest)
    finally:
        await server.stop(grace_seconds=0)
        await fenced.close()
        await plain.close()
