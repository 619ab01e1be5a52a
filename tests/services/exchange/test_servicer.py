"""ExchangeService as an institution's own systems call it."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from exchange_world import CASE, World, message_to

from portability.agreements.errors import DeniedError, IdempotencyConflictError, InputError, NotFoundError
from portability.api.exchange.v1 import exchange_pb2 as pb
from portability.services.access import Caller, Role, acting_as
from portability.services.exchange.node import inbox_topic
from portability.services.exchange.receipt_levels import ReceiptTimes
from portability.services.exchange.servicer import ExchangeServicer

REQUEST = "0193a000-0000-7000-8000-0000000000{:02x}"


def request(number: int = 1, **changes: object) -> pb.SubmitMessageRequest:
    usual = {
        "request_id": REQUEST.format(number),
        "recipient": "it-inps",
        "case_id": str(CASE),
        "type": "record.note",
        "schema_version": 1,
        "record": b"periods",
        "purpose": "administrative-cooperation",
    }
    return pb.SubmitMessageRequest(**(usual | changes))


@pytest.fixture
def berlin(world: World):
    return world.node("de-drv")


@pytest.fixture
def servicer(world: World, berlin) -> ExchangeServicer:
    return ExchangeServicer(
        berlin.store.transaction,
        me="de-drv",
        recipients=world.trust,
        clock=world.clock,
        new_id=world.new_id,
        reserved_types={"decision.notify"},
        hidden=nothing,
        effects=berlin.ledger,
        receipt_times=ReceiptTimes(),
    )


async def nothing(case_ids: Sequence[UUID]) -> frozenset[UUID]:
    """No case of a protected person."""
    return frozenset()


async def test_a_submitted_message_can_be_followed_to_its_receipt(world: World, berlin, servicer) -> None:
    rome = world.node("it-inps")
    submitted = await servicer.SubmitMessage(request(in_reply_to=REQUEST.format(9)), None)
    assert (submitted.stream_seq, submitted.status) == (1, pb.MESSAGE_STATUS_SUBMITTED)
    assert await servicer.SubmitMessage(request(in_reply_to=REQUEST.format(9)), None) == submitted
    await berlin.relay()
    asked = pb.GetMessageStatusRequest(message_id=submitted.message_id)
    assert (await servicer.GetMessageStatus(asked, None)).message.status == pb.MESSAGE_STATUS_RELAYED
    await rome.consume()
    await rome.relay()
    await berlin.consume()
    entry = (await servicer.GetMessageStatus(asked, None)).message
    assert (entry.status, entry.partner, entry.direction) == (
        pb.MESSAGE_STATUS_DELIVERED,
        "it-inps",
        pb.MESSAGE_DIRECTION_SENT,
    )
    assert entry.HasField("settled_at")
    (received,) = rome.ledger.applied
    assert received.in_reply_to == UUID(REQUEST.format(9))


async def test_other_content_under_one_request_id_is_refused(servicer) -> None:
    await servicer.SubmitMessage(request(), None)
    with pytest.raises(IdempotencyConflictError):
        await servicer.SubmitMessage(request(record=b"other"), None)


async def test_what_only_a_step_of_a_case_may_send_cannot_be_submitted(berlin, servicer) -> None:
    with pytest.raises(DeniedError, match="are sent by the steps of their case"):
        await servicer.SubmitMessage(request(type="decision.notify"), None)
    assert await berlin.timeline() == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"case_id": "x"}, "case_id"), ({"request_id": ""}, "request_id"), ({"in_reply_to": "x" * 36}, "in_reply_to")],
)
async def test_an_id_that_is_none_is_refused_with_its_field(servicer, changes, field: str) -> None:
    with pytest.raises(InputError) as refused:
        await servicer.SubmitMessage(request(**changes), None)
    assert refused.value.field == field


async def test_messages_and_what_was_set_aside_come_in_pages(world: World, berlin, servicer) -> None:
    for number in range(1, 4):
        await servicer.SubmitMessage(request(number), None)
    page = await servicer.ListMessages(pb.ListMessagesRequest(case_id=str(CASE), page_size=2), None)
    assert len(page.messages) == 2
    rest = pb.ListMessagesRequest(case_id=str(CASE), page_size=2, page_token=page.next_page_token)
    last = await servicer.ListMessages(rest, None)
    assert (len(last.messages), last.next_page_token) == (1, "")
    await world.stream.append(inbox_topic("de-drv"), [(b"", b"junk"), (b"", b"more junk")])
    await berlin.consume()
    aside = await servicer.ListQuarantined(pb.ListQuarantinedRequest(page_size=1), None)
    assert [(one.reason_code, one.size_bytes) for one in aside.entries] == [("VERIFICATION_FAILED", 4)]
    more = await servicer.ListQuarantined(pb.ListQuarantinedRequest(page_token=aside.next_page_token), None)
    assert [one.size_bytes for one in more.entries] == [9]
    with pytest.raises(InputError):
        await servicer.ListQuarantined(pb.ListQuarantinedRequest(page_token="x"), None)


async def test_an_unknown_message_is_not_found(servicer) -> None:
    with pytest.raises(NotFoundError):
        await servicer.GetMessageStatus(pb.GetMessageStatusRequest(message_id=REQUEST.format(99)), None)


async def test_a_person_lets_a_parked_message_go_on_or_refuses_it(world: World, berlin, servicer) -> None:
    rome = world.node("it-inps")
    berlin.ledger.failing = lambda _: InputError("No such scheme.", field="scheme")
    for number in (1, 2):
        await rome.submit(message_to("de-drv", number))
    await rome.relay()
    await berlin.consume()
    (entry,) = (await servicer.ListQuarantined(pb.ListQuarantinedRequest(), None)).entries
    shown = await servicer.ShowQuarantined(pb.ShowQuarantinedRequest(entry_id=entry.entry_id), None)
    assert (shown.entry, shown.waiting, shown.can_replay) == (entry, 1, True)
    with acting_as(Caller("de-drv", Role.ADMINISTRATOR, "karl")):
        again = pb.ReplayQuarantinedRequest(request_id=REQUEST.format(1), entry_id=entry.entry_id)
        tried = await servicer.ReplayQuarantined(again, None)
        assert (tried.entry.state, tried.took_effect, tried.still_waiting) == (pb.QUARANTINE_STATE_OPEN, 0, 2)
        berlin.ledger.failing = lambda _: None
        refusal = pb.RejectQuarantinedRequest(request_id=REQUEST.format(2), entry_id=entry.entry_id, reasons=["closed"])
        refused = await servicer.RejectQuarantined(refusal, None)
    assert (refused.entry.state, refused.entry.closed_by) == (pb.QUARANTINE_STATE_REJECTED, "karl")
    assert (refused.took_effect, refused.still_waiting) == (1, 0)
