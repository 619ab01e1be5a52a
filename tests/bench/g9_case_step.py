"""G9: one step of a case beside one look at it, both by gRPC on a running node of three.

The step is StartCase of flow F4: who may say it, fields and profile checked, the case kept, its message numbered and
sealed in the outbox, all durable before the answer; the exchange carries it on meanwhile, in the same process. The look
is GetFlowCase, which is noted as every look of staff is. Calls come one after the other; rounds are interleaved.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from portability.adapters.clock.ids import time_ordered_id
from portability.api.cases.v1 import flows_pb2 as pb
from portability.api.cases.v1 import flows_pb2_grpc
from portability.api.common.v1.common_pb2 import InstitutionReference
from portability.api.records.v1 import messages_pb2 as pb_records
from portability.app.demo.nodes import demo_nodes
from portability.app.logging import configure_logging

ROUNDS = 5
CALLS = 40
HERE, THERE = "it-inps", "de-drv"


def run() -> list[dict[str, Any]]:
    """Milliseconds of a step beside those of a look."""
    with tempfile.TemporaryDirectory(prefix="portability-g9-") as folder, Path(folder, "log").open("w") as log:
        configure_logging(stream=log)
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[dict[str, Any]]:
    async with demo_nodes(folder, kafka="", pages=False) as nodes:
        stub: Any = flows_pb2_grpc.FlowServiceStub(nodes[HERE].caseworker)
        case_id = (await stub.StartCase(_opening())).case.case_id

        async def step() -> None:
            await stub.StartCase(_opening())

        async def look() -> None:
            await stub.GetFlowCase(pb.GetFlowCaseRequest(case_id=case_id))

        steps, looks = [], []
        for number in range(ROUNDS + 1):
            pair = [await _milliseconds(step), await _milliseconds(look)]
            if number:  # the first round warms
                steps.append(pair[0])
                looks.append(pair[1])
    return [
        {
            "name": "g9_case_step",
            "value": round(statistics.median(steps), 2),
            "unit": "ms",
            "baseline": round(statistics.median(looks), 2),
            "ratio": round(statistics.median(mine / base for mine, base in zip(steps, looks, strict=True)), 2),
        }
    ]


async def _milliseconds(call: Callable[[], Awaitable[None]]) -> float:
    """The median of some calls."""
    taken = []
    for _ in range(CALLS):
        began = time.perf_counter()
        await call()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def _opening() -> pb.StartCaseRequest:
    return pb.StartCaseRequest(
        request_id=str(time_ordered_id()),
        flow_id="record_request",
        action="ask",
        parties=[
            pb.FlowParty(institution_id=HERE, role="requesting_institution"),
            pb.FlowParty(institution_id=THERE, role="asked_institution"),
        ],
        content=_question(),
    )


def _question() -> bytes:
    """Which periods there are."""
    request = pb_records.RecordRequest(
        record_request_id=str(time_ordered_id()),
        case_id=str(time_ordered_id()),
        asked_by=InstitutionReference(institution_id=HERE),
        asked_of=InstitutionReference(institution_id=THERE),
    )
    request.asked_at.GetCurrentTime()
    request.questions.add(code=pb_records.QUESTION_CODE_PERIODS)
    return request.SerializeToString()
