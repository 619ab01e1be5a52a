"""Bundles that arrive in any order, with repeats, at a node that writes down in which order they took effect."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from exchange_world import NO_WAIT, World, message_to

from portability.adapters.memory.exchange_store import MemoryExchangeStore
from portability.adapters.memory.stream import MemoryStream
from portability.agreements.errors import CaseStateError, GatewayError
from portability.services.exchange.consumer import consume_once
from portability.services.exchange.model.messages import ReceivedMessage
from portability.services.exchange.model.set_aside import QuarantineEntry, QuarantineState
from portability.services.exchange.node import ExchangeNode, inbox_topic
from portability.services.exchange.ports.work import ExchangeWork, UnitOfWork
from portability.services.exchange.quarantine import Clerk, replay_quarantined
from portability.services.exchange.relay import relay_once

SENDER, RECIPIENT = "de-drv", "it-inps"
Place = tuple[int, int]  # number of the case, place of the message in it, each from 1


def case_of(number: int) -> UUID:
    return UUID(int=(0x01936E00 << 96) | (0x7 << 76) | (0b10 << 62) | number)


@dataclass
class Written:
    """An effect that writes the order down in the transaction's own tables, so that what is undone is not there."""

    poison: Callable[[ReceivedMessage], bool] = lambda _: False
    crashes: set[UUID] = field(default_factory=set)  # messages at which the store goes away, once each

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> None:
        if message.message_id in self.crashes:
            self.crashes.remove(message.message_id)
            raise GatewayError("The store went away.", retryable=True)
        if self.poison(message):
            raise CaseStateError("No such case.", state="none")
        done = await work.offsets.load(f"done/{message.case_id}", 0) + 1
        await work.offsets.save(f"done/{message.case_id}", 0, done)
        before = await work.offsets.load(f"place/{message.message_id}", 0)
        assert before == -1, "applied twice"
        await work.offsets.save(f"place/{message.message_id}", 0, done)


async def bundles_of(world: World, places: Sequence[Place]) -> dict[Place, bytes]:
    """One bundle each, numbered in the order given."""
    berlin = world.node(SENDER)
    for number, (case, place) in enumerate(places, start=1):
        await berlin.submit(
            message_to(RECIPIENT, number, case_id=case_of(case), record=b"%d of case %d" % (place, case))
        )
        await relay_once(berlin.exchange)
    records = await world.stream.read(inbox_topic(RECIPIENT), after={0: -1}, limit=len(places), wait=NO_WAIT)
    return {place: record.value for place, record in zip(places, records, strict=True)}


@dataclass
class Rome:
    """The recipient, on a stream of its own that brings what the test says."""

    exchange: ExchangeNode
    effects: Written

    @classmethod
    def at(cls, world: World, unit_of_work: UnitOfWork | None = None) -> "Rome":
        exchange = world.node(RECIPIENT).exchange
        store = unit_of_work or MemoryExchangeStore().transaction
        return cls(replace(exchange, stream=MemoryStream(), unit_of_work=store), Written())

    async def receive(self, values: Sequence[bytes], *, at_once: int = 16) -> None:
        """Take in what arrives, again from the last commit where the store went away."""
        await self.exchange.stream.append(inbox_topic(RECIPIENT), [(SENDER.encode(), value) for value in values])
        while True:
            try:
                if not await consume_once(self.exchange, self.effects, limit=at_once, wait=NO_WAIT):
                    return
            except GatewayError:
                continue

    async def done(self, case: int) -> int:
        """How many messages of a case have had their effect, committed."""
        async with self.exchange.unit_of_work() as work:
            return await work.offsets.load(f"done/{case_of(case)}", 0) + 1

    async def order(self, places: Sequence[Place]) -> dict[Place, int]:
        """The place at which each message had its effect, from 0; -1 where it has not had it."""
        async with self.exchange.unit_of_work() as work:
            ids = {place: message_to(RECIPIENT, number).message_id for number, place in enumerate(places, start=1)}
            return {place: await work.offsets.load(f"place/{one}", 0) for place, one in ids.items()}

    async def parked(self) -> Sequence[QuarantineEntry]:
        async with self.exchange.unit_of_work() as work:
            entries = await work.quarantine.list(after=None, limit=10_000)
        return [one for one in entries if one.state is QuarantineState.OPEN]

    def _clerk(self) -> Clerk:
        node = self.exchange
        return Clerk("karl", node.me, self.effects, node.new_id, node.clock.now())

    async def replay(self, entry: QuarantineEntry) -> int:
        async with self.exchange.unit_of_work() as work:
            told = await replay_quarantined(entry.entry_id, work=work, clerk=self._clerk())
        return told.took_effect
