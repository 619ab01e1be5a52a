"""Mistakes planted into the production code and its stores, one at a time: a simulation that misses one is too weak.

Each is a small replacement from outside, and says in one sentence what it breaks.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from portability.adapters.memory import exchange_lanes as lanes
from portability.adapters.memory import exchange_receiving as receiving
from portability.adapters.memory import exchange_sending as sending
from portability.adapters.memory import exchange_store as stores
from portability.adapters.memory import leases
from portability.agreements.errors import GatewayError
from portability.services.exchange import consumer, dispatch, handlers, intake, reading, relay
from portability.services.exchange.lanes import LaneEntryState, LaneInHand
from portability.services.exchange.model.messages import RECEIPT_TYPE
from portability.services.exchange.model.receiving import Arrival
from portability.services.exchange.model.statuses import BusinessStatus, ReceiptEntry, ReceiptStatus
from portability.services.exchange.outgoing import post
from portability.services.exchange.receipts import receipt_for
from portability.services.exchange.taking_effect import Outcome as Effect
from portability.services.exchange.taking_effect import TakingEffect
from tests.simulation import node as nodes
from tests.simulation.broker import Broker
from tests.simulation.crypto import cheap_primitives
from tests.simulation.patching import everywhere, replaced
from tests.simulation.schedule import Outcome, run_schedule
from tests.simulation.store import SimulatedWork

__all__ = ["MUTANTS", "Found", "schedules_until_found"]

SCHEDULES_AT_MOST = 10_000
Mutant = Callable[[], AbstractContextManager[None]]
MUTANTS: dict[str, Mutant] = {}


@dataclass(frozen=True, slots=True)
class Found:
    """How soon a mutant was found, and by what."""

    schedules: int
    outcome: Outcome


def schedules_until_found(name: str, *, at_most: int = SCHEDULES_AT_MOST) -> Found | None:
    """Run schedules with one mistake planted until an invariant breaks; None where none does."""
    with cheap_primitives(), MUTANTS[name]():
        for seed in range(at_most):
            outcome = run_schedule(seed)
            if outcome.broken:
                return Found(seed + 1, outcome)
    return None


def mutant(plant: Callable[[], AbstractContextManager[Any]]) -> Mutant:
    """Plant what a function returns, under the function's name."""

    @contextmanager
    def planted() -> Iterator[None]:
        with plant():
            yield

    MUTANTS[plant.__name__] = planted
    return planted


def both(*parts: AbstractContextManager[Any]) -> AbstractContextManager[Any]:
    stack = ExitStack()
    for part in parts:
        stack.enter_context(part)
    return stack


# The recipient.


@mutant
def no_dedupe():
    """A message that is known is taken for a new one."""
    return replaced(
        receiving.MemoryInbox, "_add", lambda self, one: self._state.inbox.update({_place(one): one}) or Arrival.NEW
    )


@mutant
def known_by_id_alone():
    """Other content under a known id passes for a repeat, and nobody is told."""
    real = receiving.MemoryInbox._add
    return replaced(
        receiving.MemoryInbox,
        "_add",
        lambda self, one: Arrival.DUPLICATE if _place(one) in self._state.inbox else real(self, one),
    )


@mutant
def conflict_overwrites():
    """Other content under a known id takes the place of the first, and its effect."""

    def add(self, one):
        known = self._state.inbox.get(_place(one))
        self._state.inbox[_place(one)] = one
        return Arrival.DUPLICATE if known and known.leaf_hash == one.leaf_hash else Arrival.NEW

    return replaced(receiving.MemoryInbox, "_add", add)


@mutant
def offset_before_effect():
    """The offset is saved in a transaction of its own, before the messages are taken in."""

    async def save(node, records):
        async with node.unit_of_work() as work:
            for one in records:
                await work.offsets.save(one.topic, one.partition, one.offset)

    return _before_taking_in(save)


@mutant
def offset_one_too_far():
    """The offset saved is one beyond the last record that was read."""
    real = receiving.MemoryOffsets.save
    return replaced(
        receiving.MemoryOffsets, "save", lambda self, topic, part, offset: real(self, topic, part, offset + 1)
    )


@mutant
def offset_in_memory():
    """A consumer goes on after what it has read, whether or not that was committed."""
    real_read, last = Broker.read, {}

    async def read(self, topic, *, after, limit, wait):
        further = {part: max(offset, last.get((self, topic, part), -1)) for part, offset in after.items()}
        records = await real_read(self, topic, after=further, limit=limit, wait=wait)
        last.update({(self, topic, one.partition): one.offset for one in records})
        return records

    return replaced(Broker, "read", read)


