"""Three nodes for the demo: keys, a directory signed with test keys, settings, and all of it kept up together."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import LiteralString

from portability.adapters.clock.system import SystemClock
from portability.adapters.keys.directory_file import DirectoryFile
from portability.adapters.keys.files import list_keys
from portability.adapters.keys.node_keys import KeyFolder
from portability.adapters.keys.ring import FileKeyRing
from portability.adapters.postgres.embedded import in_database, start_embedded
from portability.adapters.postgres.stream import PostgresStream
from portability.app.bootstrap import open_node
from portability.app.demo.story import INSTITUTIONS, Institution
from portability.app.demo.treaties import DemoAuthority, Ratified, draw_authorities, publish_and_ratify
from portability.app.keys import draw_missing
from portability.app.node import Node
from portability.app.rpc.client import DeadlineChannel, open_channel
from portability.app.settings import Settings, load_settings
from portability.app.trust import save_anchor
from portability.app.witnesses import PeerWitness
from portability.services.access import Role
from portability.services.exchange.ports.world import Clock, EventStream
from portability.services.registry import model as registry
from portability.services.registry.mapping.directory import decode_directory
from portability.services.registry.roots import RoleKeys, Root, Signed, TrustChain
from portability.services.registry.signing import sign_directory, sign_root

__all__ = ["DemoNode", "demo_nodes", "drop_databases"]

DIRECTORY_LIFE = timedelta(days=30)
ROOT_LIFE = timedelta(days=365)
SINCE = date(2000, 1, 1)


@dataclass(slots=True)
class DemoNode:
    """A node with the people who work at it: a caseworker and the institution's own system, each with a channel."""

    institution: Institution
    node: Node
    caseworker: DeadlineChannel
    system: DeadlineChannel
    ratified: tuple[Ratified, ...] = ()


@asynccontextmanager
async def demo_nodes(
    folder: Path,
    *,
    kafka: str,
    pages: bool,
    database_url: str = "",
    only: str = "",
    institutions: Sequence[Institution] = INSTITUTIONS,
    clock: Clock | None = None,
    directory_life: timedelta = DIRECTORY_LIFE,
) -> AsyncIterator[dict[str, DemoNode]]:
    """Running nodes by institution id, or those that `only` names, with commas between; all ends with the block.

    `clock` is the system's where none is given.
    """
    clock = clock or SystemClock()
    rings = {one.institution_id: _keys(folder / one.institution_id / "keys", clock) for one in institutions}
    authorities = draw_authorities(folder / "authorities")
    await _sign_directory(folder, institutions, rings, authorities, clock=clock, life=directory_life)
    async with AsyncExitStack() as opened:
        urls, stream = await _databases(folder, institutions, opened, kafka=kafka, served=database_url)
        nodes = {}
        for one in institutions:
            if only and one.institution_id not in only.split(","):
                continue
            settings = _settings(folder, one, database_url=urls[one.institution_id], pages=pages)
            nodes[one.institution_id] = await opened.enter_async_context(
                open_node(settings, stream=stream, clock=clock)
            )
        running = await opened.enter_async_context(asyncio.TaskGroup())
        tasks = [running.create_task(node.run(), name=name) for name, node in nodes.items()]
        for node in nodes.values():
            await node.started.wait()
        _witness_each_other(nodes)
        try:
            named = {one.institution_id: one for one in institutions}
            desks = {name: await _with_people(node, named[name], opened) for name, node in nodes.items()}
            for desk in desks.values():
                desk.ratified = await _ratify(desk.node, authorities, clock)
            yield desks
        finally:
            for task in tasks:
                task.cancel()


def _witness_each_other(nodes: Mapping[str, Node]) -> None:
    """Each node's log is cosigned by the others, now that their ports are known."""
    for name, node in nodes.items():
        for other, witness in nodes.items():
            if other != name:
                files = witness.tls.caller(Role.PEER, f"node-of-{name}", institution=name)
                node.witnessed_by(PeerWitness(other, f"localhost:{witness.port}", files, log_of=name))


async def _with_people(node: Node, institution: Institution, opened: AsyncExitStack) -> DemoNode:
    target = f"localhost:{node.port}"
    people = node.tls.caller(Role.CASEWORKER, institution.official), node.tls.caller(Role.SYSTEM, "pension-system")
    caseworker, system = (open_channel(target, files) for files in people)
    opened.push_async_callback(caseworker.close)
    opened.push_async_callback(system.close)
    return DemoNode(institution, node, caseworker, system)


async def _ratify(node: Node, authorities: Mapping[str, DemoAuthority], clock: Clock) -> tuple[Ratified, ...]:
    """The node's administrator publishes the agreements and hands in the ratifications of both states of each."""
    files = node.tls.caller(Role.ADMINISTRATOR, "treaty-desk")
    async with open_channel(f"localhost:{node.port}", files) as administrator:
        return await publish_and_ratify(administrator, authorities, now=clock.now())


