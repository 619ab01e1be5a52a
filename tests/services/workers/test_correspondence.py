"""Her messages: notices and letters in one list, page by page, in plain words; nobody reads another's."""

from typing import Any
from uuid import UUID

import grpc
import pytest

from portability.agreements.errors import InputError
from portability.api.workers.v1 import correspondence_pb2 as pb
from portability.api.workers.v1 import correspondence_pb2_grpc
from portability.services.cases.mapping.kinds import CATALOGUE
from portability.services.notices.model import Kind, Outcome
from portability.services.workers.correspondence.model import LetterState, Subject, ToldState, place_of, token_of
from portability.services.workers.correspondence.servicer import CorrespondenceServicer
from portability.services.workers.words import languages, words_for
from tests.services.workers.door import served, session_of


def test_every_type_of_message_is_about_something() -> None:
    assert [kind for kind in CATALOGUE if Subject.of(kind) is Subject.OTHER] == []
    assert {Subject.of(kind) for kind in CATALOGUE} == set(Subject) - {Subject.OTHER}
    assert Subject.of("national.batch") is Subject.OTHER
    # A beginning is a whole word of the type, and the longest one counts.
    assert Subject.of("claim.info.request") is Subject.QUESTION
    assert Subject.of("claim.info.supplement") is Subject.ANSWER
    assert Subject.of("claimant.new") is Subject.OTHER


@pytest.mark.parametrize("language", languages())
def test_every_subject_and_notice_has_its_words(language: str) -> None:
    words = words_for([language])
    assert len({words.text(f"letter.{one}") for one in Subject}) == len(Subject)
    assert len({words.text(f"notice.{one}") for one in Kind}) == len(Kind)
    assert all(words.text(f"told.{one}") for one in ToldState if one is not ToldState.SENT)


def test_what_became_of_a_text_is_told_as_the_notices_know_it() -> None:
    assert {one.value for one in ToldState} == {one.value for one in Outcome} | {"waiting"}


async def test_notices_and_letters_are_one_list_and_its_pages_are_the_whole(desk: Any, samples: Any) -> None:
    whole = await desk.correspondence.list_my_messages(samples.WORKER)
    assert whole.older is None
    assert [one.place[0].day for one in whole.entries] == [19, 18, 10, 5, 9, 2]
    for size in (1, 2, 3, 5):
        found, before = [], None
        while True:
            page = await desk.correspondence.list_my_messages(samples.WORKER, before=before, limit=size)
            assert len(page.entries) <= size
            found += page.entries
            before = page.older
            if before is None:
                break
            assert place_of(token_of(before)) == before
        assert tuple(found) == whole.entries


@pytest.mark.parametrize("token", ["x", "_", f"2026-11-20_{UUID(int=1)}", f"2026-11-20T10:00:00_{UUID(int=1)}", "a_b"])
def test_a_token_that_is_none_of_ours_is_refused(token: str) -> None:
    with pytest.raises(InputError):
        place_of(token)


async def test_her_channel_reads_them_in_plain_words_and_no_others(desk: Any, samples: Any) -> None:
    servicer = CorrespondenceServicer(desk.correspondence, zone=samples.NOW.tzinfo)
    add = correspondence_pb2_grpc.add_CorrespondenceServiceServicer_to_server
    async with served(desk, servicer, add=add, stub=correspondence_pb2_grpc.CorrespondenceServiceStub) as stub:
        session = await session_of(desk, samples.PHONE)
        answer = await stub.ListMyMessages(pb.ListMyMessagesRequest(language="en", page_size=4), metadata=session)
        assert [list(one.text) for one in answer.messages] == [
            ["An answer for you is late.", "We will tell you by text or e-mail."],
            ["INPS wrote to Service Canada:", "a question about the time you were insured.", "It is still on its way."],
            ["Somebody has looked at your case.", "We do not know if it reached you."],
            ["There is a decision for you.", "Sent to your phone on 5 November 2026."],
        ]
        assert [one.WhichOneof("said") for one in answer.messages] == ["told", "between", "told", "told"]
        assert answer.messages[3].told.channel == "phone"
        assert (answer.messages[3].told.case_id, answer.messages[3].told.reference) == ("", "")
        assert answer.messages[0].told.case_id == str(samples.CASE)
        assert answer.messages[0].told.reference == samples.ABOUT.reference
        rest = await stub.ListMyMessages(
            pb.ListMyMessagesRequest(page_token=answer.next_page_token, language="en"), metadata=session
        )
        assert [one.between.state for one in rest.messages] == [LetterState.ARRIVED, LetterState.OPENED]
        assert rest.messages[1].text[2] == "It was opened on 4 September 2026."
        assert {one.between.case_id for one in rest.messages} == {str(samples.CASE)}
        assert rest.next_page_token == ""

        others = await session_of(desk, "other@example.org")
        mine = (await stub.ListMyMessages(pb.ListMyMessagesRequest(), metadata=others)).messages
        assert [one.text[-2] for one in mine] == ["Something new has begun for you.", "you take your claim back."]
        for metadata, request in ((), pb.ListMyMessagesRequest()), (session, pb.ListMyMessagesRequest(page_token="x")):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.ListMyMessages(request, metadata=metadata)
            assert refused.value.code() in {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.INVALID_ARGUMENT}
