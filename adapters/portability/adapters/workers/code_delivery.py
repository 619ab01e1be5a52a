"""One-time codes on their way to their readers: a queue that answers at once, and an outbox file for trying out.

SMS and e-mail gateways are further `CodeGateway`s. Nothing here ever logs a code or a contact.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import structlog

from portability.agreements.errors import GatewayError
from portability.services.workers.model import CodeDelivery
from portability.services.workers.ports import Clock
from portability.services.workers.words import without_isolates, words_for

__all__ = ["CodeGateway", "OutboxFileGateway", "QueuedCodeSender"]

QUEUE_LENGTH = 1000
DELIVERY_TIME = timedelta(seconds=30)
PAUSES = (timedelta(seconds=1), timedelta(seconds=5))  # before the second and the third attempt

_log = structlog.get_logger(__name__)


class CodeGateway(Protocol):
    async def deliver(self, delivery: CodeDelivery) -> None:
        """Bring a code to its reader; GatewayError where that fails."""
        ...


class OutboxFileGateway:
    """Appends each code to a file that only its owner can read, one JSON object a line. For demonstrations.

    Fields: `to`, `kind` (phone or email), `language`, `text` (what a gateway would send), `code`, `expires_at`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    async def deliver(self, delivery: CodeDelivery) -> None:
        """Write one line; GatewayError where the file cannot be written."""
        try:
            await asyncio.to_thread(self._append, code_line(delivery))
        except OSError as error:
            raise GatewayError(
                f"The outbox file of codes cannot be written ({type(error).__name__}): check its folder.",
                retryable=True,
            ) from error

    def _append(self, line: str) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write(line + "\n")


class QueuedCodeSender:
    """A CodeSender: takes a code over at once and delivers it behind, so that the time of the answer tells nothing.

    `run()` has to be running somewhere. A code that waits when the process ends is lost: its reader
    asks for another.
    """

    def __init__(
        self,
        gateway: CodeGateway,
        *,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        length: int = QUEUE_LENGTH,
    ) -> None:
        self._gateway = gateway
        self._clock = clock
        self._sleep = sleep
        self._waiting: asyncio.Queue[CodeDelivery] = asyncio.Queue(length)

    async def send(self, delivery: CodeDelivery) -> None:
        """Take a code over. Where the queue is full it is dropped and counted in the log."""
        try:
            self._waiting.put_nowait(delivery)
        except asyncio.QueueFull:
            _log.error("sign_in_code_dropped", reason="queue full")

    async def run(self) -> None:
        """Deliver codes until cancelled."""
        while True:
            delivery = await self._waiting.get()
            try:
                await self._deliver(delivery)
            finally:
                self._waiting.task_done()

    async def drain(self) -> None:
        """Return once everything taken over so far is delivered or given up; `run()` must be running."""
        await self._waiting.join()

    async def _deliver(self, delivery: CodeDelivery) -> None:
        for attempt, pause in enumerate((*PAUSES, None), start=1):
            if self._clock.now() >= delivery.expires_at:
                _log.warning("sign_in_code_expired_undelivered", attempt=attempt)
                return
            try:
                async with asyncio.timeout(DELIVERY_TIME.total_seconds()):
                    await self._gateway.deliver(delivery)
            except (GatewayError, TimeoutError) as error:
                retryable = not isinstance(error, GatewayError) or error.retryable
                _log.warning("sign_in_code_not_delivered", error_type=type(error).__name__, attempt=attempt)
                if pause is None or not retryable:
                    return
                await self._sleep(pause.total_seconds())
            else:
                return


def code_line(delivery: CodeDelivery) -> str:
    """A delivery as one line of JSON."""
    words = words_for([delivery.language])
    return json.dumps(
        {
            "to": delivery.contact.value,
            "kind": delivery.contact.kind.value,
            "language": words.language,
            "text": without_isolates(words.text("code.text", {"code": delivery.code})),
            "code": delivery.code,
            "expires_at": delivery.expires_at.isoformat(),
        },
        ensure_ascii=False,
    )
