"""One institution in a schedule: a database that outlives its processes, a clock that may jump, and what it did."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from portability.adapters.clock.fake import counting_ids
from portability.adapters.keys.trust import DirectoryTrust
from portability.adapters.memory.exchange_store import MemoryExchangeStore
from portability.agreements.errors import CaseStateError, GatewayError, PortabilityError
from portability.services.exchange.consumer import run_consumer
from portability.services.exchange.departures import Departures
from portability.services.exchange.gathering import GatheredSubmits
from portability.services.exchange.handlers import submit
from portability.services.exchange.model.messages import (
    InstitutionId,
    OutgoingMessage,
    ReceivedMessage,
    SubmittedMessage,
)
from portability.services.exchange.model.set_aside import QuarantineState
from portability.services.exchange.node import ExchangeNode
from portability.services.exchange.ports.work import ExchangeWork
from portability.services.exchange.quarantine import Clerk, replay_quarantined
from portability.services.exchange.relay import run_relay
from portability.services.log_entry import LogEntryKind
from tests.simulation.broker import SimulatedStream
from tests.simulation.crypto import START, SimulatedKeyRing
from tests.simulation.process import Process
from tests.simulation.store import SimulatedSignal, SimulatedStore

__all__ = ["POISON", "Effects", "Node", "PoisonError"]

AT_ONCE = 0.5
POISON = b"poison"


class PoisonError(PortabilityError):
    """The effect of a message fails for good."""

    code = "POISON"


class Node:
    """A node with its store, its clock and its processes; the port `Clock`."""

    def __init__(self, schedule, name: str, ring: SimulatedKeyRing, number: int) -> None:
        self.schedule = schedule
        self.name = name
        self.ring = ring
        self.store = MemoryExchangeStore()
        self.offset = timedelta(0)
        self.processes: list[Process] = []
        self.signals: dict[Process, SimulatedSignal] = {}
        self.departures: dict[Process, Departures] = {}
        self.new_id = counting_ids(number << 32)
        # Durable, in the order of the commits:
        self.applied: list[ReceivedMessage] = []
        self.taken: set[UUID] = set()  # received, by message id
        self.case_seqs: dict[UUID, int] = {}
        self.settled: set[UUID] = set()  # sent and receipted, by message id
        self.numbered: list[tuple[InstitutionId, int]] = []  # recipient and stream sequence of what was submitted
        self.sealed: list[UUID] = []
        self.logged: list[tuple[LogEntryKind, bytes]] = []
        self._started = 0

    def now(self) -> datetime:
        """The instant that this node believes it is."""
        return START + timedelta(seconds=self.schedule.loop.time()) + self.offset

    def start(self) -> None:
        """Start one process: its relay, its departures and its consumer."""
        self._started += 1
        process = Process(self.schedule, self.name, self._started)
        self.processes.append(process)
        exchange = self.exchange(process)
        self.signals[process] = SimulatedSignal(process)
        self.departures[process] = Departures(exchange)
        for loop in (
            run_relay(exchange, self.signals[process]),
            self.departures[process].run(),
            run_consumer(exchange, Effects(process)),
        ):
            process.run(loop).add_done_callback(self._ended)

    def exchange(self, process: Process) -> ExchangeNode:
        """The parts of this node as one process has them."""
        return ExchangeNode(
            me=self.name,
            process=process.id,
            unit_of_work=SimulatedStore(process, self.store, self._durable).transaction,
            stream=SimulatedStream(process, self.schedule.broker),
            keys=self.ring,
            trust=DirectoryTrust(lambda: self.schedule.directory, clock=self),
            clock=self,
            new_id=self.new_id,
            observer=self,
        )

    def happened(self, event: str, **ids: str | int) -> None:
        """The port `Observer`: of some events there are none among nodes that do not lie."""
        if event == "void_contradicted" and not self.schedule.faults.liars:
            self.schedule.broken(f"{self.name} hears a contradiction of {ids}")

    async def erase(self, case_id: UUID) -> None:
        """What is in the outbox of a case loses its content, as where the key of the case is destroyed."""
        async with self.store.transaction():
            messages = self.store._state.messages
            for key, one in messages.items():
                if one.case_id == case_id:
                    messages[key] = replace(one, sealable=replace(one.sealable, salt=b"", record=b""))
                    self.schedule.erased.setdefault(key, one)
        self.schedule.note(f"{self.name} erases {case_id}")

    def alive(self) -> list[Process]:
        """Processes that run."""
        return [process for process in self.processes if process.alive]

    async def submit(self, message: OutgoingMessage) -> SubmittedMessage:
        """Submit through a process that is up. Raises GatewayError where none is, or where it dies over it."""
        alive = self.alive()
        if not alive:
            raise GatewayError("The node is down.", retryable=True)
        process = self.schedule.dice.choice(alive)
        return await process.call(self._submit(process, message))

    async def _submit(self, process: Process, message: OutgoingMessage) -> SubmittedMessage:
        """Through the door, from which it leaves at once where it may; or as use cases send, for the relay."""
        exchange = self.exchange(process)
        if self.schedule.dice.random() < AT_ONCE:
            submits = GatheredSubmits(
                exchange.unit_of_work,
                me=self.name,
                recipients=exchange.trust,
                clock=self,
                departures=self.departures[process],
            )
            return await submits.submit(message)
        async with exchange.unit_of_work() as work:
            return await submit(message, me=self.name, outbox=work.outbox, recipients=exchange.trust, clock=self)

    def _durable(self, journal) -> None:
        for what, of in journal:
            if what == "taken":
                self.taken.add(of.message_id)
                self.case_seqs[of.message_id] = of.case_seq
            elif what == "applied":
                self._check_order(of)
                self.applied.append(of)
            elif what == "advanced":
                self._check_fence(*of)
            elif what == "settled":
                self.settled.add(of)
                self.schedule.check_settled(self, of)
            else:
                getattr(self, what).append(of)
        if any(what == "numbered" for what, _ in journal):
            for process in self.alive():
                self.signals[process].wake()
        if journal:
            self.schedule.note(f"{self.name} commits {' '.join(what for what, _ in journal)}")

    def _check_order(self, message: ReceivedMessage) -> None:
        """Messages of one sender in one case have their effects in the order in which it numbered them."""
        before = [one.case_seq for one in self.applied if one.lane == message.lane]
        voids = [(sender, row.void) for (sender, _), row in self.store._state.voids.items()]
        void = {one.case_seq for sender, one in voids if (sender, one.case_id) == message.lane}
        for one in self.store._state.given_up.values():
            if (one.sender, one.case_id) == message.lane:
                void |= set(range(one.numbers.first, one.numbers.last + 1))
        last = max(before, default=0)
        if message.case_seq <= last or not void.issuperset(range(last + 1, message.case_seq)):
            self.schedule.broken(f"{self.name} applies {message.case_seq} of {message.lane} after {before}")

    def _check_fence(self, process: Process, name: str) -> None:
        """Whoever has lost a partition takes nothing more in from it."""
        holder = self.store._state.leases[name].holder
        if holder != process.id:
            self.schedule.broken(f"{process.name} takes in what comes by {name}, which {holder} has taken over")

    async def look_after_parked(self, by: str) -> int:
        """A person lets everything that is parked try again; returns how much there was."""
        alive = self.alive()
        if not alive:
            return 0
        process = self.schedule.dice.choice(alive)
        return await process.call(self._replay(process, by))

    async def _replay(self, process: Process, by: str) -> int:
        exchange = self.exchange(process)
        async with exchange.unit_of_work() as work:
            entries = await work.quarantine.list(after=None, limit=1000)
        parked = [
            one.entry_id for one in entries if one.state is QuarantineState.OPEN and one.reason_code == PoisonError.code
        ]
        for entry_id in parked:
            try:
                async with exchange.unit_of_work() as work:
                    clerk = Clerk(by, exchange.me, Effects(process), exchange.new_id, exchange.clock.now())
                    await replay_quarantined(entry_id, work=work, clerk=clerk)
            except CaseStateError:
                process.note("somebody else was faster")
        return len(parked)

    def _ended(self, task) -> None:
        error = None if task.cancelled() else task.exception()
        self.schedule.broken(f"a loop of {self.name} ended: {type(error).__name__}: {error}")


class Effects:
    """Writes down each message, in the transaction that takes it in; poison fails after it has written."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> None:
        process, schedule = self._process, self._process.schedule
        await process.point("effect")
        if schedule.chance(schedule.faults.effect):
            process.note("effect meets a fault")
            raise GatewayError("A system that the effect needs did not answer.", retryable=True)
        work.journal.append(("applied", message))
        if message.record.startswith(POISON) and not schedule.is_cured:
            raise PoisonError("This message cannot be applied.")
