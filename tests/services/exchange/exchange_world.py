"""Nodes of three institutions over memory, with keys, a directory and a clock moved by hand."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from portability.adapters.clock.fake import ManualClock, counting_ids
from portability.adapters.keys.material import draw_key
from portability.adapters.keys.ring import FileKeyRing
from portability.adapters.keys.trust import DirectoryTrust
from portability.adapters.memory.exchange_store import MemoryExchangeStore
from portability.adapters.memory.stream import MemoryStream
from portability.services.exchange.consumer import consume_once
from portability.services.exchange.handlers import submit
from portability.services.exchange.limits import Limits
from portability.services.exchange.model.messages import (
    OutgoingMessage,
    ReceivedMessage,
    SubmittedMessage,
    TimelineEntry,
)
from portability.services.exchange.model.sending import Sealable
from portability.services.exchange.model.set_aside import QuarantineEntry
from portability.services.exchange.node import ExchangeNode
from portability.services.exchange.outgoing import outbox_message
from portability.services.exchange.ports.work import ExchangeWork
from portability.services.exchange.ports.world import EventStream
from portability.services.exchange.relay import relay_once
from portability.services.exchange.suites import SALT_BYTES
from portability.services.purposes import PENSION_CLAIM
from portability.services.registry.model import Directory, Institution, KeyPurpose

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NO_WAIT = timedelta(0)
CASE = UUID("01936e00-0000-7000-8000-00000000ca5e")
INSTITUTIONS = ("de-drv", "it-inps", "ca-sc")


def make_keys() -> dict[str, FileKeyRing]:
    return {name: draw_ring() for name in INSTITUTIONS}


def draw_ring(start: datetime = NOON - timedelta(days=30), days: int = 365) -> FileKeyRing:
    window = {"not_before": start, "not_after": start + timedelta(days=days)}
    return FileKeyRing([draw_key(purpose, **window) for purpose in KeyPurpose])


def message_to(recipient: str, number: int = 1, **changes: object) -> OutgoingMessage:
    message = OutgoingMessage(
        message_id=UUID(int=(number << 80) | (0x7 << 76) | (0b10 << 62) | 0xABC),
        idempotency_key=f"key-{number}",
        recipient=recipient,
        case_id=CASE,
        type="record.request",
        schema_version=1,
        record=b"periods of number %d" % number,
        purpose=PENSION_CLAIM.code,
        legal_basis=str(PENSION_CLAIM.citation),
    )
    return replace(message, **changes)


def sealable(message: OutgoingMessage, stream_seq: int = 1, *, me: str = "de-drv", at: datetime = NOON) -> Sealable:
    """A message with the header that its submission makes."""
    salt = secrets.token_bytes(SALT_BYTES)
    return outbox_message(message, me=me, at=at, stream_seq=stream_seq, case_seq=stream_seq, salt=salt).sealable


class Ledger:
    """An effect that counts how often each message was applied, and fails on request."""

    def __init__(self) -> None:
        self.applied: list[ReceivedMessage] = []
        self.failing: Callable[[ReceivedMessage], Exception | None] = lambda _: None

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> None:
        error = self.failing(message)
        if error is not None:
            raise error
        self.applied.append(message)
        # A counter in the transaction's own tables: what is undone does not count.
        place = f"effects/{message.message_id}"
        await work.offsets.save(place, 0, await work.offsets.load(place, 0) + 1)


@dataclass
class Heard:
    """Remembers what an observer is told."""

    events: list[tuple[str, dict[str, str | int]]] = field(default_factory=list)

    def happened(self, event: str, **ids: str | int) -> None:
        self.events.append((event, ids))

    def faults(self) -> list[str]:
        """What went wrong, which is what comes with a code."""
        return [event for event, ids in self.events if "code" in ids]

    def count(self, event: str) -> int:
        return sum(int(ids["count"]) for name, ids in self.events if name == event)


class TestNode:
    """One node with its parts in reach."""

    __test__ = False

    def __init__(self, world: "World", name: str, stream: EventStream) -> None:
        self.name = name
        self.store = MemoryExchangeStore()
        self.ledger = Ledger()
        self.heard = Heard()
        self.world = world
        self.exchange = ExchangeNode(
            me=name,
            process=world.new_id(),
            unit_of_work=self.store.transaction,
            stream=stream,
            keys=world.keys[name],
            trust=world.trust,
            clock=world.clock,
            new_id=world.new_id,
            observer=self.heard,
        )

    async def submit(self, message: OutgoingMessage, **limits: Limits) -> SubmittedMessage:
        async with self.store.transaction() as work:
            return await submit(
                message,
                me=self.name,
                outbox=work.outbox,
                recipients=self.world.trust,
                clock=self.world.clock,
                **limits,
            )

    async def relay(self) -> int:
        return await relay_once(self.exchange)

    async def consume(self) -> int:
        """Take in all there is; return how many records."""
        total = 0
        while taken := await consume_once(self.exchange, self.ledger, wait=NO_WAIT):
            total += taken
        return total

    def erase(self, case_id: UUID = CASE) -> None:
        """What is to be sent in a case loses its content, as where the key of the case is destroyed."""
        messages = self.store._state.messages
        for key, one in messages.items():
            if one.case_id == case_id:
                messages[key] = replace(one, sealable=replace(one.sealable, salt=b"", record=b""))

    async def timeline(self, case_id: UUID = CASE) -> Sequence[TimelineEntry]:
        async with self.store.transaction() as work:
            return await work.timeline.of_case(case_id, after=None, limit=10_000)

    async def effects_of(self, message_id: UUID) -> int:
        """How often a message has had its effect, committed."""
        async with self.store.transaction() as work:
            return await work.offsets.load(f"effects/{message_id}", 0) + 1

    async def quarantined(self) -> Sequence[QuarantineEntry]:
        async with self.store.transaction() as work:
            return await work.quarantine.list(after=None, limit=10_000)


class World:
    """Three institutions, their keys, one directory, one stream."""

    def __init__(self, keys: dict[str, FileKeyRing], stream: EventStream | None = None) -> None:
        self.keys = keys
        self.clock = ManualClock(NOON)
        self.new_id = counting_ids()
        self.stream = stream or MemoryStream()
        self.directory = directory_of(keys)
        self.trust = DirectoryTrust(lambda: self.directory, clock=self.clock)

    def node(self, name: str) -> TestNode:
        return TestNode(self, name, self.stream)


def directory_of(keys: dict[str, FileKeyRing]) -> Directory:
    return Directory(
        version=1,
        issued_at=NOON - timedelta(days=1),
        expires_at=NOON + timedelta(days=90),
        institutions=tuple(
            Institution(name, name.upper(), name[:2].upper(), keys=ring.public_keys()) for name, ring in keys.items()
        ),
    )
