"""Two whole nodes over mTLS: one cosigns the other's log, shows it, and stops it where its database was set back."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import grpc
import psycopg
import pytest
from psycopg import sql

from portability.adapters.postgres.embedded import EmbeddedServer
from portability.adapters.postgres.log_staging import PostgresLogSink
from portability.agreements.errors import VerificationError
from portability.api.log.v1 import log_pb2 as pb
from portability.api.log.v1 import log_pb2_grpc
from portability.app.node import Node
from portability.app.rpc.client import open_channel
from portability.services.access import Role
from portability.services.log.checkpoint import verify_cosignature, verify_log_signature
from portability.services.log.model import origin_of, witness_of
from portability.services.log.running import log_once
from portability.services.log_entry import LogEntry, LogEntryKind
from portability.services.merkle import leaf_hash, root_of
from tests.integration.witnessed_nodes import open_nodes, prepare

BERLIN, ROME = "de-drv", "it-inps"


async def grow(node: Node, count: int, tag: str) -> int:
    """Enter administrative acts, sign, and have it cosigned; return how many witnesses did."""
    at = node.exchange.clock.now()
    digests = [sha256(f"{tag} {number}".encode()).digest() for number in range(count)]
    async with node.database.transaction() as connection:
        await PostgresLogSink(connection).append([LogEntry(LogEntryKind.ADMINISTRATION, one, at) for one in digests])
    signed = await log_once(node.log)
    assert signed is not None
    return await node.log.witnesses.gather(signed)


def copy_of(url: str, name: str, server: EmbeddedServer) -> str:
    """The database as it is now, under another name: what a backup keeps."""
    source = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(server.url_for("postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(str(source)))
        )
    return server.url_for(name)


async def test_a_node_cosigns_another_and_refuses_its_restored_database(
    tmp_path: Path, new_database: Callable[[], str], postgres_server: EmbeddedServer
) -> None:
    await prepare(tmp_path)
    urls = {BERLIN: new_database(), ROME: new_database()}
    stream_url = new_database()
    async with open_nodes(tmp_path, urls, stream_url) as (berlin, _):
        assert await grow(berlin, 300, "before the backup") == 1
    backup = copy_of(urls[BERLIN], "backup_of_berlin", postgres_server)
    async with open_nodes(tmp_path, urls, stream_url) as (berlin, rome):
        assert await grow(berlin, 5, "after the backup") == 1
        note = await berlin.log.witnesses.witnesses[0].newest(origin_of(BERLIN))
        assert note is not None
        keys = {name: rome.exchange.trust.log_keys(name) for name in (BERLIN, ROME)}
        # The directory's version is the first entry: 1 + 300 + 5.
        assert verify_log_signature(note, origin=origin_of(BERLIN), keys=keys[BERLIN])[0].size == 306
        verify_cosignature(note, name=witness_of(ROME), keys=keys[ROME])
    with pytest.raises(VerificationError, match=r"has 301 entries, but witness 'it-inps' has cosigned 306: .* Restore"):
        async with open_nodes(tmp_path, {**urls, BERLIN: backup}, stream_url):
            raise AssertionError("the node started on an older copy of its database")


async def test_the_log_is_read_as_tiles_and_a_peer_offers_only_its_own(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    await prepare(tmp_path)
    async with open_nodes(tmp_path, {BERLIN: new_database(), ROME: new_database()}, new_database()) as (berlin, rome):
        await grow(rome, 299, "rome")
        await grow(berlin, 2, "berlin")
        target = berlin.log.witnesses.witnesses[0].target
        files = rome.tls.caller(Role.ADMINISTRATOR, "karl")
        async with open_channel(target, files) as channel:
            log = log_pb2_grpc.LogServiceStub(channel)

            async def read(path: str) -> bytes:
                return (await log.ReadLog(pb.ReadLogRequest(path=path))).content

            checkpoint, _ = verify_log_signature(
                await read("checkpoint"), origin=origin_of(ROME), keys=rome.exchange.trust.log_keys(ROME)
            )
            assert checkpoint.size == 300
            leaves = (await read("tile/0/000")) + (await read("tile/0/001.p/44"))
            hashes = [leaves[at : at + 32] for at in range(0, len(leaves), 32)]
            assert root_of(hashes) == checkpoint.root
            assert await read("tile/1/000.p/1") == root_of(hashes[:256])
            entries = await read("tile/entries/001.p/44")
            length = int.from_bytes(entries[:2], "big")
            assert leaf_hash(entries[2 : 2 + length]) == hashes[256]
            for path in ("tile/0/001", "tile/0/001.p/45", "tile/2/000.p/1", "tile/entries/002.p/1"):
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await read(path)
                assert caught.value.code() is grpc.StatusCode.NOT_FOUND, path
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await log_pb2_grpc.WitnessServiceStub(channel).AddCheckpoint(
                    pb.AddCheckpointRequest(checkpoint=b"note")
                )
            assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
        peer = berlin.log.witnesses.witnesses[0].files
        async with open_channel(target, peer) as channel:
            witness = log_pb2_grpc.WitnessServiceStub(channel)
            own = (await witness.GetCheckpoint(pb.GetCheckpointRequest(institution=BERLIN))).checkpoint
            assert (await witness.AddCheckpoint(pb.AddCheckpointRequest(old_size=3, checkpoint=own))).cosignature
            with pytest.raises(grpc.aio.AioRpcError) as caught:  # Rome's checkpoint, offered by Berlin
                others = (
                    await log_pb2_grpc.LogServiceStub(channel).ReadLog(pb.ReadLogRequest(path="checkpoint"))
                ).content
                await witness.AddCheckpoint(pb.AddCheckpointRequest(checkpoint=others))
            assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