@mutant
def fenced_consumer_saves_all_the_same():
    """A consumer whose partition was taken over while it stood still takes in what it had read."""

    async def holds(self, lease):
        return True

    return replaced(leases.MemoryLeases, "holds", holds)


@mutant
def receipt_before_durable():
    """Receipts are committed before the messages that they are for."""

    async def receipt(node, records):
        verified = reading.verify(node, records, node.clock.now())
        receipts = [
            receipt_for(bundle.head, [_delivered(item) for item in bundle.opened], receipt_id=node.new_id())
            for bundle in (one.bundle for one in verified)
            if bundle is not None and any(item.message.type != RECEIPT_TYPE for item in bundle.opened)
        ]
        if receipts:
            async with node.unit_of_work() as work:
                await post(receipts, outbox=work.outbox, me=node.me, at=node.clock.now())

    return _before_taking_in(receipt)


@mutant
def receipts_after_commit():
    """Receipts are held in memory and written once the messages are durable: a crash in between forgets them."""
    real_consume, real_post = consumer.consume_once, intake.post
    held: list[Any] = []

    async def hold(messages, *, outbox, me, at):
        held.extend((me, one) for one in messages)

    async def consume_once(node, effects, **options):
        taken = await real_consume(node, effects, **options)
        mine = [one for me, one in held if me == node.me]
        held[:] = [(me, one) for me, one in held if me != node.me]
        if mine:
            async with node.unit_of_work() as work:
                await real_post(mine, outbox=work.outbox, me=node.me, at=node.clock.now())
        return taken

    return both(replaced(intake, "post", hold), replaced(consumer, "consume_once", consume_once))


@mutant
def only_new_is_receipted():
    """A repeat is not receipted again, so a receipt that was lost is lost for good."""
    real = intake.Intake._receipts
    return replaced(
        intake.Intake,
        "_receipts",
        lambda self, bundles, placed: real(self, bundles, [one for one in placed if one.arrival is Arrival.NEW]),
    )


@mutant
def no_receipts():
    """Nothing is receipted."""
    return replaced(intake.Intake, "_receipts", lambda self, bundles, placed: iter(()))


@mutant
def effect_outlives_its_savepoint():
    """What an effect had done before it failed stays, though the message is parked."""

    @asynccontextmanager
    async def savepoint(self):
        yield

    return replaced(SimulatedWork, "savepoint", savepoint)


@mutant
def a_passing_fault_parks_the_message():
    """A fault of a system beside us is taken for a fault of the message."""

    async def attempt(self, turns, work):
        try:
            async with work.savepoint():
                for turn in turns:
                    await self._effects.apply(turn.message, work)
        except Exception as error:  # noqa: BLE001 - the mistake
            return error
        return None

    return replaced(TakingEffect, "_try", attempt)


@mutant
def one_failure_parks_the_batch():
    """Where one effect fails, all messages that came with it are parked."""

    async def apply(self, turns, blocked, work):
        failure = await self._try(turns, work)
        for turn in turns:
            if failure is None:
                self._lanes[turn.lane].done(turn.entry)
            else:
                self._lanes[turn.lane].park(turn.entry)
                blocked.add(turn.lane)
                self.outcomes.append(Effect(turn.message, BusinessStatus.PARKED, "POISON", "with the others"))

    return replaced(TakingEffect, "_apply", apply)


@mutant
def nothing_is_held():
    """A message takes effect when it arrives, whether or not the one before it in its case has."""

    def ready(self):
        return [entry for _, entry in sorted(self._entries.items()) if entry.state is LaneEntryState.HELD]

    return replaced(LaneInHand, "ready", ready)


@mutant
def a_parked_message_holds_nobody():
    """What comes after a parked message of its case takes effect all the same."""

    def ready(self):
        run, seq = [], self._next_seq
        while (entry := self._entries.get(seq)) is not None:
            if entry.state is LaneEntryState.HELD:
                run.append(entry)
            seq += 1
        return run

    return replaced(LaneInHand, "ready", ready)


@mutant
def a_case_begins_with_what_comes_first():
    """The first message of a case that arrives passes for its first."""
    real = LaneInHand.arrive

    def arrive(self, message_id, *, case_seq, replaces, at):
        if self._next_seq == 1 and not self._entries:
            self._next_seq = case_seq
        return real(self, message_id, case_seq=case_seq, replaces=replaces, at=at)

    return replaced(LaneInHand, "arrive", arrive)


