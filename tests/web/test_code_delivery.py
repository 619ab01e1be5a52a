"""One-time codes on their way: at once for the asker, tried again behind, never logged."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from portability.adapters.workers.code_delivery import OutboxFileGateway, QueuedCodeSender
from portability.agreements.errors import GatewayError
from portability.services.workers.model import CodeDelivery, parse_contact
from portability.services.workers.words import languages


class Gateway:
    """Fails as often as it is told to."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.attempts = 0
        self.delivered: list[CodeDelivery] = []

    async def deliver(self, delivery: CodeDelivery) -> None:
        self.attempts += 1
        if self.failures:
            raise self.failures.pop(0)
        self.delivered.append(delivery)


@pytest.fixture
def delivery(samples: Any) -> CodeDelivery:
    return CodeDelivery(parse_contact("+39 333 1234567"), "012345", "en", samples.NOW + timedelta(minutes=10))


@asynccontextmanager
async def running(sender: QueuedCodeSender) -> AsyncIterator[None]:
    task = asyncio.create_task(sender.run())
    try:
        yield
        async with asyncio.timeout(5):
            await sender.drain()
    finally:
        task.cancel()


def sender_of(gateway: Gateway, samples: Any, **more: Any) -> tuple[QueuedCodeSender, list[float]]:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    return QueuedCodeSender(gateway, clock=samples.StoppedClock(), sleep=sleep, **more), pauses


async def test_send_returns_before_anything_is_delivered(delivery: CodeDelivery, samples: Any) -> None:
    gateway = Gateway()
    sender, _ = sender_of(gateway, samples)
    await sender.send(delivery)
    assert gateway.attempts == 0
    async with running(sender):
        pass
    assert gateway.delivered == [delivery]


async def test_a_gateway_that_fails_for_a_moment_is_asked_again(delivery: CodeDelivery, samples: Any) -> None:
    gateway = Gateway(GatewayError("busy", retryable=True), TimeoutError())
    sender, pauses = sender_of(gateway, samples)
    async with running(sender):
        await sender.send(delivery)
    assert gateway.delivered == [delivery]
    assert pauses == [1.0, 5.0]


async def test_after_three_failures_the_next_code_still_goes_out(delivery: CodeDelivery, samples: Any) -> None:
    gateway = Gateway(*(GatewayError("down", retryable=True) for _ in range(3)))
    sender, _ = sender_of(gateway, samples)
    following = replace(delivery, code="543210")
    async with running(sender):
        await sender.send(delivery)
        await sender.send(following)
    assert gateway.attempts == 4
    assert gateway.delivered == [following]


async def test_a_final_refusal_is_not_tried_again(delivery: CodeDelivery, samples: Any) -> None:
    gateway = Gateway(GatewayError("no such number", retryable=False))
    sender, pauses = sender_of(gateway, samples)
    async with running(sender):
        await sender.send(delivery)
    assert (gateway.attempts, pauses) == (1, [])


async def test_a_code_that_is_over_is_not_sent(delivery: CodeDelivery, samples: Any) -> None:
    gateway = Gateway()
    sender, _ = sender_of(gateway, samples)
    async with running(sender):
        await sender.send(replace(delivery, expires_at=samples.NOW))
    assert gateway.attempts == 0


async def test_a_full_queue_drops_the_code_and_the_asker_learns_nothing(delivery: CodeDelivery, samples: Any) -> None:
    gateway = Gateway()
    sender, _ = sender_of(gateway, samples, length=1)
    with structlog.testing.capture_logs() as logs:
        await sender.send(delivery)
        await sender.send(replace(delivery, code="999999"))
    assert [entry["event"] for entry in logs] == ["sign_in_code_dropped"]
    async with running(sender):
        pass
    assert gateway.delivered == [delivery]


async def test_no_log_line_holds_a_code_or_a_contact(delivery: CodeDelivery, samples: Any) -> None:
    gateway = Gateway(*(GatewayError(f"cannot reach {delivery.contact.value}", retryable=True) for _ in range(3)))
    sender, _ = sender_of(gateway, samples)
    with structlog.testing.capture_logs() as logs:
        async with running(sender):
            await sender.send(delivery)
            await sender.send(replace(delivery, expires_at=samples.NOW))
    assert len(logs) == 4
    assert delivery.code not in repr(logs)
    assert "3331234567" not in repr(logs)


@pytest.mark.parametrize("language", languages())
async def test_the_outbox_file_holds_what_would_be_sent_and_only_its_owner_reads_it(
    delivery: CodeDelivery, tmp_path: Path, language: str
) -> None:
    path = tmp_path / "codes.jsonl"
    gateway = OutboxFileGateway(path)
    await gateway.deliver(replace(delivery, language=language))
    await gateway.deliver(replace(delivery, code="543210"))
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert first["to"] == "+393331234567"
    assert first["language"] == language
    assert "012345" in first["text"]
    assert len(first["text"]) <= 160  # one SMS
    assert second["code"] == "543210"
    assert path.stat().st_mode & 0o777 == 0o600


async def test_an_outbox_file_that_cannot_be_written_is_a_gateway_error(delivery: CodeDelivery, tmp_path: Path) -> None:
    gateway = OutboxFileGateway(tmp_path / "no such folder" / "codes.jsonl")
    with pytest.raises(GatewayError) as failed:
        await gateway.deliver(delivery)
    assert delivery.code not in failed.value.message
