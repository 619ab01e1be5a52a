"""One schedule: three nodes, their clients, bad times, then good times, and the judgement."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from portability.agreements.errors import GatewayError, VerificationError
from portability.services.exchange.leases import LEASE
from portability.services.exchange.model.messages import OutgoingMessage, SubmittedMessage
from portability.services.exchange.model.sending import OutboxMessage
from portability.services.exchange.node import inbox_topic
from portability.services.purposes import PENSION_CLAIM
from tests.simulation.broker import Broker
from tests.simulation.crypto import SimulatedKeyRing, directory_of
from tests.simulation.faults import JUMPS, draw_faults
from tests.simulation.invariants import judge, may_be_aside
from tests.simulation.lies import tell_a_lie
from tests.simulation.loop import SimLoop
from tests.simulation.node import POISON, Node
from tests.simulation.process import Process

__all__ = ["NODES", "Outcome", "Schedule", "run_schedule"]

NODES = ("de-drv", "it-inps", "ca-sc")
RINGS = {name: SimulatedKeyRing(name) for name in NODES}
DIRECTORY = directory_of(RINGS)
PROMPT_SECONDS = 50.0  # a resend would take a minute
QUIET_WITHIN_SECONDS = 48 * 3600.0
AFTERWARDS_SECONDS = 1.05


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one schedule came to."""

    seed: int
    broken: tuple[str, ...]  # invariants that did not hold; empty where all did
    trace: tuple[str, ...]  # empty unless asked for
    steps: int
    seconds: float  # of virtual time
    messages: int
    crashes: int


def run_schedule(seed: int, *, tracing: bool = False) -> Outcome:
    """Run the schedule of a seed. The same seed gives the same trace, always."""
    schedule = Schedule(seed, tracing=tracing)
    schedule.run()
    return Outcome(
        seed,
        tuple(schedule.breaches),
        tuple(schedule.trace),
        schedule.loop.steps,
        schedule.loop.time(),
        len(schedule.accepted),
        schedule.crashes,
    )


