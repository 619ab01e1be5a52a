"""One node, put together: the only place where ports meet the adapters that fill them.

open_node(settings)   database, keys, directory, event stream, use cases
node.run()            gRPC, relay, consumer, the worker's page, until cancelled (node.py)
serve(settings)       both, for `portability serve`
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.keys.authorities import DirectoryAuthorities
from portability.adapters.keys.node_keys import NodeKeys
from portability.adapters.keys.trust import DirectoryTrust
from portability.adapters.postgres.database import Database, migrate
from portability.adapters.postgres.embedded import start_embedded
from portability.adapters.postgres.exchange_work import exchange_unit_of_work
from portability.adapters.postgres.listening import PostgresOutboxSignal
from portability.adapters.postgres.log_store import log_unit_of_work
from portability.adapters.postgres.stream import PostgresStream
from portability.adapters.workers.code_delivery import QueuedCodeSender
from portability.agreements import packaged
from portability.agreements.errors import InputError
from portability.app.at_rest import open_at_rest
from portability.app.disk import free_part
from portability.app.exchange_observer import ExchangeObserver
from portability.app.keys import key_folder
from portability.app.logging import configure_logging
from portability.app.metrics import MetricsPage, NodeMetrics
from portability.app.node import Node, enter_directory
from portability.app.rpc.allowance import CallRates
from portability.app.rpc.credentials import NodeTls
from portability.app.rpc.identity import CallerFinder
from portability.app.rpc.interceptor import CallGate, CallLimits
from portability.app.rpc.observer import NodeObserver
from portability.app.rpc.server import NodeServer, ServerLimits
from portability.app.rpc_services import rpc_services
from portability.app.secret_file import secret
from portability.app.settings import Settings
from portability.app.text_door import Gateways, dialogue_of, open_gateways, text_door
from portability.app.trust import open_registry
from portability.app.wiring.access import node_policy
from portability.app.wiring.certificates import certificate_pages, certificate_use_cases
from portability.app.wiring.flows import NodeEffects
from portability.app.wiring.notices import NoticeByContact, notice_unit_of_work
from portability.app.wiring.parts import CaseParts
from portability.app.wiring.privacy import privacy_use_cases
from portability.app.wiring.sent_claims import claim_use_cases
from portability.app.wiring.takeout import takeout_use_cases
from portability.app.wiring.voice import voice_use_cases
from portability.app.wiring.workers import matter_unit_of_work, worker_unit_of_work
from portability.app.witnesses import witnesses_of
from portability.app.worker_page import WorkerPage
from portability.app.worker_topics import worker_topics
from portability.services.determination.treaties.in_force import Treaties
from portability.services.determination.treaties.reading import VersionReader
from portability.services.exchange.departures import Departures
from portability.services.exchange.limits import Limits
from portability.services.exchange.node import ExchangeNode
from portability.services.exchange.ports.world import Clock, EventStream, Observer
from portability.services.feed.ports import ChangeTopic
from portability.services.log.running import NodeLog
from portability.services.log.witnessing import WitnessRound, refuse_restored_state
from portability.services.notices.handlers import Notices
from portability.services.workers.matters.use_cases import MatterUseCases
from portability.services.workers.use_cases import WorkerUseCases

if TYPE_CHECKING:
    from portability.adapters.kafka.stream import KafkaStream

__all__ = ["databases", "open_node", "serve"]


@asynccontextmanager
async def open_node(
    settings: Settings,
    *,
    stream: EventStream | None = None,
    metrics: NodeMetrics | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Node]:
    """Open everything that a node needs; close it all, in order, at the end. `stream` is given where nodes share one.

    `clock` is the system's where none is given.

    Raises GatewayError (a server or file is missing), VerificationError (the directory) or InputError (a setting),
    each naming the next step.
    """
    institution = settings.required_institution()
    clock, metrics = clock or SystemClock(), metrics or NodeMetrics()
    async with AsyncExitStack() as opened:
        registry = await open_registry(settings.directory_path, data_folder=settings.data_folder, clock=clock)
        directory = registry.in_force
        url, stream_url, keys_url = databases(settings, opened)
        await asyncio.to_thread(migrate, url)
        database = await Database.open(url, pool_size=settings.database_connections, fenced=True)
        opened.push_async_callback(database.close)
        at_rest = await open_at_rest(
            keys_url, master_file=settings.data_folder / "master.key", clock=clock, opened=opened
        )
        if stream is None:
            stream = await _open_stream(settings, stream_url)
            opened.push_async_callback(stream.close)
        folder = await asyncio.to_thread(key_folder, settings, at=clock.now())
        keys = NodeKeys(await asyncio.to_thread(folder.load), directory.current, me=institution)
        trust = DirectoryTrust(directory.current, clock=clock)
        signal = PostgresOutboxSignal(database)
        opened.push_async_callback(signal.close)
        authorities = DirectoryAuthorities(directory.current, clock=clock)
        treaties = Treaties(authorities, VersionReader(), shipped=packaged)
        parts = CaseParts(institution, trust, directory.current, treaties, at_rest, clock, time_ordered_id)
        # A backup that was restored, or a stop between an erasure and its keys, is made good before anything is read.
        await privacy_use_cases(database, parts).replay()
        exchange = ExchangeNode(
            me=institution,
            process=time_ordered_id(),
            unit_of_work=exchange_unit_of_work(database, at_rest),
            stream=stream,
            keys=keys,
            trust=trust,
            clock=clock,
            new_id=time_ordered_id,
            observer=ExchangeObserver(metrics, node=institution),
        )
        departures = Departures(exchange)
        limits = _limits(settings, metrics)
        log = await _open_log(settings, database, keys=keys, trust=trust, observer=exchange.observer, clock=clock)
        await enter_directory(database, directory, clock)
        gateways = await open_gateways(settings, opened, clock)
        codes = QueuedCodeSender(gateways.codes, clock=clock)
        worker_work = worker_unit_of_work(database, parts)
        worker = WorkerUseCases(
            unit_of_work=worker_work,
            sender=codes,
            clock=clock,
            random_bytes=secrets.token_bytes,
            key=secret(settings.data_folder / "worker.key"),
        )
        voice = voice_use_cases(database, parts, minimum=settings.voice_minimum)
        dialogue = dialogue_of(worker, worker_work, voice, gateways)
        certificates = certificate_use_cases(
            database,
            parts,
            keys,
            address=settings.public_address,
            wallet_secret=secret(settings.data_folder / "wallets.key"),
        )
        claims = claim_use_cases(database, parts, limits=limits, zone=ZoneInfo(settings.time_zone))
        takeout = takeout_use_cases(database, parts, worker, certificates, claims, voice_minimum=settings.voice_minimum)
        tls = NodeTls(settings.tls_folder, institution, hosts=settings.hosts, clock=clock)
        server = NodeServer(
            settings.listen,
            credentials=tls.server_credentials(),
            gate=CallGate(
                callers=CallerFinder(worker, worker),
                policy=node_policy(settings, directory.current),
                observer=NodeObserver(metrics, node=institution),
                new_id=time_ordered_id,
                limits=CallLimits(unary_seconds=settings.call_seconds),
                rates=CallRates(system=settings.system_calls_per_second, others=settings.calls_per_second),
            ),
            services=rpc_services(
                exchange,
                departures=departures,
                log=log,
                database=database,
                registry=registry,
                worker=worker,
                certificates=certificates,
                takeout=takeout,
                claims=claims,
                parts=parts,
                limits=limits,
                receipt_times=settings.receipt_times,
                voice_minimum=settings.voice_minimum,
            ),
            limits=ServerLimits(message_bytes=settings.message_bytes, concurrent_calls=settings.concurrent_calls),
        )
        name = directory.current().institution(institution).name
        form_key = secret(settings.data_folder / "form.key")
        matters = MatterUseCases(matter_unit_of_work(database, parts))
        topics = (
            *worker_topics(database, parts, worker, takeout, claims, voice_minimum=settings.voice_minimum),
            *certificate_pages(certificates, parts),
        )
        page = (
            WorkerPage(settings, worker, *topics, matters=matters, institution_name=name, form_key=form_key)
            if settings.web_listen
            else None
        )
        if settings.metrics_listen:
            opened.enter_context(MetricsPage(settings.metrics_listen, metrics))
        yield Node(
            settings=settings,
            metrics=metrics,
            database=database,
            tls=tls,
            registry=registry,
            keys=keys,
            key_folder=folder,
            exchange=exchange,
            departures=departures,
            log=log,
            worker=worker,
            effects=NodeEffects(parts),
            parts=parts,
            server=server,
            page=page,
            dialogue=dialogue,
            notices=_notices(settings, database, parts, gateways),
            text_door=text_door(settings, gateways, dialogue),
            signal=signal,
            feed=await _open_feed(settings, opened) if settings.kafka_events else None,
            codes=codes,
        )


async def serve(settings: Settings) -> None:
    """Serve one node until cancelled."""
    metrics = NodeMetrics()
    configure_logging(level=settings.log_level, log_format=settings.log_format, on_dropped=metrics.log_fields_dropped)
    async with open_node(settings, metrics=metrics) as node:
        await node.run()


def _notices(settings: Settings, database: Database, parts: CaseParts, gateways: Gateways) -> Notices:
    file = settings.data_folder / "worker-notices.jsonl"
    return Notices(
        unit_of_work=notice_unit_of_work(database, parts),
        sender=NoticeByContact(database, parts.at_rest, gateways.sms, gateways.mail, file),
        clock=parts.clock,
        new_id=parts.new_id,
        zone=ZoneInfo(settings.time_zone),
    )


def _limits(settings: Settings, metrics: NodeMetrics) -> Limits:
    """What this node takes on at most."""
    free_disk = partial(free_part, settings.data_folder)
    metrics.gauge("portability_disk_free_ratio", "Free part of the volume of the data folder.", free_disk)
    return Limits(
        bytes_in_flight=settings.bytes_in_flight,
        least_free_disk=settings.least_free_disk_percent / 100,
        free_disk=free_disk,
    )


async def _open_log(
    settings: Settings, database: Database, *, keys: NodeKeys, trust: DirectoryTrust, observer: Observer, clock: Clock
) -> NodeLog:
    """The node's log; VerificationError where its witnesses have seen more of it than this database holds."""
    me = settings.required_institution()
    work = log_unit_of_work(database)
    witnesses = witnesses_of(settings.witnesses, me=me, tls_folder=settings.tls_folder)
    asked = WitnessRound(me, witnesses, work, trust, observer)
    await refuse_restored_state(asked)
    return NodeLog(me, work, keys, clock, asked, timedelta(seconds=settings.witness_seconds))


