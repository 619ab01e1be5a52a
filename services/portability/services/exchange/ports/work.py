"""One transaction over all tables of the exchange, and what a message does in it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import UUID

from portability.services.acts import ActBook
from portability.services.exchange.model.messages import ReceivedMessage, TimelineEntry
from portability.services.exchange.model.statuses import Unchecked
from portability.services.exchange.ports.receipt_levels import Openings, ReceiptAlarms
from portability.services.exchange.ports.receiving import AcceptedBlind, HeldMessages, Inbox, Lanes, Leases, Offsets
from portability.services.exchange.ports.reconciliations import ComparisonAlarms, ReconciliationReport, Settlements
from portability.services.exchange.ports.repair import Digests, Gaps, Reconciliations
from portability.services.exchange.ports.sending import Bundles, BusinessStatuses, Outbox, Receipts, Resends, Sealings
from portability.services.exchange.ports.set_aside import Quarantine, QuarantineDesk
from portability.services.exchange.ports.voids import VoidsReceived, VoidsSent
from portability.services.exchange.ports.waiting import GivenUps, LanesWaiting
from portability.services.log_entry import LogSink

__all__ = ["ExchangeWork", "MessageEffects", "Timeline", "UnitOfWork"]


class Timeline(Protocol):
    """Reading what went and came."""

    async def of_case(self, case_id: UUID, *, after: UUID | None, limit: int) -> Sequence[TimelineEntry]:
        """Return sent and received messages of a case by message id, oldest first, after `after`.

        Receipts are not listed; their effect shows as the status of the message.
        """

    async def of_message(self, message_id: UUID) -> TimelineEntry | None:
        """Return one sent message, or failing that one received; None where unknown."""


class ExchangeWork(Protocol):
    """One transaction over the exchange's tables."""

    @property
    def outbox(self) -> Outbox: ...
    @property
    def bundles(self) -> Bundles: ...
    @property
    def resends(self) -> Resends: ...
    @property
    def receipts(self) -> Receipts: ...
    @property
    def receipt_alarms(self) -> ReceiptAlarms: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def openings(self) -> Openings: ...
    @property
    def offsets(self) -> Offsets: ...
    @property
    def leases(self) -> Leases: ...
    @property
    def quarantine(self) -> Quarantine: ...
    @property
    def desk(self) -> QuarantineDesk: ...
    @property
    def held(self) -> HeldMessages: ...
    @property
    def accepted_blind(self) -> AcceptedBlind: ...
    @property
    def lanes(self) -> Lanes: ...
    @property
    def statuses(self) -> BusinessStatuses: ...
    @property
    def gaps(self) -> Gaps: ...
    @property
    def digests(self) -> Digests: ...
    @property
    def reconciliations(self) -> Reconciliations: ...
    @property
    def reconciliation_report(self) -> ReconciliationReport: ...
    @property
    def comparison_alarms(self) -> ComparisonAlarms: ...
    @property
    def settlements(self) -> Settlements: ...
    @property
    def sealings(self) -> Sealings: ...
    @property
    def voids_sent(self) -> VoidsSent: ...
    @property
    def voids_received(self) -> VoidsReceived: ...
    @property
    def lanes_waiting(self) -> LanesWaiting: ...
    @property
    def given_up(self) -> GivenUps: ...
    @property
    def timeline(self) -> Timeline: ...
    @property
    def log(self) -> LogSink: ...
    @property
    def acts(self) -> ActBook: ...

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """Return a nested transaction: an error inside undoes what happened inside, then passes on."""

    def together(self) -> AbstractAsyncContextManager[None]:
        """Return a stretch in which writes are sent without waiting for one another; an error shows by its end."""


UnitOfWork = Callable[[], AbstractAsyncContextManager[ExchangeWork]]
"""Opens a transaction: commits on normal exit, undoes everything on an error."""


class MessageEffects(Protocol):
    """What a received message does at this node, in the transaction that takes it in."""

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> Unchecked | None:
        """Apply one message once; return what of it nobody has checked, None where that is nothing.

        An error undoes its effect and parks the message in quarantine.

        A GatewayError with `retryable` says that the fault is not the message's: the whole batch is retried.
        """
