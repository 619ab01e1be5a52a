"""A node that runs: which parts each of its roles starts, and what it clears away by the hour."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from portability.adapters.keys.node_keys import KeyFolder, NodeKeys, follow_keys
from portability.adapters.postgres.change_store import change_unit_of_work
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.listening import PostgresOutboxSignal
from portability.adapters.postgres.log_staging import PostgresLogSink
from portability.adapters.postgres.texting_store import PostgresConversations
from portability.adapters.postgres.workers_store import PostgresSignInHousekeeping
from portability.adapters.workers.code_delivery import QueuedCodeSender
from portability.agreements.errors import GatewayError
from portability.app.http_part import HttpPart
from portability.app.metrics import NodeMetrics
from portability.app.rpc.credentials import NodeTls
from portability.app.rpc.server import NodeServer
from portability.app.settings import NodeRole, Settings
from portability.app.trust import follow_directory
from portability.app.wiring.flows import NodeEffects, run_clock
from portability.app.wiring.notices import NoticeGauges, run_notices
from portability.app.wiring.parts import CaseParts
from portability.app.witnesses import PeerWitness
from portability.app.worker_page import WorkerPage
from portability.services.exchange.comparison_watch import run_comparison_watch
from portability.services.exchange.consumer import run_consumer
from portability.services.exchange.departures import Departures
from portability.services.exchange.lane_watch import run_lane_watch
from portability.services.exchange.node import ExchangeNode
from portability.services.exchange.ports.world import Clock
from portability.services.exchange.receipt_watch import run_receipt_watch
from portability.services.exchange.relay import run_relay
from portability.services.exchange.repair import run_repair
from portability.services.exchange.voids import run_voids
from portability.services.feed.ports import ChangeTopic
from portability.services.feed.publishing import forget_changes, run_feed
from portability.services.log.running import NodeLog, run_log
from portability.services.log_entry import LogEntryKind, entry_of
from portability.services.notices.handlers import Notices
from portability.services.registry.handlers import DirectoryInForce, Registry
from portability.services.workers.handlers import forget_expired_sign_ins
from portability.services.workers.texting.dialogue import Dialogue
from portability.services.workers.use_cases import WorkerUseCases

if TYPE_CHECKING:
    pass

__all__ = ["Node", "enter_directory"]

HOUSEKEEPING = timedelta(hours=1)
CONVERSATION_REST = timedelta(days=30)


@dataclass(slots=True, kw_only=True)
class Node:
    """An institution's node with its parts in reach; `run` serves it until cancelled."""

    settings: Settings
    metrics: NodeMetrics
    database: Database
    tls: NodeTls
    registry: Registry
    keys: NodeKeys
    key_folder: KeyFolder
    exchange: ExchangeNode
    departures: Departures
    log: NodeLog
    worker: WorkerUseCases
    effects: NodeEffects
    parts: CaseParts
    server: NodeServer
    page: WorkerPage | None
    dialogue: Dialogue
    notices: Notices
    text_door: HttpPart | None
    signal: PostgresOutboxSignal
    feed: ChangeTopic | None
    codes: QueuedCodeSender
    port: int = 0
    started: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Serve until cancelled, then let running calls end within the grace period."""
        role = self.settings.role
        try:
            async with asyncio.TaskGroup() as tasks:
                offered, observer = self.settings.directory_path, self.exchange.observer
                following = follow_directory(self.registry, offered, observer, self._enter_directory)
                tasks.create_task(following, name="directory")
                following = follow_keys(self.keys, self.key_folder, self.exchange.clock, observer)
                tasks.create_task(following, name="keys")
                if role in (NodeRole.ALL, NodeRole.RELAY):
                    tasks.create_task(run_relay(self.exchange, self.signal), name="relay")
                    tasks.create_task(run_repair(self.exchange), name="repair")
                    tasks.create_task(run_comparison_watch(self.exchange), name="comparisons")
                    watching = run_receipt_watch(self.exchange, times=self.settings.receipt_times)
                    tasks.create_task(watching, name="receipts")
                    tasks.create_task(run_log(self.log), name="log")
                    tasks.create_task(run_clock(self.database, self.parts), name="clock")
                    tasks.create_task(run_notices(self.notices, NoticeGauges(self.metrics)), name="notices")
                    if self.feed is not None:
                        work = change_unit_of_work(self.database)
                        tasks.create_task(run_feed(unit_of_work=work, topic=self.feed), name="feed")
                if role in (NodeRole.ALL, NodeRole.CONSUMER):
                    tasks.create_task(run_consumer(self.exchange, self.effects), name="consumer")
                    longest = timedelta(hours=self.settings.lane_wait_hours)
                    tasks.create_task(run_voids(self.exchange, self.effects), name="voids")
                    tasks.create_task(run_lane_watch(self.exchange, longest=longest), name="lanes")
                if role in (NodeRole.ALL, NodeRole.RPC):
                    self.port = await self.server.start()
                    tasks.create_task(self.departures.run(), name="departures")
                    tasks.create_task(self.codes.run(), name="codes")
                    tasks.create_task(self._forget_what_is_over(), name="housekeeping")
                    tasks.create_task(self.server.wait(), name="rpc")
                    if self.page is not None:
                        tasks.create_task(self.page.run(), name="page")
                    if self.text_door is not None:
                        tasks.create_task(self.text_door.run(), name="texts")
                self.started.set()
        finally:
            await self.server.stop(grace_seconds=self.settings.stop_seconds)

    def witnessed_by(self, witness: PeerWitness) -> None:
        """Have the log cosigned by one more witness from its next checkpoint on."""
        witnesses = (*self.log.witnesses.witnesses, witness)
        self.log.witnesses = replace(self.log.witnesses, witnesses=witnesses)

    async def _enter_directory(self) -> None:
        await enter_directory(self.database, self.registry.in_force, self.exchange.clock)

    async def _forget_what_is_over(self) -> None:
        """Delete sign-in codes, sessions, counts and pointers to changes that are over, every hour."""
        while True:
            try:
                async with self.database.transaction() as connection:
                    housekeeping = PostgresSignInHousekeeping(connection)
                    await forget_expired_sign_ins(housekeeping=housekeeping, clock=self.exchange.clock)
                    conversations = PostgresConversations(connection)
                    await conversations.forget_unused(at=self.exchange.clock.now(), unused=CONVERSATION_REST)
                await forget_changes(
                    work=partial(change_unit_of_work(self.database), True),
                    before=self.exchange.clock.now() - timedelta(days=self.settings.feed_days),
                    published=self.settings.kafka_events,
                )
            except GatewayError as error:
                if not error.retryable:
                    raise
            await asyncio.sleep(HOUSEKEEPING.total_seconds())


async def enter_directory(database: Database, directory: DirectoryInForce, clock: Clock) -> None:
    """The directory that the node goes by is in its log; once, however often it starts."""
    trust = directory.trust()
    if trust is not None:
        async with database.transaction() as connection:
            entry = entry_of(LogEntryKind.DIRECTORY_VERSION, trust.chain.directory.content, at=clock.now())
            await PostgresLogSink(connection).append([entry])
