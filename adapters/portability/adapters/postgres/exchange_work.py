"""All of the exchange's tables as one unit of work."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from psycopg import OperationalError

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.acts import PostgresActs
from portability.adapters.postgres.database import Connection, Database, in_one_go
from portability.adapters.postgres.exchange_bundles import PostgresBundles, PostgresResends
from portability.adapters.postgres.exchange_findings import PostgresSettlements
from portability.adapters.postgres.exchange_inbox import PostgresInbox, PostgresOffsets
from portability.adapters.postgres.exchange_lanes import PostgresBusinessStatuses, PostgresLanes
from portability.adapters.postgres.exchange_openings import PostgresAcceptedBlind, PostgresOpenings
from portability.adapters.postgres.exchange_outbox import PostgresOutbox, keys_in_use
from portability.adapters.postgres.exchange_quarantine import PostgresQuarantine
from portability.adapters.postgres.exchange_receipt_alarms import PostgresReceiptAlarms
from portability.adapters.postgres.exchange_receipts import PostgresReceipts
from portability.adapters.postgres.exchange_reconciliations import (
    PostgresComparisonAlarms,
    PostgresReconciliationReport,
)
from portability.adapters.postgres.exchange_repair import PostgresDigests, PostgresGaps, PostgresReconciliations
from portability.adapters.postgres.exchange_sealings import PostgresSealings
from portability.adapters.postgres.exchange_timeline import PostgresTimeline
from portability.adapters.postgres.exchange_voids import PostgresVoidsReceived, PostgresVoidsSent
from portability.adapters.postgres.exchange_waiting import PostgresGivenUps, PostgresLanesWaiting
from portability.adapters.postgres.leases import PostgresLeases
from portability.adapters.postgres.log_staging import PostgresLogSink
from portability.agreements.errors import GatewayError

__all__ = ["PostgresExchangeWork", "exchange_unit_of_work"]


class PostgresExchangeWork:
    """One transaction over the exchange's tables; `connection` is there for the services that share it."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self.connection = connection
        self.outbox = PostgresOutbox(connection, at_rest)
        self.bundles = PostgresBundles(connection, at_rest)
        self.resends = PostgresResends(connection)
        self.receipts = PostgresReceipts(connection, at_rest)
        self.receipt_alarms = PostgresReceiptAlarms(connection)
        self.inbox = PostgresInbox(connection, at_rest)
        self.openings = PostgresOpenings(connection)
        self.offsets = PostgresOffsets(connection)
        self.leases = PostgresLeases(connection)
        self.quarantine = PostgresQuarantine(connection, at_rest)
        self.desk = self.quarantine
        self.held = self.inbox
        self.accepted_blind = PostgresAcceptedBlind(connection)
        self.lanes = PostgresLanes(connection)
        self.statuses = PostgresBusinessStatuses(connection)
        self.gaps = PostgresGaps(connection)
        self.digests = PostgresDigests(connection)
        self.reconciliations = PostgresReconciliations(connection)
        self.reconciliation_report = PostgresReconciliationReport(connection)
        self.comparison_alarms = PostgresComparisonAlarms(connection)
        self.settlements = PostgresSettlements(connection)
        self.sealings = PostgresSealings(connection)
        self.voids_sent = PostgresVoidsSent(connection)
        self.voids_received = PostgresVoidsReceived(connection)
        self.lanes_waiting = PostgresLanesWaiting(connection)
        self.given_up = PostgresGivenUps(connection)
        self.timeline = PostgresTimeline(connection)
        self.log = PostgresLogSink(connection)
        self.acts = PostgresActs(connection, at_rest)

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """A nested transaction: an error inside undoes what happened inside, then passes on."""
        return _savepoint(self.connection)

    def together(self) -> AbstractAsyncContextManager[None]:
        """A stretch in which writes are sent without waiting for one another; an error shows by its end."""
        return _together(self.connection)


@asynccontextmanager
async def _together(connection: Connection) -> AsyncIterator[None]:
    with keys_in_use():
        async with in_one_go(connection):
            yield


@asynccontextmanager
async def _savepoint(connection: Connection) -> AsyncIterator[None]:
    try:
        async with connection.transaction():
            yield
    except OperationalError as exc:
        # A deadlock, a lock not given, a lost connection: no fault of the message whose effect met it.
        raise GatewayError("The database gave up on a statement.", retryable=True) from exc


def exchange_unit_of_work(
    database: Database, at_rest: AtRest
) -> Callable[[], AbstractAsyncContextManager[PostgresExchangeWork]]:
    """Opens a transaction over the exchange's tables, as the relay and the consumer need it."""

    @asynccontextmanager
    async def work() -> AsyncIterator[PostgresExchangeWork]:
        # Taking in and sending on is the node's own work, whoever hands it in.
        async with database.transaction(acting="node") as connection:
            yield PostgresExchangeWork(connection, at_rest)

    return work