def databases(settings: Settings, opened: AsyncExitStack) -> tuple[str, str, str]:
    """URLs of the node's database, the stream's and the key table's; starts the embedded server where none is given."""
    served, stream, keys = (
        url.get_secret_value() for url in (settings.database_url, settings.stream_url, settings.keys_url)
    )
    if served:
        return served, stream or served, keys or served
    server = start_embedded(settings.data_folder / "postgres")
    opened.callback(server.stop)
    name = settings.required_institution().replace("-", "_")
    return (
        server.url_for(f"node_{name}"),
        stream or server.url_for("portability_stream"),
        keys or server.url_for(f"keys_{name}"),
    )


async def _open_feed(settings: Settings, opened: AsyncExitStack) -> ChangeTopic:
    if not settings.kafka:
        raise InputError(
            "PORTABILITY_KAFKA_EVENTS is true and PORTABILITY_KAFKA is not set: name the brokers, or leave it false; "
            "systems can watch changes over gRPC instead.",
            field="PORTABILITY_KAFKA_EVENTS",
        )
    from portability.adapters.kafka.feed import KafkaFeed  # noqa: PLC0415 (heavy, and not for every node)

    stream = await _open_kafka(settings)
    opened.push_async_callback(stream.close)
    return KafkaFeed(stream, node=settings.required_institution())


async def _open_kafka(settings: Settings) -> "KafkaStream":
    from portability.adapters.kafka.stream import KafkaStream  # noqa: PLC0415 (heavy, and not for every node)
    from portability.adapters.kafka.tls import KafkaTls  # noqa: PLC0415 (the same)

    files = settings.kafka_files
    if files is None:
        return await KafkaStream.open(settings.kafka)
    # Where brokers know who connects, inboxes and rights are made by their administrator (deploy/kafka/rights.py).
    return await KafkaStream.open(settings.kafka, tls=KafkaTls(*files), create_topics=False)


async def _open_stream(settings: Settings, stream_url: str) -> EventStream:
    if settings.kafka:
        return await _open_kafka(settings)
    return await PostgresStream.open(stream_url)
