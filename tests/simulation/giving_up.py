"""Schedules in which messages never come and their senders never say so, and people let the cases go on without them.

Afterwards what was given up comes after all. No lane waits for a number then, what followed has had its effect in
order, what came too late has had none, and its sender knows.
"""

from datetime import timedelta

from portability.adapters.keys.trust import DirectoryTrust
from portability.adapters.memory.exchange_voids import MemoryVoidsSent
from portability.agreements.errors import CaseStateError, GatewayError, NotFoundError
from portability.services.exchange.bundle import seal_bundle
from portability.services.exchange.giving_up import GIVEN_UP, give_up
from portability.services.exchange.model.sending import OutboxMessage
from portability.services.exchange.model.set_aside import QuarantineState
from portability.services.exchange.model.statuses import BusinessStatus
from portability.services.exchange.node import inbox_topic
from portability.services.exchange.quarantine import Clerk
from portability.services.exchange.repair import GAP
from tests.simulation.afterwards import outcome_of
from tests.simulation.erasing import ErasingSchedule
from tests.simulation.node import Effects, Node
from tests.simulation.patching import replaced
from tests.simulation.process import Process
from tests.simulation.schedule import Outcome

__all__ = ["run_with_giving_up"]

HOUR = (timedelta(minutes=61),)
ROUNDS = 20  # each lets the first hole of each lane be passed


def run_with_giving_up(seed: int) -> Outcome:
    """Run the schedule of a seed with messages that never come, and what people do about them."""

    async def nothing(self, recipient, ranges, *, limit):
        return []

    with replaced(MemoryVoidsSent, "among", nothing):
        return outcome_of(seed, GivingUpSchedule(seed, tracing=False))


class GivingUpSchedule(ErasingSchedule):
    """What is erased at its sender is a hole that nobody speaks of; a person at each end looks at what waits."""

    days = HOUR * 2

    def _compare(self, when: str, *, whole: bool) -> None:
        """Here something is missing, and stays so."""

    def _lose_rows(self, node: Node) -> None:
        """A status that is lost is what the judgement below would miss."""

    def _good_times(self) -> None:
        super()._good_times()
        # The first round meets the faults again.
        self.is_bad = True
        self._people_give_up()
        self.is_bad = False
        for act in self._late:
            act()
        for _ in range(ROUNDS):
            if not self._people_give_up():
                break
        self._repair_after(HOUR)
        for node in self.nodes.values():
            for one in node.store._state.lanes:
                found = self.loop.complete(_waiting(node, one))
                if found is not None and found.missing is not None:
                    self.broken(f"{node.name} still waits for {found.missing} of {found.lane}")
        self._judge_told()
        self._bring_what_was_given_up()
        self._judge_late()

    def _people_give_up(self) -> int:
        return sum([self.loop.complete(_give_up_all(node)) for node in self.nodes.values()])

    def _bring_what_was_given_up(self) -> None:
        for message_id, one in self.erased.items():
            if self._was_given_up(one) and message_id not in self.nodes[one.recipient].taken:
                self.late.add(message_id)
                self._put(one)
        self._repair_after(HOUR * 3)

    def _was_given_up(self, one: OutboxMessage) -> bool:
        sender = self.senders[one.idempotency_key]
        return any(
            (given.sender, given.case_id) == (sender, one.case_id)
            and given.numbers.first <= one.case_seq <= given.numbers.last
            for given in self.nodes[one.recipient].store._state.given_up.values()
        )

    def _put(self, one: OutboxMessage) -> None:
        sender = self.nodes[self.senders[one.idempotency_key]]
        bundle = seal_bundle(
            [one.sealable],
            bundle_id=sender.new_id(),
            me=sender.name,
            recipient=one.recipient,
            keys=sender.ring,
            trust=DirectoryTrust(lambda: self.directory, clock=sender),
            at=sender.now(),
        )
        self.broker.put(inbox_topic(one.recipient), sender.name.encode(), bundle.value)

    def _judge_told(self) -> None:
        """Each sender has heard what was given up of its messages."""
        for one in self.erased.values():
            if self._was_given_up(one):
                self._judge_rejected(one, "given up")

    def _judge_late(self) -> None:
        """What came too late is closed, without an effect, and its sender has heard."""
        for message_id in self.late:
            one = self.erased[message_id]
            recipient = self.nodes[one.recipient]
            if message_id not in recipient.taken:
                self.broken(f"{message_id} has not come late")
            if any(applied.message_id == message_id for applied in recipient.applied):
                self.broken(f"{recipient.name} has applied {message_id}, which it had given up")
            aside = [entry for entry in recipient.store._state.quarantine.values() if entry.message_id == message_id]
            if not aside or any(entry.state is not QuarantineState.REJECTED for entry in aside):
                self.broken(f"{recipient.name} has not closed {message_id}, which came too late")
            self._judge_rejected(one, "late")

    def _judge_rejected(self, one: OutboxMessage, why: str) -> None:
        sender = self.nodes[self.senders[one.idempotency_key]]
        said = sender.store._state.statuses.get((one.recipient, one.sealable.stream_seq))
        if said is None or said.status is not BusinessStatus.REJECTED or said.reasons[0] != GIVEN_UP:
            self.broken(f"{sender.name} has not heard that {one.sealable.message_id} is {why}: {said}")

    def may_be_aside(self, code: str) -> bool:
        """Gaps stay and what was given up is written down."""
        return super().may_be_aside(code) or code in {GIVEN_UP, GAP}


async def _waiting(node: Node, lane):
    async with node.store.transaction() as work:
        return await work.lanes_waiting.find(lane)


async def _give_up_all(node: Node) -> int:
    """A person at a node gives up what is missing, as far as the faults let her; how much there was."""
    try:
        return sum([await process.call(_give_up(node, process)) for process in node.alive()[:1]])
    except GatewayError:
        return 1


async def _give_up(node: Node, process: Process) -> int:
    exchange = node.exchange(process)
    async with exchange.unit_of_work() as work:
        page = await work.lanes_waiting.page(after=None, limit=100)
    missing = [(one.lane, one.missing) for one in page if one.missing is not None]
    for lane, numbers in missing:
        try:
            async with exchange.unit_of_work() as work:
                clerk = Clerk("karl", node.name, Effects(process), exchange.new_id, node.now())
                await give_up(lane, numbers, reasons=["It does not come."], work=work, clerk=clerk)
        except (CaseStateError, NotFoundError):
            process.note("it has come meanwhile")
    return len(missing)
