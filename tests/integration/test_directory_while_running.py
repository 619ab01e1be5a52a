"""A real node takes a newer directory, new keys and a new certificate while it runs, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio

from portability.adapters.clock.system import SystemClock
from portability.adapters.keys.directory_file import DirectoryFile
from portability.adapters.keys.files import list_keys
from portability.adapters.keys.material import draw_key
from portability.adapters.keys.node_keys import KeyFolder
from portability.adapters.keys.ring import FileKeyRing
from portability.adapters.postgres.embedded import EmbeddedServer
from portability.api.registry.v1 import registry_pb2 as pb
from portability.api.registry.v1 import registry_pb2_grpc
from portability.app.demo.nodes import DemoNode, demo_nodes
from portability.app.rpc.client import open_channel
from portability.services.access import Role
from portability.services.registry.mapping.directory import decode_directory
from portability.services.registry.mapping.roots import encode_chain
from portability.services.registry.model import Directory, KeyPurpose
from portability.services.registry.roots import TrustChain
from portability.services.registry.signing import sign_directory

ME = "de-drv"


class RunningNode:
    """The node, and the keepers of its directory."""

    def __init__(self, desk: DemoNode, folder: Path) -> None:
        self.desk = desk
        self.node = desk.node
        self.folder = folder
        self._keepers = FileKeyRing.load(folder / "directory-keys")

    @property
    def in_force(self) -> Directory:
        return self.node.registry.in_force.current()

    async def signed(self, **changes: Any) -> TrustChain:
        """The newest directory, changed and signed by its keepers."""
        chain = await DirectoryFile(self.folder / "newest.directory").load()
        assert chain is not None
        directory = replace(decode_directory(chain.directory.content), **changes)
        ids = [key.key_id for key in self._keepers.role_keys()]
        return replace(chain, directory=sign_directory(directory, key_ids=ids, signer=self._keepers))

    async def until(self, version: int) -> None:
        async with asyncio.timeout(5):  # a revocation must have its effect in five seconds
            while self.in_force.version != version:  # noqa: ASYNC110 - the node's own task looks
                await asyncio.sleep(0.05)

    def stub(self, role: Role) -> Any:
        files = self.node.tls.caller(role, "keeper")
        return registry_pb2_grpc.RegistryServiceStub(open_channel(f"localhost:{self.node.port}", files))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: EmbeddedServer
) -> AsyncIterator[RunningNode]:
    folder = tmp_path_factory.mktemp("running")
    url = postgres_server.url_for("directory_while_running")
    async with demo_nodes(folder, kafka="", pages=False, database_url=url, only=ME) as desks:
        yield RunningNode(desks[ME], folder)


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_node_takes_newer_directories_from_its_file_and_over_the_rpc_and_never_older_ones(
    running: RunningNode,
) -> None:
    node, offered = running.node, DirectoryFile(running.folder / ME / "directory.bin")
    version = running.in_force.version
    await offered.save(await running.signed(version=version + 2))
    await running.until(version + 2)
    # An older one in its place changes nothing, nor does a broken file.
    await offered.save(await running.signed(version=version + 1))
    await asyncio.sleep(2.5)
    (running.folder / ME / "directory.bin").write_bytes(b"\x00broken")
    await asyncio.sleep(2.5)
    assert running.in_force.version == version + 2
    # Over the RPC, by an administrator only.
    newer = encode_chain(await running.signed(version=version + 3))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await running.stub(Role.CASEWORKER).InstallDirectory(pb.InstallDirectoryRequest(chain=newer))
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    stub = running.stub(Role.ADMINISTRATOR)
    done = await stub.InstallDirectory(pb.InstallDirectoryRequest(chain=newer))
    assert (done.directory_version, done.root_version) == (version + 3, 1)
    older = encode_chain(await running.signed(version=version + 1))
    with pytest.raises(grpc.aio.AioRpcError, match="never goes back"):
        await stub.InstallDirectory(pb.InstallDirectoryRequest(chain=older))
    kept = await DirectoryFile(node.settings.data_folder / "accepted.directory").load()
    assert kept is not None
    assert encode_chain(kept) == newer
    # Each that was in force is in the log, by the time the file is looked at again.
    await asyncio.sleep(2.5)
    async with node.database.transaction() as connection:
        found = await connection.execute(
            "SELECT count(DISTINCT digest), bool_or(digest = %b) FROM (SELECT kind, digest FROM log_entries "
            "UNION SELECT kind, digest FROM log_staged) AS entered WHERE kind = 'directory.version'",
            (sha256(kept.directory.content).digest(),),
        )
        assert await found.fetchone() == (3, True)


async def test_a_new_signing_key_is_used_as_soon_as_the_directory_names_it_and_a_revoked_one_no_more(
    running: RunningNode,
) -> None:
    now = SystemClock().now()
    folder = KeyFolder(running.folder / ME / "keys")
    folder.store(draw_key(KeyPurpose.SIGNING, not_before=now - timedelta(minutes=1), not_after=now + timedelta(9)))
    before = running.node.keys.signing_key_id(now)
    version = running.in_force.version
    keys = {one.key_id: one for one in list_keys(folder.path)}
    (new,) = [key for key in keys if key.startswith("sig") and key != before]
    for step, revoked in ((1, ""), (2, new)):
        institutions = tuple(
            replace(one, keys=tuple(replace(key, revoked=key.key_id == revoked) for key in keys.values()))
            if one.institution_id == ME
            else one
            for one in running.in_force.institutions
        )
        chain = await running.signed(version=version + step, institutions=institutions)
        await DirectoryFile(running.folder / ME / "directory.bin").save(chain)
        await running.until(version + step)
        async with asyncio.timeout(5):
            while running.node.keys.signing_key_id(now) != (before if revoked else new):  # noqa: ASYNC110 - the same
                await asyncio.sleep(0.05)


async def test_a_hundred_certificates_of_the_server_one_after_the_other_while_calls_run(running: RunningNode) -> None:
    tls = running.folder / ME / "tls"
    request, seen = pb.GetInstitutionRequest(institution_id=ME), set()
    stop = asyncio.Event()

    async def calls() -> int:
        made, stub = 0, running.stub(Role.CASEWORKER)
        while not stop.is_set():
            await stub.GetInstitution(request)
            made += 1
            await asyncio.sleep(0.02)  # below the rate that a node allows one caller
        return made

    async with asyncio.TaskGroup() as tasks:
        busy = tasks.create_task(calls())
        for _ in range(100):
            # As an operator forces it: without its files the server issues itself a new certificate at the next
            # handshake. A connection that is open goes on with the one it has seen.
            (tls / "server.crt").unlink(missing_ok=True)
            await running.stub(Role.CASEWORKER).GetInstitution(request)
            seen.add((tls / "server.crt").read_bytes())
        stop.set()
    assert busy.result() > 10
    assert len(seen) == 100
