"""Whose a case is, said over gRPC on a running node: she sees it then among her own."""

from datetime import date
from pathlib import Path
from typing import Any

import grpc
import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.api.workers.v1 import linking_pb2 as pb
from portability.api.workers.v1 import linking_pb2_grpc, workers_pb2, workers_pb2_grpc
from portability.app.demo.desks import lodge_claim
from portability.app.demo.nodes import demo_nodes
from portability.app.demo.run import enrol, sign_in
from portability.app.demo.story import WORKER
from portability.app.rpc.client import open_channel
from portability.services.access import Role

NODE = "it-inps"
TODAY = date(2026, 11, 21)


async def test_a_second_case_becomes_hers_by_either_way_of_naming_her(
    tmp_path: Path, postgres_server: EmbeddedServer
) -> None:
    url = postgres_server.url_for("postgres")
    async with demo_nodes(tmp_path, kafka="", pages=False, database_url=url, only=NODE) as nodes:
        desk = nodes[NODE]
        first, second, third = [await lodge_claim(desk, today=TODAY, award_on=date(2026, 12, 1)) for _ in range(3)]
        await enrol(desk, first)
        stub: Any = linking_pb2_grpc.WorkerDeskServiceStub(desk.caseworker)
        named = pb.LinkCaseRequest(request_id=str(time_ordered_id()), case_id=second, same_as_case_id=first)
        await stub.LinkCase(named)
        wrong = pb.WorkerOnFile(contact=WORKER.phone, insurance_number="NOBODY1")
        on_file = pb.LinkCaseRequest(request_id=str(time_ordered_id()), case_id=third, on_file=wrong)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.LinkCase(on_file)
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND
        on_file.on_file.insurance_number = desk.institution.account.number[1]
        await stub.LinkCase(on_file)
        program: Any = linking_pb2_grpc.WorkerDeskServiceStub(desk.system)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await program.LinkCase(named)
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED

        session = (("authorization", f"Bearer {(await sign_in(desk)).token}"),)
        files = desk.node.tls.caller(Role.WORKER, "page")
        async with open_channel(f"localhost:{desk.node.port}", files) as channel:
            mine: Any = workers_pb2_grpc.WorkerServiceStub(channel)
            listed = await mine.ListMyCases(workers_pb2.ListMyCasesRequest(), metadata=session)
            assert {one.case_id for one in listed.cases} == {first, second, third}

            # Another contact: whoever is signed in is not any more, and the one from before is to be told.
            changed = pb.ChangeContactRequest(request_id=str(time_ordered_id()), on_file=on_file.on_file)
            changed.new_contact = "rosa.new@example.org"
            await stub.ChangeContact(changed)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await mine.ListMyCases(workers_pb2.ListMyCasesRequest(), metadata=session)
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        async with desk.node.database.transaction(acting="node") as connection:
            found = await connection.execute("SELECT kind FROM worker_notices WHERE kind = 'contact'")
            assert len(await found.fetchall()) == 1
