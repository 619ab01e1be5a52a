"""What follows a schedule: days in which repair is all that can find what was lost for good.

Lost are messages that nobody sends again by himself (receipts, statuses, repair's own), and rows of an inbox.
"""

from datetime import timedelta
from typing import Any

from portability.agreements.errors import GatewayError
from portability.services.exchange.model.messages import NO_CASE, RESEND_TYPE
from portability.services.exchange.model.reconciliations import Wanted
from portability.services.exchange.repair import repair_once
from portability.services.exchange.streams import SequenceRange
from portability.services.exchange.voids import look_after_voids
from tests.simulation.broker import PAUSE_SECONDS
from tests.simulation.node import Effects, Node
from tests.simulation.schedule import Outcome, Schedule

__all__ = ["LongSchedule", "outcome_of", "run_with_repair"]

ROUND_SECONDS = 2.0
TROUBLED = (timedelta(0), timedelta(minutes=16), timedelta(minutes=61))
# A request has a number of its own, by which it may show the other end a gap: that one is asked for a quarter of an
# hour later, or with the hour's next request. Less than a day, so that no digest comes to help.
QUIET = (timedelta(minutes=16),) * 2 + (timedelta(minutes=61),) * 7
DAYS = (timedelta(hours=25),) * 3
ROWS_LOST = 2


def run_with_repair(seed: int) -> Outcome:
    """Run the schedule of a seed with the days after it."""
    return outcome_of(seed, LongSchedule(seed, tracing=False))


def outcome_of(seed: int, schedule: Schedule) -> Outcome:
    """Run a schedule; what it came to."""
    schedule.run()
    loop = schedule.loop
    return Outcome(
        seed, tuple(schedule.breaches), (), loop.steps, loop.time(), len(schedule.accepted), schedule.crashes
    )


class LongSchedule(Schedule):
    """Repair meets the same faults, then none; then rows are lost, and all has to be found."""

    days = DAYS

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.lost: list[tuple[str, str, int]] = []  # recipient, sender, number

    def _good_times(self) -> None:
        super()._good_times()
        # Timers that have grown coarse in the quiet would outlast the rounds.
        for node in self.nodes.values():
            for process in node.alive():
                node.signals[process].wake()
        self.is_bad = True
        self._repair_after(TROUBLED)
        self.is_bad = False
        late, self._late = self._late, []
        for act in late:
            act()
        self.loop.run_until(self.loop.time() + PAUSE_SECONDS)  # whoever stands still goes on, and hears the requests
        self._repair_after(QUIET)
        self._compare("after the gaps were asked for", whole=False)
        for node in self.nodes.values():
            self._lose_rows(node)
        self._repair_after(self.days)
        self._compare("after days of digests", whole=True)
        if not self.faults.liars:
            self._look_for_lost()

    def _look_for_lost(self) -> None:
        """Whoever lost a row reads in its report that it was missing."""
        for recipient, sender, number in self.lost:
            found = self.nodes[recipient].store._state.findings
            if not any(one[0] == sender and one[3].first <= number <= one[3].last for one in found):
                self.broken(f"the report of {recipient} does not say that {number} of {sender} was missing")

    def _repair_after(self, pauses: tuple[timedelta, ...]) -> None:
        for pause in pauses:
            for node in self.nodes.values():
                node.offset += pause
            for node in self.nodes.values():
                self.loop.complete(_repair(node))
            self.loop.run_until(self.loop.time() + ROUND_SECONDS)

    def _lose_rows(self, node: Node) -> None:
        # Not of a stream whose gap has been filled and not yet been looked at again: it would show as one gap of days.
        # And no request: one that comes anew is answered anew, and brings what was lost before a digest misses it.
        rows, watches = node.store._state.inbox, node.store._state.watches
        waited_for = {one.sender for one in watches.values() if one.missing_since is not None}
        ours = sorted(
            key
            for key, one in rows.items()
            if one.message.case_id == NO_CASE
            and one.message.type != RESEND_TYPE
            and one.message.sender not in waited_for
        )
        for key in self.dice.sample(ours, min(ROWS_LOST, len(ours))):
            self.lost.append((node.name, key[0], rows[key].message.stream_seq))
            del rows[key]

    def _compare(self, when: str, *, whole: bool) -> None:
        if self.faults.liars:  # what a liar has sent under its numbers, nobody can know
            return
        for sender in self.nodes.values():
            for recipient in self.nodes.values():
                if sender is not recipient:
                    self.loop.complete(self._compared(sender, recipient, when, whole=whole))

    async def _compared(self, sender: Node, recipient: Node, when: str, *, whole: bool) -> None:
        async with recipient.store.transaction() as work:
            came = await work.gaps.arrivals(sender.name, after=0, limit=9)
            if came.missing:
                self.broken(f"{recipient.name} lacks {came.missing} of {sender.name} {when}")
            everything = SequenceRange(1, 1_000_000)
            received = await work.digests.received(sender.name, everything)
            stands = Wanted(sender.name, only_open=True)
            reports = await work.reconciliation_report.page(stands, after=None, limit=9)
        async with sender.store.transaction() as work:
            sent = await work.digests.sent(recipient.name, everything)
        if whole and list(sent) != list(received):
            self.broken(f"{recipient.name} holds {len(received)} of {len(sent)} messages of {sender.name} {when}")
        if whole and reports:
            self.broken(f"{recipient.name} reports {reports[0].findings} of {sender.name} as open {when}")


async def _repair(node: Node) -> None:
    """As the loop of repair does: a fault is waited out, here until the next round."""
    for process in node.alive()[:1]:
        try:
            await process.call(repair_once(node.exchange(process)))
            await process.call(look_after_voids(node.exchange(process), Effects(process)))
        except GatewayError:
            process.note("repair meets a fault")