async def _databases(
    folder: Path, institutions: Sequence[Institution], opened: AsyncExitStack, *, kafka: str, served: str
) -> tuple[dict[str, str], EventStream]:
    """A database for each node and the event stream that they share."""
    names = _database_names(folder, institutions)
    if served:
        urls = {key: in_database(served, name) for key, name in names.items()}
        _with_databases(served, names.values(), "CREATE DATABASE {}", there=False)
    else:
        server = await asyncio.to_thread(start_embedded, folder / "pg")
        opened.callback(server.stop)
        urls = {key: server.url_for(name) for key, name in names.items()}
    stream: EventStream
    if kafka:
        from portability.adapters.kafka.stream import KafkaStream  # noqa: PLC0415 (heavy)

        stream = await KafkaStream.open(kafka)
    else:
        stream = await PostgresStream.open(urls["stream"])
    opened.push_async_callback(stream.close)
    return urls, stream


def drop_databases(folder: Path, served: str) -> None:
    """Remove what a demo in `folder` left on a served PostgreSQL: without the folder's keys nobody can read it."""
    _with_databases(served, _database_names(folder, INSTITUTIONS).values(), "DROP DATABASE {} WITH (FORCE)", there=True)


def _database_names(folder: Path, institutions: Sequence[Institution]) -> dict[str, str]:
    """By institution, and the event stream's. The folder keeps the keys of what lies in them, and so names them."""
    ends = [one.institution_id for one in institutions] + ["stream"]
    return {end: f"{folder.resolve().name}_{end}".replace("-", "_") for end in ends}


def _with_databases(served: str, names: Iterable[str], statement: LiteralString, *, there: bool) -> None:
    """Carry out `statement` for each name that is there, or is not."""
    from psycopg import connect, sql  # noqa: PLC0415 (heavy)

    with connect(served, autocommit=True) as admin:
        for name in names:
            found = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
            if (found is not None) is there:
                admin.execute(sql.SQL(statement).format(sql.Identifier(name)))


def _free_port() -> int:
    """Certificates name the address of the page, so it is known before the page is served."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _settings(folder: Path, one: Institution, *, database_url: str, pages: bool) -> Settings:
    gateways = folder / one.institution_id / "gateways.yaml"
    if pages:
        _describe_gateways(gateways)
    page = f"127.0.0.1:{_free_port()}" if pages else "off"
    return load_settings(
        {},
        text_listen="127.0.0.1:0" if pages else "off",
        text_gateways=gateways if pages else None,
        institution=one.institution_id,
        data_folder=folder / one.institution_id,
        directory_file=folder / one.institution_id / "directory.bin",
        database_url=database_url,
        listen="127.0.0.1:0",
        web_listen=page,
        public_address=f"http://{page}" if pages else "https://certificates.example",
        metrics_listen="off",
        stop_seconds=1.0,
        log_level="ERROR",
    )


def _describe_gateways(file: Path) -> None:
    """A gateway of USSD alone: codes go into the outbox file."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(f"secret: {secrets.token_urlsafe(24)}\n", encoding="ascii")


async def _sign_directory(
    folder: Path,
    institutions: Sequence[Institution],
    rings: dict[str, FileKeyRing],
    authorities: Mapping[str, DemoAuthority],
    *,
    clock: Clock,
    life: timedelta,
) -> None:
    """A directory of the institutions and of their states' authorities, signed with test keys, for each node."""
    now = clock.now()
    newest = DirectoryFile(folder / "newest.directory")
    before = await newest.load()
    keepers = _keys(folder / "directory-keys", clock)
    directory = registry.Directory(
        version=1 if before is None else decode_directory(before.directory.content).version + 1,
        issued_at=now,
        expires_at=now + life,
        institutions=tuple(
            registry.Institution(
                institution_id=one.institution_id,
                name=one.name,
                country=one.country,
                competences=(registry.Competence(one.branch, SINCE),),
                keys=rings[one.institution_id].public_keys(),
            )
            for one in institutions
        ),
        authorities=tuple(one.public for one in authorities.values()),
    )
    signed = sign_directory(directory, key_ids=[key.key_id for key in keepers.role_keys()], signer=keepers)
    roots = _roots(folder, keepers, clock) if before is None else before.roots
    chain = TrustChain(roots, signed)
    await newest.save(chain)
    for one in institutions:
        save_anchor(folder / one.institution_id / "root.bin", roots[0])
        await DirectoryFile(folder / one.institution_id / "directory.bin").save(chain)


def _keys(folder: Path, clock: Clock) -> FileKeyRing:
    """The keys of a folder, with those that are missing today drawn."""
    kept = KeyFolder(folder)
    draw_missing(kept, list_keys(folder) if kept.names() else (), at=clock.now())
    return kept.load()


def _roots(folder: Path, keepers: FileKeyRing, clock: Clock) -> tuple[Signed, ...]:
    """The first root: one test key for roots, one for directories. In earnest each role has several people."""
    now, ring = clock.now(), _keys(folder / "root-keys", clock)
    root = Root(1, now, now + ROOT_LIFE, RoleKeys(1, ring.role_keys()), RoleKeys(1, keepers.role_keys()))
    return (sign_root(root, key_ids=[key.key_id for key in ring.role_keys()], signer=ring),)
