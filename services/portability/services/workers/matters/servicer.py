"""MatterService over gRPC: parse, call the use case, map. Errors become statuses in the RPC layer."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from datetime import date, tzinfo
from typing import Any

from portability.api.workers.v1 import matters_pb2 as pb
from portability.api.workers.v1 import matters_pb2_grpc
from portability.services.access import current_caller
from portability.services.mapping.common import read_uuid
from portability.services.workers.mapping import (
    date_message,
    institution_message,
    legal_reference,
    seen_message,
    timestamp,
)
from portability.services.workers.matters.model import MatterView
from portability.services.workers.matters.story import (
    SaidMatterStep,
    is_late,
    said_matter_steps,
    then_phrases,
    title_phrase,
    waits_phrase,
    you_can,
)
from portability.services.workers.matters.use_cases import MatterUseCases
from portability.services.workers.ports import Clock
from portability.services.workers.servicer import signed_in_worker
from portability.services.workers.words import Words, words_for

__all__ = ["MatterServicer"]


class MatterServicer(matters_pb2_grpc.MatterServiceServicer):
    """`zone` is where the institution is: "today" is a day of its calendar."""

    def __init__(self, use_cases: MatterUseCases, *, clock: Clock, zone: tzinfo) -> None:
        self._use_cases = use_cases
        self._clock = clock
        self._zone = zone

    async def ListMyMatters(self, request: pb.ListMyMattersRequest, context: Any) -> pb.ListMyMattersResponse:
        matters = await self._use_cases.list_my_matters(signed_in_worker(current_caller()))
        words = words_for([request.language], zone=self._zone)
        return pb.ListMyMattersResponse(matters=[_matter(one, words=words, today=self._today()) for one in matters])

    async def GetMyMatter(self, request: pb.GetMyMatterRequest, context: Any) -> pb.GetMyMatterResponse:
        worker_id = signed_in_worker(current_caller())
        matter = await self._use_cases.get_my_matter(worker_id, read_uuid(request.case_id, field="case_id"))
        words, today = words_for([request.language], zone=self._zone), self._today()
        return pb.GetMyMatterResponse(
            matter=_matter(matter, words=words, today=today),
            then=[words.say(phrase) for phrase in then_phrases(matter)],
            you_can=[words.say(phrase) for phrase in you_can(matter, today=today)],
            seen_by=[seen_message(seen, words=words) for seen in matter.seen_by],
        )

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()


def _matter(matter: MatterView, *, words: Words, today: date) -> pb.MyMatter:
    return pb.MyMatter(
        case_id=str(matter.case_id),
        reference=matter.reference,
        kind=matter.kind,
        title=words.say(title_phrase(matter)),
        waits=words.say(waits_phrase(matter)),
        open=matter.is_open,
        late=is_late(matter, today=today),
        begun_by=institution_message(matter.begun_by),
        begun_at=timestamp(matter.begun_at),
        steps=[_step(said, words=words) for said in said_matter_steps(matter, today=today)],
    )


def _step(said: SaidMatterStep, *, words: Words) -> pb.MyMatterStep:
    due = said.step.due
    return pb.MyMatterStep(
        holder=institution_message(said.step.holder),
        state=said.step.holder.state,
        task=said.step.task.value,
        since=timestamp(said.step.since),
        due_by_law_on=date_message(due.by_law_on) if due else None,
        expected_on=date_message(due.expected_on) if due else None,
        due_reference=legal_reference(due.citation) if due else None,
        late=said.late,
        text=words.say(said.what),
        due_text=words.say(said.due),
    )
