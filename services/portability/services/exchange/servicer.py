"""ExchangeService over gRPC: parse, call the use case in one transaction, map."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from portability.agreements.errors import DeniedError, InputError, NotFoundError
from portability.api.exchange.v1 import exchange_pb2 as pb
from portability.api.exchange.v1 import exchange_pb2_grpc
from portability.services.access import Role, current_caller
from portability.services.exchange.departures import Departures
from portability.services.exchange.gathering import GatheredSubmits
from portability.services.exchange.handlers import (
    get_message_status,
    list_messages,
    list_quarantined,
    no_such_message,
)
from portability.services.exchange.limits import USUAL, Limits
from portability.services.exchange.mapping.api import (
    entry_message,
    outgoing,
    parse_uuid,
    quarantined_message,
    submitted_message,
)
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.set_aside import QuarantineEntry
from portability.services.exchange.node import SILENT
from portability.services.exchange.ports.work import MessageEffects, UnitOfWork
from portability.services.exchange.ports.world import Clock, NewId, Observer, Recipients
from portability.services.exchange.quarantine import (
    Clerk,
    Released,
    no_such_entry,
    reject_quarantined,
    replay_quarantined,
    show_quarantined,
)
from portability.services.exchange.receipt_levels import ReceiptTimes
from portability.services.purposes import PURPOSES

__all__ = ["ExchangeServicer"]

DEFAULT_PAGE = 50
HiddenCases = Callable[[Sequence[UUID]], Awaitable[Collection[UUID]]]
"""Those of the cases whose person is protected."""
OWN_MESSAGES = frozenset(one.code for one in PURPOSES.values() if one.own_messages)
"""Purposes for which programs send messages of their own making."""


class ExchangeServicer(exchange_pb2_grpc.ExchangeServiceServicer):
    """Page tokens are the id of the last entry of a page.

    `reserved_types` are the message types that only use cases of this node send, after their own checks: a decision
    is sent by a named human's step in the case, never by a program that submits it. `hidden` picks the cases that
    only staff cleared for protected persons may see; to everybody else their messages are not there. With `departures`,
    what is submitted is sealed and sent at once where that may be; without, the relay sends it.
    """

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        *,
        me: InstitutionId,
        recipients: Recipients,
        clock: Clock,
        new_id: NewId,
        reserved_types: Collection[str],
        hidden: HiddenCases,
        effects: MessageEffects,
        receipt_times: ReceiptTimes,
        limits: Limits = USUAL,
        observer: Observer = SILENT,
        departures: Departures | None = None,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._me, self._clock, self._effects = me, clock, effects
        self._submits = GatheredSubmits(
            unit_of_work,
            me=me,
            recipients=recipients,
            clock=clock,
            limits=limits,
            observer=observer,
            departures=departures,
        )
        self._new_id = new_id
        self._reserved_types = reserved_types
        self._times = receipt_times
        self._hidden = hidden

    async def SubmitMessage(self, request: pb.SubmitMessageRequest, context: Any) -> pb.SubmitMessageResponse:
        message = outgoing(request, message_id=self._new_id())
        if message.purpose not in OWN_MESSAGES:
            raise InputError(
                f"Messages for '{message.purpose}' are sent by the steps of their case: choose one of "
                f"{', '.join(sorted(OWN_MESSAGES))}.",
                field="purpose",
            )
        if message.type in self._reserved_types:
            raise DeniedError("Messages of this type are sent by the steps of their case: use FlowService.")
        if await self._is_hidden(message.case_id):
            raise NotFoundError(f"There is no case {message.case_id} here: take an id from the list of cases.")
        return submitted_message(await self._submits.submit(message))

    async def GetMessageStatus(self, request: pb.GetMessageStatusRequest, context: Any) -> pb.GetMessageStatusResponse:
        message_id = parse_uuid(request.message_id, field="message_id")
        async with self._unit_of_work() as work:
            entry = await get_message_status(
                message_id, timeline=work.timeline, now=self._clock.now(), times=self._times
            )
        if await self._is_hidden(entry.case_id):
            raise no_such_message(message_id)
        return pb.GetMessageStatusResponse(message=entry_message(entry))

    async def ListMessages(self, request: pb.ListMessagesRequest, context: Any) -> pb.ListMessagesResponse:
        case_id = parse_uuid(request.case_id, field="case_id")
        limit = request.page_size or DEFAULT_PAGE
        if await self._is_hidden(case_id):
            return pb.ListMessagesResponse()
        async with self._unit_of_work() as work:
            page = await list_messages(
                case_id,
                timeline=work.timeline,
                now=self._clock.now(),
                times=self._times,
                after=_after(request.page_token),
                limit=limit,
            )
        token = str(page[-1].message_id) if len(page) == limit else ""
        return pb.ListMessagesResponse(messages=[entry_message(one) for one in page], next_page_token=token)

    async def ListQuarantined(self, request: pb.ListQuarantinedRequest, context: Any) -> pb.ListQuarantinedResponse:
        limit = request.page_size or DEFAULT_PAGE
        async with self._unit_of_work() as work:
            page = await list_quarantined(quarantine=work.quarantine, after=_after(request.page_token), limit=limit)
        token = str(page[-1].entry_id) if len(page) == limit else ""
        shown = await self._shown(page)
        return pb.ListQuarantinedResponse(entries=[quarantined_message(one) for one in shown], next_page_token=token)

    async def _is_hidden(self, case_id: UUID) -> bool:
        return case_id in await self._hidden([case_id]) and not current_caller().is_cleared

    async def _shown(self, entries: Sequence[QuarantineEntry]) -> Sequence[QuarantineEntry]:
        """What of entries the caller may see: of protected cases administrators see that something waits, not which."""
        cases = [one.case_id for one in entries if one.case_id is not None]
        hidden = await self._hidden(cases)
        if not hidden or current_caller().is_cleared:
            return entries
        if current_caller().role is Role.ADMINISTRATOR:
            return [replace(one, case_id=None) if one.case_id in hidden else one for one in entries]
        return [one for one in entries if one.case_id not in hidden]

    async def _of_caller(self, entry_id: UUID) -> UUID:
        """The id of an entry that the caller may see, or that is unknown. Raises NotFoundError for any other."""
        async with self._unit_of_work() as work:
            entry = await work.desk.find(entry_id)
        if entry is not None and not await self._shown([entry]):
            raise no_such_entry(entry_id)
        return entry_id

    async def ShowQuarantined(self, request: pb.ShowQuarantinedRequest, context: Any) -> pb.ShowQuarantinedResponse:
        entry_id = await self._of_caller(parse_uuid(request.entry_id, field="entry_id"))
        async with self._unit_of_work() as work:
            view = await show_quarantined(entry_id, work=work)
        (entry,) = await self._shown([view.entry])
        return pb.ShowQuarantinedResponse(
            entry=quarantined_message(entry), waiting=view.waiting, can_replay=view.can_replay
        )

    async def ReplayQuarantined(
        self, request: pb.ReplayQuarantinedRequest, context: Any
    ) -> pb.ReplayQuarantinedResponse:
        entry_id = await self._of_caller(parse_uuid(request.entry_id, field="entry_id"))
        async with self._unit_of_work() as work:
            released = await replay_quarantined(entry_id, work=work, clerk=self._clerk())
        return pb.ReplayQuarantinedResponse(**await self._released(released))

    async def RejectQuarantined(
        self, request: pb.RejectQuarantinedRequest, context: Any
    ) -> pb.RejectQuarantinedResponse:
        entry_id = await self._of_caller(parse_uuid(request.entry_id, field="entry_id"))
        async with self._unit_of_work() as work:
            released = await reject_quarantined(entry_id, reasons=request.reasons, work=work, clerk=self._clerk())
        return pb.RejectQuarantinedResponse(**await self._released(released))

    def _clerk(self) -> Clerk:
        return Clerk(current_caller().name, self._me, self._effects, self._new_id, self._clock.now())

    async def _released(self, released: Released) -> dict[str, Any]:
        (entry,) = await self._shown([released.entry])
        return {
            "entry": quarantined_message(entry),
            "took_effect": released.took_effect,
            "still_waiting": released.still_waiting,
        }


def _after(token: str) -> UUID | None:
    return parse_uuid(token, field="page_token") if token else None
