"""Cases over whole nodes: real PostgreSQL, the exchange between them, and one short script for a flow."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
from least import least

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.api.cases.v1 import flows_pb2 as pb
from portability.api.cases.v1 import flows_pb2_grpc
from portability.app.demo.nodes import DemoNode
from portability.services.flows.load import packaged_flows

PATIENCE_SECONDS = 60
LOOK_AGAIN_SECONDS = 0.1
FLOWS = {flow.number: flow for flow in packaged_flows().values()}
Line = tuple[str, str, Mapping[str, str]]
"""Who says what, and where the steps of the case stand at every institution afterwards."""


class JumpingClock:
    """The system's clock, put forward by hand."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return SystemClock().now().astimezone(UTC) + self._ahead

    def jump(self, by: timedelta) -> None:
        self._ahead += by


@dataclass
class Case:
    """One case, and the institutions that work on it."""

    number: str
    nodes: Mapping[str, DemoNode]
    roles: Mapping[str, str]
    case_id: str = ""
    said: dict[str, str] = field(default_factory=dict)  # the last document of each action

    async def say(
        self, who: str, action: str, *to: str, reply: str = "", about: str = "", content: bytes = b"", **more: Any
    ) -> None:
        """Open the case, or act in it, as a named caseworker; with no content given, the least there can be."""
        flow = FLOWS[self.number]
        content = content or least(flow.actions[action].type, purpose=flow.purpose, sender=who)
        if flow.actions[action].opens:
            parties = [pb.FlowParty(institution_id=one, role=role) for one, role in self.roles.items()]
            answer = await self.stub(who).StartCase(
                pb.StartCaseRequest(
                    request_id=str(time_ordered_id()),
                    flow_id=flow.flow,
                    action=action,
                    parties=parties,
                    content=content,
                )
            )
            self.case_id, self.said[action] = answer.case.case_id, answer.case.documents[-1].document_id
            return
        answer = await self.stub(who).Act(
            pb.ActRequest(
                request_id=str(time_ordered_id()),
                case_id=self.case_id,
                action=action,
                recipients=to,
                in_reply_to=self.said.get(reply, ""),
                about=self.said.get(about, ""),
                content=content,
                **more,
            )
        )
        self.said[action] = answer.document_id

    def stub(self, who: str) -> Any:
        return flows_pb2_grpc.FlowServiceStub(self.nodes[who].caseworker)

    async def seen_by(self, who: str) -> pb.FlowCase | None:
        """The case as an institution sees it; None where it has not arrived."""
        try:
            return (await self.stub(who).GetFlowCase(pb.GetFlowCaseRequest(case_id=self.case_id))).case
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return None
            raise

    async def until(self, expected: Mapping[str, str], *, at: Sequence[str] = ()) -> None:
        """Wait until these steps stand where they should, at each institution that has a node."""
        for who in at or [one for one in self.roles if one in self.nodes]:
            shown: dict[str, str] = {}
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while True:
                        case = await self.seen_by(who)
                        shown = {one.step_id.split("/")[0]: one.state for one in case.steps} if case else {}
                        shown |= {one.step_id: one.state for one in case.steps} if case else {}
                        if expected.items() <= shown.items():
                            break
                        await asyncio.sleep(LOOK_AGAIN_SECONDS)
            except TimeoutError:
                raise AssertionError(f"{who} sees {shown} and not {dict(expected)}") from None


async def play(
    number: str, nodes: Mapping[str, DemoNode], roles: Mapping[str, str], script: Sequence[Line], **replies: str
) -> Case:
    """Carry out a script; `replies` says which action answers the last one of which other."""
    case = Case(number, nodes, roles)
    for who, action, expected in script:
        await case.say(who, action, reply=replies.get(action, ""))
        await case.until(expected)
    return case
