"""RepairService over gRPC: parse, call the use case in one transaction, map."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any
from uuid import UUID

from portability.api.exchange.v1 import repair_service_pb2 as pb
from portability.api.exchange.v1 import repair_service_pb2_grpc
from portability.services.access import Role, current_caller
from portability.services.exchange.giving_up import ask_for_missing, give_up, no_such_lane
from portability.services.exchange.mapping.api import parse_uuid
from portability.services.exchange.mapping.reconciliations import (
    place_token,
    read_listing,
    read_settling,
    reconciliation_message,
)
from portability.services.exchange.mapping.waiting import (
    lane_after,
    lane_token,
    numbers,
    numbers_message,
    waiting_message,
)
from portability.services.exchange.model.messages import InstitutionId, Lane
from portability.services.exchange.ports.work import MessageEffects, UnitOfWork
from portability.services.exchange.ports.world import Clock, NewId
from portability.services.exchange.quarantine import Clerk
from portability.services.exchange.settling import settle_differences

__all__ = ["RepairServicer"]

DEFAULT_PAGE = 50


class RepairServicer(repair_service_pb2_grpc.RepairServiceServicer):
    """What waits for what has not come, and what the daily comparisons came to.

    `hidden` picks the cases that only staff cleared for protected persons may see.
    """

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        *,
        me: InstitutionId,
        clock: Clock,
        new_id: NewId,
        hidden: Callable[[Sequence[UUID]], Awaitable[Collection[UUID]]],
        effects: MessageEffects,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._me, self._clock, self._new_id, self._effects = me, clock, new_id, effects
        self._hidden = hidden

    async def ListWaitingLanes(self, request: pb.ListWaitingLanesRequest, context: Any) -> pb.ListWaitingLanesResponse:
        limit = request.page_size or DEFAULT_PAGE
        async with self._unit_of_work() as work:
            page = await work.lanes_waiting.page(after=lane_after(request.page_token), limit=limit)
        hidden = await self._hidden_from_caller([one.lane[1] for one in page])
        # Administrators see that something waits in a protected case, not in which.
        is_kept = current_caller().role is Role.ADMINISTRATOR
        shown = [(one, one.lane[1] not in hidden) for one in page]
        return pb.ListWaitingLanesResponse(
            lanes=[waiting_message(one, is_shown=is_shown) for one, is_shown in shown if is_shown or is_kept],
            next_page_token=lane_token(page[-1].lane) if len(page) == limit else "",
        )

    async def ListReconciliations(
        self, request: pb.ListReconciliationsRequest, context: Any
    ) -> pb.ListReconciliationsResponse:
        limit = request.page_size or DEFAULT_PAGE
        wanted, after = read_listing(request)
        async with self._unit_of_work() as work:
            page = await work.reconciliation_report.page(wanted, after=after, limit=limit)
        settled = [each.settled for one in page for each in one.findings if each.settled]
        hidden = await self._hidden_from_caller([one.case_id for one in settled if one.case_id])
        return pb.ListReconciliationsResponse(
            reconciliations=[reconciliation_message(one, hidden=hidden) for one in page],
            next_page_token=place_token(page[-1].place) if len(page) == limit else "",
        )

    async def SettleDifferences(
        self, request: pb.SettleDifferencesRequest, context: Any
    ) -> pb.SettleDifferencesResponse:
        asked = read_settling(request, by=current_caller().name, at=self._clock.now())
        async with self._unit_of_work() as work:
            settled = await settle_differences(asked, work=work, new_id=self._new_id)
        return pb.SettleDifferencesResponse(settled=settled)

    async def AskForMissing(self, request: pb.AskForMissingRequest, context: Any) -> pb.AskForMissingResponse:
        lane = await self._lane(request)
        async with self._unit_of_work() as work:
            missing, asked = await ask_for_missing(lane, work=work, clerk=self._clerk())
        return pb.AskForMissingResponse(missing=numbers_message(missing), asked=asked)

    async def GiveUpMissing(self, request: pb.GiveUpMissingRequest, context: Any) -> pb.GiveUpMissingResponse:
        lane, missing = await self._lane(request), numbers(request.missing)
        async with self._unit_of_work() as work:
            released = await give_up(lane, missing, reasons=request.reasons, work=work, clerk=self._clerk())
        return pb.GiveUpMissingResponse(
            entry_id=str(released.entry.entry_id),
            took_effect=released.took_effect,
            still_waiting=released.still_waiting,
        )

    async def _lane(self, request: pb.AskForMissingRequest | pb.GiveUpMissingRequest) -> Lane:
        """The lane that a request names. Raises NotFoundError where the caller may not see its case."""
        case_id = parse_uuid(request.case_id, field="case_id")
        if await self._hidden_from_caller([case_id]):
            raise no_such_lane(case_id)
        return request.sender, case_id

    async def _hidden_from_caller(self, cases: Sequence[UUID]) -> Collection[UUID]:
        return () if current_caller().is_cleared else await self._hidden(cases)

    def _clerk(self) -> Clerk:
        return Clerk(current_caller().name, self._me, self._effects, self._new_id, self._clock.now())
