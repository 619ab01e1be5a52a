"""What must hold at the end of every schedule, whatever went wrong in it."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

from portability.agreements.errors import VerificationError
from portability.services.exchange.model.messages import NO_CASE
from portability.services.exchange.model.set_aside import QuarantineState
from portability.services.exchange.model.statuses import ReceiptStatus
from portability.services.log_entry import LogEntryKind
from tests.simulation.faults import Faults
from tests.simulation.node import POISON, Node, PoisonError

__all__ = ["judge", "may_be_aside"]

LONG = timedelta(days=365)
CONFLICTS = {"MESSAGE_ID_CONFLICT", "BUNDLE_ID_CONFLICT"}


async def judge(schedule) -> list[str]:
    """Return a sentence for each invariant that does not hold."""
    found: list[str] = []
    for node in schedule.nodes.values():
        found += await _of_node(schedule, node)
    for key, (message, submitted) in schedule.accepted.items():
        recipient = schedule.nodes[message.recipient]
        applied = sum(one.message_id == submitted.message_id for one in recipient.applied)
        parked = recipient.parked[submitted.message_id]
        if not _times_allowed(schedule, submitted.message_id).count(applied) or parked > message.record.startswith(
            POISON
        ):
            found.append(f"{key} is applied {applied} times and parked {parked} times")
    return found


async def _of_node(schedule, node: Node) -> list[str]:
    found: list[str] = []
    known = {submitted.message_id for _, submitted in schedule.accepted.values()}
    async with node.store.transaction() as work:
        entries = await work.quarantine.list(after=None, limit=10_000)
        node.parked = Counter(one.message_id for one in entries if one.reason_code == PoisonError.code)
        due = [
            one.key
            for one in await work.resends.due(now=node.now() + LONG, limit=10_000)
            if any(message.wants_receipt for message in await work.bundles.messages_of(one.key))
        ]
        turns = await work.outbox.turns({(name, NO_CASE) for name in schedule.nodes if name != node.name})
        statuses = {
            one.message_id: one.status
            for number in (1, 2, 3)
            for one in await work.timeline.of_case(UUID(int=number), after=None, limit=10_000)
            if one.direction == "sent"
        }
    for one in node.applied:
        if one.message_id not in known:
            found.append(f"{node.name} has applied {one.message_id}, which nobody was told of")
    for one in entries:
        if one.message_id not in schedule.late and not schedule.may_be_aside(one.reason_code):
            found.append(f"{node.name} has set {one.message_id} aside: {one.reason_code}: {one.reason}")
    conflicts = {one.message_id for one in entries if one.reason_code in CONFLICTS}
    for message_id, recipient in schedule.contradicted.items():
        if recipient == node.name and message_id not in conflicts and schedule.faults.is_broker_honest:
            found.append(f"{node.name} has not noticed that {message_id} came with other content")
    for one in entries:
        if one.reason_code == PoisonError.code and one.state is QuarantineState.OPEN:
            found.append(f"{node.name} still has {one.message_id} parked")
    if due:
        found.append(f"{node.name} goes on sending {len(due)} bundles")
    if any(turns.open_messages.values()):
        found.append(f"{node.name} counts messages as open that are settled: {turns.open_messages}")
    for message_id, status in statuses.items():
        is_gone = status is ReceiptStatus.EXPIRED and message_id in schedule.erased
        if status not in (ReceiptStatus.DELIVERED, ReceiptStatus.OPENED) and not is_gone:
            found.append(f"{node.name} shows {message_id} as {status}")
    return found + _sequences(node) + _log(node)


def _times_allowed(schedule, message_id: UUID) -> tuple[int, ...]:
    """How often a message may have had its effect: what was erased at its sender may have come before, or not."""
    return (0, 1) if message_id in schedule.erased else (1,)


def may_be_aside(faults: Faults, code: str) -> bool:
    """Only poison, bytes of nobody's, what came through a wrong clock, and lies are ever set aside."""
    return (
        code == PoisonError.code
        or (code == VerificationError.code and bool(faults.garbage or faults.jumps))
        or (code in CONFLICTS and bool(faults.liars))
    )


def _sequences(node: Node) -> list[str]:
    """The sequence of each recipient is 1, 2, 3 … without a gap, receipts included."""
    found = []
    for recipient in sorted({name for name, _ in node.numbered}):
        given = sorted(number for name, number in node.numbered if name == recipient)
        if given != list(range(1, len(given) + 1)):
            found.append(f"{node.name} has numbered its messages to {recipient} {given}")
    return found


def _log(node: Node) -> list[str]:
    """Every bundle sealed and every bundle received is in the log once."""
    found = [f"{node.name} has logged a {kind} twice" for (kind, _), n in Counter(node.logged).items() if n > 1]
    kinds = Counter(kind for kind, _ in node.logged)
    if kinds[LogEntryKind.BUNDLE_SENT] != len(node.sealed):
        found.append(
            f"{node.name} has sealed {len(node.sealed)} bundles; its log shows {kinds[LogEntryKind.BUNDLE_SENT]}"
        )
    if node.taken and not kinds[LogEntryKind.BUNDLE_RECEIVED]:
        found.append(f"{node.name} has received bundles that its log does not show")
    return found
