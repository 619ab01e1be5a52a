"""CorrespondenceService over gRPC: parse, call the use case, map. Errors become statuses in the RPC layer."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from datetime import tzinfo
from typing import Any

from portability.api.workers.v1 import correspondence_pb2 as pb
from portability.api.workers.v1 import correspondence_pb2_grpc
from portability.services.access import current_caller
from portability.services.workers.correspondence.model import Letter, Told, place_of, token_of
from portability.services.workers.correspondence.story import said_entry
from portability.services.workers.correspondence.use_cases import PAGE, CorrespondenceUseCases
from portability.services.workers.mapping import institution_message, timestamp
from portability.services.workers.servicer import signed_in_worker
from portability.services.workers.words import Words, words_for

__all__ = ["CorrespondenceServicer"]


class CorrespondenceServicer(correspondence_pb2_grpc.CorrespondenceServiceServicer):
    """`zone` is where the institution is: the day of an instant is a day of its calendar."""

    def __init__(self, use_cases: CorrespondenceUseCases, *, zone: tzinfo) -> None:
        self._use_cases = use_cases
        self._zone = zone

    async def ListMyMessages(self, request: pb.ListMyMessagesRequest, context: Any) -> pb.ListMyMessagesResponse:
        worker_id = signed_in_worker(current_caller())
        words = words_for([request.language], zone=self._zone)
        page = await self._use_cases.list_my_messages(
            worker_id, before=place_of(request.page_token), limit=request.page_size or PAGE
        )
        return pb.ListMyMessagesResponse(
            messages=[_message(one, words) for one in page.entries],
            next_page_token=token_of(page.older),
        )


def _message(entry: Told | Letter, words: Words) -> pb.MyMessage:
    said = said_entry(entry)
    return pb.MyMessage(
        message_id=str(entry.place[1]),
        at=timestamp(said.at),
        text=[words.say(phrase) for phrase in (said.who, said.what, said.state) if phrase],
        told=_told(entry) if isinstance(entry, Told) else None,
        between=_between(entry, words) if isinstance(entry, Letter) else None,
    )


def _told(told: Told) -> pb.ToldToMe:
    return pb.ToldToMe(
        kind=told.kind,
        state=told.state.value,
        channel=told.channel,
        sent_at=timestamp(told.sent_at) if told.sent_at else None,
        case_id=str(told.about.case_id) if told.about else "",
        matter=told.about is not None and told.about.is_matter,
        reference=told.about.reference if told.about else "",
    )


def _between(letter: Letter, words: Words) -> pb.BetweenInstitutions:
    return pb.BetweenInstitutions(
        case_id=str(letter.about.case_id),
        matter=letter.about.is_matter,
        reference=letter.about.reference,
        title=words.text(letter.about.title),
        sender=institution_message(letter.sender),
        recipient=institution_message(letter.recipient),
        type=letter.type,
        sent=letter.sent,
        state=letter.state.value,
        arrived_at=timestamp(letter.arrived_at) if letter.arrived_at else None,
        opened_at=timestamp(letter.opened_at) if letter.opened_at else None,
    )