@mutant
def released_twice():
    """A message that was parked and is replayed stays in its lane, and takes effect again with the next one."""
    real = LaneInHand.unpark
    released = []

    def unpark(self, message_id):
        real(self, message_id)
        released.append((self, next(one for one in self._entries.values() if one.message_id == message_id)))

    def done(self, entry):
        if (self, entry) in released:
            released.remove((self, entry))
            return
        real_done(self, entry)

    real_done = LaneInHand.done
    return both(replaced(LaneInHand, "unpark", unpark), replaced(LaneInHand, "done", done))


@mutant
def a_released_lane_stays_shut():
    """Where nothing waits in a lane any more, that is not kept."""
    real = lanes.MemoryLanes.save

    async def save(self, standings):
        await real(self, {lane: one for lane, one in standings.items() if not one.is_plain})

    return replaced(lanes.MemoryLanes, "save", save)


@mutant
def failed_effects_are_forgotten():
    """A message whose effect fails is not parked."""
    return replaced(intake.Intake, "_set_aside_message", lambda self, one, code, reason: None)


@mutant
def bad_bytes_end_the_batch():
    """A record that does not verify stops the consumer in front of it."""

    def verify(node, records, at):
        return [
            reading.Verified(one, reading.open_bundle(one.value, me=node.me, keys=node.keys, trust=node.trust, at=at))
            for one in records
        ]

    return replaced(reading, "verify", verify)


# The sender.


@mutant
def acknowledged_whatever_the_broker_says():
    """A bundle that the stream has refused passes for acknowledged."""

    async def put_on_stream(bundles, node):
        await real(bundles, node)
        return bundles, None

    real = dispatch.put_on_stream
    return everywhere(real, put_on_stream)


@mutant
def marked_before_sent():
    """Bundles are marked as relayed before they are put on the stream."""

    async def put_on_stream(bundles, node):
        if bundles:
            await dispatch.note_sent(node, bundles, acknowledged={one.key for one in bundles})
        return await real(bundles, node)

    real = dispatch.put_on_stream
    return everywhere(real, put_on_stream)


@mutant
def resends_stop():
    """After its second attempt a bundle is given up."""

    async def mark_relayed(self, next_attempts, *, now):
        await real(self, next_attempts, now=now)
        for key in next_attempts:
            if self._state.consignments[key].consignment.attempts >= 2:
                _never_due(self._state, key)

    real = sending.MemoryResends.mark_relayed
    return replaced(sending.MemoryResends, "mark_relayed", mark_relayed)


@mutant
def refused_bundles_are_dropped():
    """A bundle that the stream did not take is not tried again."""

    async def put_off(self, consignments, *, until):
        for key in consignments:
            _never_due(self._state, key)

    return replaced(sending.MemoryResends, "put_off", put_off)


@mutant
def settled_by_id_alone():
    """A receipt settles the message it names, whatever content it was for."""
    return replaced(
        sending.MemoryReceipts,
        "_settle",
        _settle_unless(lambda message, entry, receipt: message.recipient != receipt.signer),
    )


@mutant
def settled_by_anybody():
    """A receipt settles a message whoever has signed it."""
    return replaced(
        sending.MemoryReceipts,
        "_settle",
        _settle_unless(lambda message, entry, receipt: message.sealable.leaf_hash != entry.leaf_hash),
    )


@mutant
def settled_by_being_sent():
    """A bundle is done with when the stream has acknowledged it."""

    async def mark_relayed(self, next_attempts, *, now):
        await real(self, next_attempts, now=now)
        for key in next_attempts:
            _never_due(self._state, key)

    real = sending.MemoryResends.mark_relayed
    return replaced(sending.MemoryResends, "mark_relayed", mark_relayed)


@mutant
def half_a_bundle_closes_it():
    """Only the first message of a receipt is read, and it is enough for its whole bundle not to be sent again."""

    async def settle(self, receipts):
        return await real(self, [replace(one, entries=one.entries[:1]) for one in receipts])

    real = sending.MemoryReceipts.settle
    return both(
        replaced(sending.MemoryReceipts, "_close", lambda self, key: _never_due(self._state, key)),
        replaced(sending.MemoryReceipts, "settle", settle),
    )


