"""Nodes on PostgreSQL: whom one institution protects, the other hides from the next message on, accounts included."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.adapters.postgres.looks import PostgresProtected
from portability.api.cases.v1 import cases_pb2, shares_pb2, shares_pb2_grpc
from portability.api.privacy.v1 import privacy_pb2, privacy_pb2_grpc
from portability.api.records.v1 import records_pb2, records_pb2_grpc
from portability.app.demo.desks import lodge_claim, put_records, read_case
from portability.app.demo.nodes import DemoNode, demo_nodes
from portability.app.rpc.client import open_channel
from portability.services.access import Role

TODAY, AWARD_ON = date(2026, 11, 21), date(2026, 12, 1)


async def is_shown(desk: DemoNode, case_id: str) -> bool:
    try:
        await read_case(desk, case_id)
    except grpc.aio.AioRpcError as refused:
        assert refused.code() is grpc.StatusCode.NOT_FOUND
        return False
    return True


async def until(desk: DemoNode, case_id: str, *, shown: bool) -> None:
    async with asyncio.timeout(60):
        while await is_shown(desk, case_id) is not shown:  # noqa: ASYNC110 - the node's own task brings it
            await asyncio.sleep(0.1)


async def test_the_other_institution_hides_her_too(tmp_path: Path, postgres_server: EmbeddedServer) -> None:
    served = postgres_server.url_for("postgres")
    async with demo_nodes(tmp_path, kafka="", pages=False, database_url=served) as desks:
        rome, berlin = desks["it-inps"], desks["de-drv"]
        await put_records(rome, TODAY)
        await put_records(berlin, TODAY)
        case_id = await lodge_claim(rome, today=TODAY, award_on=AWARD_ON)
        await until(berlin, case_id, shown=True)
        target, tls = f"localhost:{rome.node.port}", rome.node.tls
        async with open_channel(target, tls.caller(Role.CLEARED_CASEWORKER, "vera")) as cleared:
            privacy: Any = privacy_pb2_grpc.PrivacyServiceStub(cleared)
            await privacy.ProtectPerson(
                privacy_pb2.ProtectPersonRequest(
                    request_id=str(time_ordered_id()), case_id=case_id, is_protected=True, reason="threatened"
                )
            )
            shares: Any = shares_pb2_grpc.ShareServiceStub(cleared)
            await shares.StateOwnRecords(
                shares_pb2.StateOwnRecordsRequest(
                    request_id=str(time_ordered_id()),
                    case_id=case_id,
                    answer=cases_pb2.RECORD_ANSWER_FROM_OWN_RECORDS,
                )
            )
        await until(berlin, case_id, shown=False)
        records: Any = records_pb2_grpc.RecordServiceStub(berlin.caseworker)
        account = records_pb2.FindRecordsRequest(account_id=berlin.institution.account.account_id)
        assert not (await records.FindRecords(account)).accounts
        async with berlin.node.database.transaction() as connection:
            assert await PostgresProtected(connection).among([UUID(case_id)]) == {UUID(case_id)}
