"""Messages go from node to node over memory: delivered once, receipted, resent, and set aside where they are bad."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from exchange_world import CASE, NOON, World, message_to
from portability.agreements.errors import (
    CaseStateError,
    GatewayError,
    IdempotencyConflictError,
    InputError,
    NotFoundError,
    OverloadError,
)
from portability.services.exchange.handlers import get_message_status, list_messages, list_quarantined
from portability.services.exchange.model import ReceiptStatus
from portability.services.exchange.node import inbox_topic


async def test_a_message_arrives_has_its_effect_once_and_its_receipt_comes_back(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    message = message_to("it-inps", agreement_id="eu-883-2004", agreement_sha256="ab" * 32)
    submitted = await berlin.submit(message)
    assert (submitted.stream_seq, submitted.status) == (1, ReceiptStatus.SUBMITTED)
    assert await berlin.relay() == 1
    (entry,) = await berlin.timeline()
    assert entry.status is ReceiptStatus.RELAYED
    assert await rome.consume() == 1
    (received,) = rome.ledger.applied
    assert (received.record, received.sender, received.case_id) == (message.record, "de-drv", CASE)
    assert (received.agreement_id, received.agreement_sha256) == ("eu-883-2004", "ab" * 32)
    assert await rome.relay() == 1
    assert await berlin.consume() == 1
    (entry,) = await berlin.timeline()
    assert (entry.status, entry.settled_at) == (ReceiptStatus.DELIVERED, NOON)
    # Nothing is left to send: a receipt is not receipted, and what is receipted is not resent.
    world.clock.advance(timedelta(days=1))
    assert (await berlin.relay(), await rome.relay()) == (0, 0)