class Schedule:
    """The state of one schedule while it runs."""

    def __init__(self, seed: int, *, tracing: bool) -> None:
        self.dice = Random(seed)  # noqa: S311 - a schedule that can be repeated needs a seed, not secrecy
        self.tracing = tracing
        self.trace: list[str] = []
        self.breaches: list[str] = []
        self.faults = draw_faults(self.dice)
        self.is_bad = True
        self.is_cured = False  # what made effects of poison fail
        self.crashes = 0
        self.loop = SimLoop(self.dice)
        self.broker = Broker(self)
        self.directory = DIRECTORY
        self.nodes = {name: Node(self, name, RINGS[name], number) for number, name in enumerate(NODES)}
        self.accepted: dict[str, tuple[OutgoingMessage, SubmittedMessage]] = {}  # by idempotency key
        self.senders: dict[str, str] = {}
        self.contradicted: dict[UUID, str] = {}  # ids that a sender used again for other content, and for whom
        self.erased: dict[UUID, OutboxMessage] = {}  # messages that lost their content in the outbox, as they were
        self.late: set[UUID] = set()  # those that come after their number was given up
        self._late: list[Callable[[], None]] = []

    def run(self) -> None:
        """Bad times, good times, judgement."""
        self.note(str(self.faults))
        try:
            self._bad_times()
            self._good_times()
            self.breaches += self.loop.complete(judge(self))
        except Exception as error:  # noqa: BLE001 - a planted mistake may break anything, and is found by that
            self.broken(f"{type(error).__name__}: {error}")
        for node in self.nodes.values():
            for process in node.processes:
                process.kill()

    def chance(self, likely: float) -> bool:
        """Let the dice say whether a fault of this likelihood happens; never in good times."""
        return bool(likely) and self.is_bad and self.dice.random() < likely

    def note(self, what: str) -> None:
        """Write into the trace."""
        if self.tracing:
            self.trace.append(f"{self.loop.time():12.4f} {what}")

    def broken(self, what: str) -> None:
        """An invariant does not hold."""
        self.breaches.append(what)
        self.note(f"BROKEN {what}")

    def later(self, delay: float, act: Callable[..., None], *args: Any) -> None:
        """Do something after `delay` seconds, or as soon as the bad times are over."""
        timer = self.loop.call_later(delay, act, *args)

        def now() -> None:
            if not timer.cancelled() and timer.when() > self.loop.time():
                timer.cancel()
                act(*args)

        self._late.append(now)

    def crash(self, process: Process) -> None:
        """A process dies where it stands, and another one is started after a while."""
        if not process.alive:
            return
        process.note("dies")
        process.kill()
        self.crashes += 1
        node = self.nodes[process.name.split("/")[0]]
        self.later(self.dice.random() * 2, node.start)

    def check_settled(self, sender: Node, message_id: UUID) -> None:
        """A sender holds a receipt only for what its recipient holds durably."""
        recipient = next((one.recipient for one, _ in self._accepted_as(message_id)), None)
        if recipient is not None and message_id not in self.nodes[recipient].taken:
            self.broken(f"{sender.name} holds a receipt for {message_id}, which {recipient} does not hold")

    def _accepted_as(self, message_id: UUID) -> list[tuple[OutgoingMessage, SubmittedMessage]]:
        return [one for one in self.accepted.values() if one[1].message_id == message_id]

    def _bad_times(self) -> None:
        faults = self.faults
        for node in self.nodes.values():
            for _ in range(faults.processes):
                node.start()
        for number in range(faults.messages):
            sender, recipient = self.dice.sample(NODES, 2)
            key, case_id = f"key-{number}", UUID(int=self.dice.randint(1, 3))
            self.senders[key] = sender
            self.loop.create_task(self._client(key, sender, recipient, case_id))
        for act, times in ((self._lose_topic, faults.topics_lost), (self._jump, faults.jumps)):
            for _ in range(times):
                self.loop.call_later(self.dice.random() * faults.seconds, act)
        for _ in range(faults.liars):
            self.loop.call_later(self.dice.random() * faults.seconds, tell_a_lie, self)
        if faults.poison:
            self.loop.create_task(self._impatient_person())
        self.loop.run_until(faults.seconds)

    def _good_times(self) -> None:
        self.is_bad = False
        self.note("good times begin")
        for node in self.nodes.values():
            node.offset = timedelta(0)
        late, self._late = self._late, []
        for act in late:
            act()
        since = self.loop.time()
        self.loop.calm_since = since
        honest = self.faults.is_broker_honest
        if not self.loop.run_until(since + (PROMPT_SECONDS if honest else QUIET_WITHIN_SECONDS), stop=self._is_settled):
            why = "though the broker has lost nothing" if honest else f"in {QUIET_WITHIN_SECONDS / 3600:.0f} hours"
            self.broken(f"{self._open()} not settled after the faults, {why}")
        self.loop.calm_since = None
        # What nobody waits for, such as a lie, may lie with a process that stands still: another takes over its lease.
        self.loop.run_until(
            self.loop.time() + AFTERWARDS_SECONDS + (2 * LEASE.total_seconds() if self._may_lie_still() else 0)
        )
        self.is_cured = True
        for _ in range(self.faults.messages):
            if not sum([self.loop.complete(node.look_after_parked("in the end")) for node in self.nodes.values()]):
                break
        self.loop.run_until(self.loop.time() + AFTERWARDS_SECONDS)

    def may_be_aside(self, code: str) -> bool:
        """Whether something may be set aside with a code in this schedule."""
        return may_be_aside(self.faults, code)

    def _may_lie_still(self) -> bool:
        """Whether all may be settled while something waits with a process that stands still."""
        return bool(self.contradicted)

    def _is_settled(self) -> bool:
        return not self._open()

    def _open(self) -> list[str]:
        """Keys of clients without an answer, and of messages without a receipt."""
        return [
            key
            for key, sender in self.senders.items()
            if key not in self.accepted or self.accepted[key][1].message_id not in self.nodes[sender].settled
        ]

    async def _client(self, key: str, sender: str, recipient: str, case_id: UUID) -> None:
        """Somebody who submits one message, and again with the same key until there is an answer."""
        await asyncio.sleep(self.dice.random() * self.faults.seconds)
        node = self.nodes[sender]
        is_poison = self.dice.random() < self.faults.poison
        record = (POISON if is_poison else b"period") + b" of " + key.encode()
        while key not in self.accepted:
            message = OutgoingMessage(
                node.new_id(),
                key,
                recipient,
                case_id,
                "record.request",
                1,
                record,
                purpose=PENSION_CLAIM.code,
                legal_basis=str(PENSION_CLAIM.citation),
            )
            try:
                self.accepted[key] = message, await node.submit(message)
                self.note(f"{key} accepted as {self.accepted[key][1].message_id}")
            except (GatewayError, VerificationError):
                await asyncio.sleep(self.dice.random())
        if self.chance(0.3):
            # A client that did not hear the answer asks once more: it must be the same.
            try:
                again = await node.submit(
                    OutgoingMessage(
                        node.new_id(),
                        key,
                        recipient,
                        case_id,
                        "record.request",
                        1,
                        record,
                        purpose=PENSION_CLAIM.code,
                        legal_basis=str(PENSION_CLAIM.citation),
                    )
                )
            except (GatewayError, VerificationError):
                return
            if again.message_id != self.accepted[key][1].message_id:
                self.broken(f"{key} was accepted twice, under two ids")

    async def _impatient_person(self) -> None:
        """Somebody who lets what is parked try again, though nothing is mended."""
        while self.is_bad:
            await asyncio.sleep(self.dice.random())
            try:
                await self.nodes[self.dice.choice(NODES)].look_after_parked("too early")
            except GatewayError:
                continue

    def _lose_topic(self) -> None:
        topic = inbox_topic(self.dice.choice(NODES))
        self.note(f"broker loses {topic}")
        self.broker.lose(topic)

    def _jump(self) -> None:
        node = self.nodes[self.dice.choice(NODES)]
        node.offset += self.dice.choice(JUMPS) * self.dice.choice((-1, 1))
        self.note(f"{node.name} believes it is {node.now()}")