@mutant
def sequence_outlives_its_transaction():
    """Sequence numbers are drawn outside the transaction, so one that is undone leaves a gap."""
    real, drawn = sending.MemoryOutbox.turns, {}

    async def turns(self, lanes, **asked):
        found = await real(self, lanes, **asked)
        last = {one: max(seq, drawn.get((id(self._state), one), 0)) for one, seq in found.last_seqs.items()}
        drawn.update({(id(self._state), one): seq + 1 for one, seq in last.items()})
        return replace(found, last_seqs=last)

    return replaced(sending.MemoryOutbox, "turns", turns)


@mutant
def idempotency_key_ignored():
    """A repeated submit makes a second message."""

    return replaced(sending.MemoryOutbox, "_submitted", lambda self, keys: {})


@mutant
def answered_before_commit():
    """A submit is answered though its transaction is undone."""

    async def submit(self, process, message):
        exchange, answer = self.exchange(process), None
        try:
            async with exchange.unit_of_work() as work:
                answer = await handlers.submit(
                    message, me=self.name, outbox=work.outbox, recipients=exchange.trust, clock=self
                )
        except GatewayError:
            if answer is None:
                raise
        return answer

    return replaced(nodes.Node, "_submit", submit)


@mutant
def put_off_by_a_wrong_clock():
    """A resend that a clock years ahead has noted waits until that year."""
    return replaced(sending, "LONGEST_WAIT", timedelta(days=36500))


# The store, the stream and the loops.


@mutant
def transactions_are_not_undone():
    """What a transaction has done before it failed stays."""

    @asynccontextmanager
    async def savepoint(self):
        yield

    return replaced(stores.MemoryExchangeWork, "savepoint", savepoint)


@mutant
def a_fault_ends_the_relay():
    """The relay stops at the first fault of the stream."""

    async def run_relay(node, signal, *, linger=relay.LINGER):
        try:
            while True:
                if not await relay.relay_once(node):
                    await signal.wait(at_most=relay.IDLE)
        except GatewayError:
            return

    return replaced_in_node("run_relay", run_relay)


@mutant
def a_recipient_out_of_reach_stops_the_rest():
    """After a fault of the stream what it has not acknowledged is neither noted nor sent again."""

    async def prepare(node, *, limit):
        async with node.unit_of_work() as work:
            return await relay._seal_waiting(node, work, limit=limit)

    async def note_sent(node, sent, *, acknowledged):
        await real(node, [one for one in sent if one.key in acknowledged], acknowledged=acknowledged)

    real = dispatch.note_sent
    return both(replaced(relay, "_prepare", prepare), everywhere(real, note_sent))


def replaced_in_node(name: str, function: Any) -> AbstractContextManager[None]:
    return replaced(nodes, name, function)


class _Holding:
    """An outbox that keeps what it is given to itself."""

    def __init__(self, held: list[Any]) -> None:
        self._held = held

    async def add(self, messages: Sequence[Any]) -> dict[Any, int]:
        self._held += messages
        return {}


class _Given:
    """A reading whose next batch was given already."""

    def __init__(self, parts: Sequence[Any], inner: Any) -> None:
        self._parts = parts
        self.saved, self.forget = inner.saved, inner.forget

    async def next(self, node: Any, **options: Any) -> Sequence[Any]:
        return self._parts


def _before_taking_in(act: Callable[..., Any]) -> AbstractContextManager[None]:
    """Do something with the records that were read, before the consumer does what it should."""
    real = consumer.consume_once

    async def consume_once(node, effects, *, reading, limit=consumer.RECORDS_AT_ONCE, wait=consumer.WAIT):
        node.trust.version()
        parts = await reading.next(node, limit=limit, wait=wait)
        if parts:
            await act(node, [one.record for part in parts for one in part.verified])
        return await real(node, effects, reading=_Given(parts, reading))

    return replaced(consumer, "consume_once", consume_once)


def _delivered(item: Any) -> ReceiptEntry:
    return ReceiptEntry(item.message.message_id, item.leaf_hash, ReceiptStatus.DELIVERED)


def _place(one: Any) -> Any:
    return one.message.sender, one.message.message_id


def _never_due(state: Any, key: Any) -> None:
    state.consignments[key] = replace(state.consignments[key], next_attempt_at=None)


def _settle_unless(refused: Callable[..., bool]) -> Any:
    def settle(self, entry, receipt):
        message = self._state.messages.get(entry.message_id)
        row = sending._row_of(message, self._state) if message else None
        if row is None or refused(message, entry, receipt) or entry.message_id in self._state.outcomes:
            return None
        self._state.outcomes[entry.message_id] = sending.Outcome(
            entry.status, receipt.received_at, entry.reason, receipt.receipt_id
        )
        return row

    return settle
