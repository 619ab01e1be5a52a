"""Whole nodes of two institutions under one directory, opened and closed at will; one may witness the other."""

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from portability.adapters.clock.system import SystemClock
from portability.adapters.keys.directory_file import DirectoryFile
from portability.adapters.keys.ring import FileKeyRing
from portability.adapters.postgres.stream import PostgresStream
from portability.app.bootstrap import open_node
from portability.app.node import Node
from portability.app.settings import Settings, load_settings
from portability.app.trust import save_anchor
from portability.app.witnesses import peer_files
from portability.services.access import Role
from portability.services.registry.model import Directory, Institution
from portability.services.registry.roots import RoleKeys, Root, TrustChain
from portability.services.registry.signing import sign_directory, sign_root

__all__ = ["open_nodes", "prepare", "settings_of"]

NAMES = ("de-drv", "it-inps")


async def prepare(folder: Path) -> None:
    """Keys for both, and a directory that names them."""
    clock = SystemClock()
    now, ends = clock.now(), clock.now() + timedelta(days=1)
    rings = {name: _draw(folder / name / "keys", clock) for name in NAMES}
    keepers = _draw(folder / "keepers", clock)
    roots = _draw(folder / "root-keys", clock)
    root = Root(1, now, ends, RoleKeys(1, roots.role_keys()), RoleKeys(1, keepers.role_keys()))
    anchor = sign_root(root, key_ids=[key.key_id for key in roots.role_keys()], signer=roots)
    institutions = [
        Institution(name, name.upper(), name[:2].upper(), keys=ring.public_keys()) for name, ring in rings.items()
    ]
    directory = Directory(1, now, ends, tuple(institutions))
    signed = sign_directory(directory, key_ids=[key.key_id for key in keepers.role_keys()], signer=keepers)
    for name in NAMES:
        save_anchor(folder / name / "root.bin", anchor)
        await DirectoryFile(folder / name / "directory.bin").save(TrustChain((anchor,), signed))


def _draw(folder: Path, clock: SystemClock) -> FileKeyRing:
    now = clock.now()
    return FileKeyRing.generate(folder, not_before=now - timedelta(minutes=5), not_after=now + timedelta(days=1))


def settings_of(folder: Path, name: str, database_url: str, **changes: object) -> Settings:
    return load_settings(
        {},
        institution=name,
        data_folder=folder / name,
        directory_file=folder / name / "directory.bin",
        database_url=database_url,
        listen="127.0.0.1:0",
        web_listen="off",
        metrics_listen="off",
        stop_seconds=0.5,
        log_level="ERROR",
        **changes,
    )


@asynccontextmanager
async def open_nodes(folder: Path, urls: dict[str, str], stream_url: str) -> AsyncIterator[tuple[Node, Node]]:
    """Rome serves RPCs; Berlin has Rome as its witness and runs nothing by itself."""
    async with AsyncExitStack() as opened:
        stream = await PostgresStream.open(stream_url)
        opened.push_async_callback(stream.close)
        rome = await opened.enter_async_context(
            open_node(settings_of(folder, "it-inps", urls["it-inps"]), stream=stream)
        )
        port = await rome.server.start()
        opened.push_async_callback(rome.server.stop, grace_seconds=0)
        _hand_over(rome, folder / "de-drv" / "tls")
        own = settings_of(folder, "de-drv", urls["de-drv"], witnesses=f"it-inps=localhost:{port}")
        berlin = await opened.enter_async_context(open_node(own, stream=stream))
        yield berlin, rome


def _hand_over(witness: Node, tls_folder: Path) -> None:
    """The witness's administrator issues the peer certificate; the other's puts it where the node looks."""
    issued = witness.tls.caller(Role.PEER, "node-1", institution="de-drv")
    wanted = peer_files(tls_folder, "it-inps")
    wanted.authority.parent.mkdir(parents=True, exist_ok=True)
    for made, place in zip(
        (issued.authority, issued.certificate, issued.key),
        (wanted.authority, wanted.certificate, wanted.key),
        strict=True,
    ):
        shutil.copy(made, place)
