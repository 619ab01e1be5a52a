"""RecordService, ReviewService and ImportService over gRPC: parse, call the use case, map; errors become statuses."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any
from uuid import UUID

from portability.agreements.errors import InputError
from portability.api.records.v1 import imports_pb2 as pb_imports
from portability.api.records.v1 import imports_pb2_grpc, records_pb2_grpc, reviews_pb2_grpc
from portability.api.records.v1 import records_pb2 as pb
from portability.api.records.v1 import reviews_pb2 as pb_reviews
from portability.services.access import current_caller
from portability.services.looking import read_by_staff
from portability.services.mapping.common import read_date, read_identifier, read_instant, read_uuid, write_career
from portability.services.purposes import PENSION_CLAIM
from portability.services.records.career_mapping.statements import read_enter, write_known_career
from portability.services.records.entering import enter_statement
from portability.services.records.handlers import find_records, get_career, left_of, no_career, put_records
from portability.services.records.importing import open_import, take_batch
from portability.services.records.imports import ImportBatch, ImportOpening, joined
from portability.services.records.mapping.importing import read_batch, read_opening, write_answer, write_refused
from portability.services.records.mapping.register import read_person, read_put_records, write_match
from portability.services.records.mapping.reviews import read_settle, write_review
from portability.services.records.ports import Clock, ImportUnitOfWork, RecordWork, UnitOfWork
from portability.services.records.reviewing import settle_review

__all__ = ["ImportServicer", "RecordServicer", "ReviewServicer"]

REFUSED_IN_ONE_ANSWER = 500
REVIEWS_AT_ONCE = 100
REQUESTS_AHEAD = 4
"""Requests of an import that are read while others are stored; more of them in one transaction save nothing."""


class RecordServicer(records_pb2_grpc.RecordServiceServicer):
    """`unit_of_work` opens the transaction of one call."""

    def __init__(self, *, unit_of_work: UnitOfWork, clock: Clock, new_id: Callable[[], UUID]) -> None:
        self._unit_of_work = unit_of_work
        self._clock = clock
        self._new_id = new_id

    async def PutRecords(self, request: pb.PutRecordsRequest, context: Any) -> pb.PutRecordsResponse:
        command = read_put_records(request)
        async with self._unit_of_work() as work:
            stored = await put_records(command, register=work.register, commands=work.commands, clock=self._clock)
        return pb.PutRecordsResponse(stored_accounts=stored)

    async def FindRecords(self, request: pb.FindRecordsRequest, context: Any) -> pb.FindRecordsResponse:
        async with self._unit_of_work() as work:
            found = await find_records(
                register=work.register,
                people=work.people,
                person=read_person(request.person) if request.HasField("person") else None,
                identifiers=[read_identifier(each) for each in request.identifiers],
                birth_date=read_date(request, "birth_date", field="birth_date"),
                account_id=request.account_id,
            )
            scopes = {work.scopes.scope_of(account.account_id): account for account in found.accounts}
            shown = await self._read(tuple(scopes), work)
        return write_match(left_of(found, tuple(account for scope, account in scopes.items() if scope in shown)))

    async def GetCareer(self, request: pb.GetCareerRequest, context: Any) -> pb.GetCareerResponse:
        case_id = read_uuid(request.case_id, field="case_id")
        at = self._clock.now()
        if request.HasField("as_known_at"):
            at = read_instant(request, "as_known_at", field="as_known_at")
        async with self._unit_of_work() as work:
            shown = await self._read((case_id,), work)
            if not shown:
                raise no_career(case_id)
            countries, careers = await get_career(case_id, careers=work.careers, facts=work.facts, at=at)
        return pb.GetCareerResponse(
            countries=[write_career(each) for each in countries],
            careers=[write_known_career(each) for each in careers],
        )

    async def EnterStatement(self, request: pb.EnterStatementRequest, context: Any) -> pb.EnterStatementResponse:
        command = read_enter(request)
        async with self._unit_of_work() as work:
            if not await self._read((command.case_id,), work):
                raise no_career(command.case_id)
            entered = await enter_statement(command, caller=current_caller(), work=work, clock=self._clock)
        return pb.EnterStatementResponse(
            counted_periods=entered.counted,
            not_counted=[
                pb.PeriodNotCounted(period_id=one.period_id, reason=one.reason) for one in entered.not_counted
            ],
            totals_differ=entered.totals_differ,
        )

    async def _read(self, scopes: Sequence[UUID], work: RecordWork) -> frozenset[UUID]:
        return await read_by_staff(
            scopes,
            caller=current_caller(),
            work=work,
            new_id=self._new_id,
            at=self._clock.now(),
            purpose=PENSION_CLAIM.code,
        )


class ReviewServicer(reviews_pb2_grpc.ReviewServiceServicer):
    """`unit_of_work` opens the transaction of one call."""

    def __init__(self, *, unit_of_work: UnitOfWork, clock: Clock, new_id: Callable[[], UUID]) -> None:
        self._unit_of_work = unit_of_work
        self._clock = clock
        self._new_id = new_id

    async def ListReviews(self, request: pb_reviews.ListReviewsRequest, context: Any) -> pb_reviews.ListReviewsResponse:
        async with self._unit_of_work() as work:
            if request.case_id:
                case_id = read_uuid(request.case_id, field="case_id")
                await self._require_shown(case_id, work)
                return pb_reviews.ListReviewsResponse(
                    reviews=[write_review(one) for one in await work.reviews.of_case(case_id)]
                )
            found = await work.reviews.waiting(limit=request.limit or REVIEWS_AT_ONCE)
            shown = await self._read(list(dict.fromkeys(one.case_id for one in found)), work)
        return pb_reviews.ListReviewsResponse(reviews=[write_review(one) for one in found if one.case_id in shown])

    async def SettleReview(
        self, request: pb_reviews.SettleReviewRequest, context: Any
    ) -> pb_reviews.SettleReviewResponse:
        command = read_settle(request)
        async with self._unit_of_work() as work:
            await self._require_shown(command.case_id, work)
            settled = await settle_review(command, caller=current_caller(), work=work, clock=self._clock)
        return pb_reviews.SettleReviewResponse(review=write_review(settled))

    async def _require_shown(self, case_id: UUID, work: RecordWork) -> None:
        """Raise NotFoundError, in the same words, for a case that is hidden from the caller and for one not here."""
        if not await self._read([case_id], work) or not await work.careers.of_case(case_id):
            raise no_career(case_id)

    async def _read(self, case_ids: list[UUID], work: RecordWork) -> frozenset[UUID]:
        return await read_by_staff(
            case_ids,
            caller=current_caller(),
            work=work,
            new_id=self._new_id,
            at=self._clock.now(),
            purpose=PENSION_CLAIM.code,
        )


class ImportServicer(imports_pb2_grpc.ImportServiceServicer):
    """Requests are read and checked while those before them are stored; what has arrived by then is stored together.

    `unit_of_work` acts for the node: an import takes in also what is of protected persons, and reads nothing back.
    """

    def __init__(self, *, unit_of_work: ImportUnitOfWork, clock: Clock) -> None:
        self._unit_of_work = unit_of_work
        self._clock = clock

    async def ImportRecords(
        self, requests: AsyncIterator[pb_imports.ImportRecordsRequest], context: Any
    ) -> AsyncIterator[pb_imports.ImportRecordsResponse]:
        first = await anext(requests, None)
        if first is None:
            raise InputError("The stream is empty: open an import first.", field="opening")
        opening = read_opening(first)
        async for answer in self._opened(opening):
            yield answer
        arrived: asyncio.Queue[ImportBatch | None] = asyncio.Queue(REQUESTS_AHEAD)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read(requests, arrived))
                async for batches in _together(arrived):
                    for answer in await self._take(opening, batches):
                        yield answer
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from errors

    async def _read(
        self, requests: AsyncIterator[pb_imports.ImportRecordsRequest], arrived: asyncio.Queue[ImportBatch | None]
    ) -> None:
        async for request in requests:
            await arrived.put(read_batch(request, today=self._clock.now().date()))
        await arrived.put(None)

    async def _opened(self, opening: ImportOpening) -> AsyncIterator[pb_imports.ImportRecordsResponse]:
        """How far the import is, and what was refused of it before."""
        after, ready = 0, False
        while not ready:
            async with self._unit_of_work() as work:
                known = await open_import(opening, work=work)
                refused = await work.imports.refused(known, after=after, limit=REFUSED_IN_ONE_ANSWER)
            ready = len(refused) < REFUSED_IN_ONE_ANSWER
            yield pb_imports.ImportRecordsResponse(
                held_up_to=known.held_up_to, refused=[write_refused(each) for each in refused], ready=ready
            )
            after = refused[-1].item if refused else after

    async def _take(
        self, opening: ImportOpening, batches: Sequence[ImportBatch]
    ) -> Sequence[pb_imports.ImportRecordsResponse]:
        async with self._unit_of_work() as work:
            answer = await take_batch(opening, joined(batches), work=work)
        return [write_answer(answer.of(batch)) for batch in batches]


async def _together(arrived: asyncio.Queue[ImportBatch | None]) -> AsyncIterator[Sequence[ImportBatch]]:
    """What has arrived, as far as it follows without a gap."""
    batches: list[ImportBatch] = []
    while batch := await arrived.get():
        if batches and batch.first_item != batches[-1].last_item + 1:
            yield batches
            batches = []
        batches.append(batch)
        if arrived.empty():
            yield batches
            batches = []
    if batches:
        yield batches
