"""Who may do what on a production broker: real Apache Kafka with production.properties and rights.py."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import ClusterAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError

from deploy.kafka import local_kafka, rights
from deploy.kafka.certificates import KafkaAuthority
from portability.adapters.kafka.stream import MAX_RECORD_BYTES, KafkaStream
from portability.adapters.kafka.tls import KafkaTls
from portability.agreements.errors import GatewayError
from portability.app.doctor import check_kafka
from portability.app.settings import load_settings
from portability.services.exchange.consumer import consume_once
from portability.services.exchange.mapping import wire
from portability.services.exchange.suites import BUNDLE_CONTEXT
from portability.services.hybrid import domain_separated
from tests.services.exchange.exchange_world import TestNode, World, make_keys, message_to

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.skipif(
        bool(local_kafka.missing()), reason=f"Apache Kafka needs {' and '.join(local_kafka.missing())} on this machine"
    ),
    # A connection that the driver gives up while it is being made, as it does on a slow machine, it does not close.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

INSTITUTIONS = ("de-drv", "it-inps", "ca-sc")
INBOX = "portability.exchange.v1."
SOON = timedelta(seconds=5)
NOW = datetime.now(UTC)  # noqa: TID251 (TLS reads the machine's clock)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kafka") / "certificates"
    authority = KafkaAuthority.open(folder, now=NOW)
    authority.issue("broker", now=NOW, hosts=("127.0.0.1", "localhost"))
    for name in ("administrator", *INSTITUTIONS, "ch-zas", "anybody", "User:administrator"):
        authority.issue(name, now=NOW)
    return folder


@pytest.fixture(scope="module")
def broker(certificates: Path) -> Iterator[local_kafka.KafkaBroker]:
    started = local_kafka.start_broker(secured=certificates)
    asked = rights.commands(started.bootstrap, str(started.administrator), INSTITUTIONS, replication=1)
    inboxes, others = asked[: len(INSTITUTIONS)], asked[len(INSTITUTIONS) :]
    with ThreadPoolExecutor(2) as workers:
        for part in (inboxes, others):
            list(workers.map(started.run_tool, part))
    yield started
    started.stop()


def tls(certificates: Path, name: str) -> KafkaTls:
    return KafkaTls(certificates / "authority.crt", certificates / f"{name}.crt", certificates / f"{name}.key")


@pytest.fixture
async def connect(broker: local_kafka.KafkaBroker, certificates: Path) -> AsyncIterator[Any]:
    opened: list[KafkaStream] = []

    async def one(name: str) -> KafkaStream:
        opened.append(await KafkaStream.open(broker.bootstrap, tls=tls(certificates, name), create_topics=False))
        return opened[-1]

    yield one
    for stream in opened:
        await stream.close()


async def values(stream: KafkaStream, institution: str) -> list[bytes]:
    found = await stream.read(
        INBOX + institution,
        after=dict.fromkeys(range(await stream.partitions(INBOX + institution)), -1),
        limit=1000,
        wait=SOON,
    )
    return [record.value for record in found]


async def test_a_partner_whose_inbox_was_not_made_keeps_the_others_waiting_for_a_moment_and_not_each_time(
    connect: Any,
) -> None:
    berlin = await connect("de-drv")
    loop = asyncio.get_running_loop()
    took = []
    for _ in range(3):
        started = loop.time()
        with pytest.raises(GatewayError):
            await berlin.append(f"{INBOX}fr-cnav", [(b"de-drv", b"bundle")])
        took.append(loop.time() - started)
        await berlin.append(f"{INBOX}it-inps", [(b"de-drv", b"bundle")])
    assert took[0] < 5
    assert max(took[1:]) < 1


async def test_a_partner_writes_and_the_owner_reads(connect: Any) -> None:
    partner, owner = await connect("it-inps"), await connect("de-drv")
    await partner.append(f"{INBOX}de-drv", [(b"it-inps", b"to de-drv")])
    assert b"to de-drv" in await values(owner, "de-drv")


async def test_a_full_bundle_fits_and_more_does_not(connect: Any) -> None:
    partner, owner = await connect("it-inps"), await connect("ca-sc")
    full = bytes(MAX_RECORD_BYTES - 1024)
    await partner.append(f"{INBOX}ca-sc", [(b"it-inps", full)])
    assert full in await values(owner, "ca-sc")
    with pytest.raises(GatewayError):
        await partner.append(f"{INBOX}ca-sc", [(b"it-inps", bytes(MAX_RECORD_BYTES + 1))])


async def test_nobody_but_its_owner_reads_an_inbox(connect: Any) -> None:
    await (await connect("ca-sc")).append(f"{INBOX}de-drv", [(b"ca-sc", b"not for others")])
    stream = await connect("it-inps")
    with pytest.raises(GatewayError) as refused:
        await values(stream, "de-drv")
    assert isinstance(refused.value.__cause__, TopicAuthorizationFailedError)


async def test_an_institution_without_rights_gets_no_further_than_its_certificate(connect: Any) -> None:
    # ch-zas has a certificate of the cluster, but nobody has given it rights.
    with pytest.raises(GatewayError, match="this institution's rights") as refused:
        await connect("ch-zas")
    assert isinstance(refused.value.__cause__, ClusterAuthorizationFailedError)


async def test_a_partner_makes_changes_and_deletes_nothing(
    broker: local_kafka.KafkaBroker, certificates: Path, connect: Any
) -> None:
    await (await connect("it-inps")).append(f"{INBOX}de-drv", [(b"it-inps", b"before")])
    client = AIOKafkaAdminClient(
        bootstrap_servers=broker.bootstrap, security_protocol="SSL", ssl_context=tls(certificates, "it-inps").context()
    )
    await client.start()
    try:
        topic = NewTopic(f"{INBOX}xx-mine", 1, 1)
        for attempt in (client.create_topics([topic]), client.delete_topics([f"{INBOX}de-drv"])):
            assert refused(await outcome(attempt))
    finally:
        await client.close()
    assert b"before" in await values(await connect("de-drv"), "de-drv")


async def outcome(attempt: Any) -> Any:
    try:
        return await attempt
    except KafkaError as error:
        return error


def refused(found: Any) -> bool:
    """29 is TOPIC_AUTHORIZATION_FAILED and 31 CLUSTER_AUTHORIZATION_FAILED of Kafka's protocol."""
    if isinstance(found, KafkaError):
        return found.errno in {29, 31}
    codes = {error[1] for error in getattr(found, "topic_errors", None) or found.topic_error_codes}
    return bool(codes) and codes <= {29, 31}


@pytest.mark.parametrize("name", ["anybody", "User:administrator"])
async def test_a_subject_that_is_no_institution_gets_no_connection(connect: Any, name: str) -> None:
    with pytest.raises(GatewayError, match="lets this node in"):
        await connect(name)


async def test_a_certificate_of_another_authority_gets_no_connection(
    broker: local_kafka.KafkaBroker, certificates: Path, tmp_path: Path
) -> None:
    foreign = KafkaAuthority.open(tmp_path, now=NOW)
    foreign.issue("de-drv", now=NOW)
    # It believes our brokers, but they do not believe its certificate.
    mixed = KafkaTls(certificates / "authority.crt", tmp_path / "de-drv.crt", tmp_path / "de-drv.key")
    with pytest.raises(GatewayError, match="lets this node in"):
        await KafkaStream.open(broker.bootstrap, tls=mixed, create_topics=False)


async def test_an_expired_certificate_gets_no_connection(
    broker: local_kafka.KafkaBroker, certificates: Path, tmp_path: Path
) -> None:
    for name in ("authority.crt", "authority.key"):
        (tmp_path / name).write_bytes((certificates / name).read_bytes())
    KafkaAuthority.open(tmp_path, now=NOW).issue("de-drv", now=NOW - timedelta(days=3), days=2)
    with pytest.raises(GatewayError, match="lets this node in"):
        await KafkaStream.open(broker.bootstrap, tls=tls(tmp_path, "de-drv"), create_topics=False)


async def test_without_a_certificate_or_without_tls_there_is_no_connection(
    broker: local_kafka.KafkaBroker, certificates: Path
) -> None:
    with pytest.raises(GatewayError, match="lets this node in"):
        await KafkaStream.open(broker.bootstrap, create_topics=False)
    host, port = broker.bootstrap.split(":")
    anonymous = ssl.create_default_context(cafile=str(certificates / "authority.crt"))
    with (
        socket.create_connection((host, int(port)), timeout=5) as plain,
        anonymous.wrap_socket(plain, server_hostname=host) as secured,
        # In TLS 1.3 the refusal comes with the first read.
        pytest.raises(ssl.SSLError, match=r"(?i)certificate"),
    ):
        secured.recv(1)


async def test_tls_1_2_is_refused(broker: local_kafka.KafkaBroker, certificates: Path) -> None:
    host, port = broker.bootstrap.split(":")
    older = tls(certificates, "de-drv").context()
    older.minimum_version, older.maximum_version = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2
    with socket.create_connection((host, int(port)), timeout=5) as plain, pytest.raises(ssl.SSLError):
        older.wrap_socket(plain, server_hostname=host)


def test_a_broker_of_another_authority_is_not_trusted(broker: local_kafka.KafkaBroker, tmp_path: Path) -> None:
    foreign = KafkaAuthority.open(tmp_path, now=NOW)
    foreign.issue("de-drv", now=NOW)
    host, port = broker.bootstrap.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as plain, pytest.raises(ssl.SSLCertVerificationError):
        tls(tmp_path, "de-drv").context().wrap_socket(plain, server_hostname=host)


async def test_a_length_of_a_gibibyte_closes_the_connection(
    broker: local_kafka.KafkaBroker, certificates: Path, connect: Any
) -> None:
    host, port = broker.bootstrap.split(":")
    with (
        socket.create_connection((host, int(port)), timeout=10) as plain,
        tls(certificates, "it-inps").context().wrap_socket(plain, server_hostname=host) as secured,
    ):
        secured.sendall(struct.pack(">i", 1024**3) + bytes(64))
        assert secured.recv(1) == b""
    await (await connect("it-inps")).append(f"{INBOX}de-drv", [(b"it-inps", b"still up")])


async def test_taking_the_rights_away_works_in_open_connections(broker: local_kafka.KafkaBroker, connect: Any) -> None:
    leaving, owner = await connect("ca-sc"), await connect("de-drv")
    await leaving.append(f"{INBOX}de-drv", [(b"ca-sc", b"last one")])
    for command in rights.farewell(broker.bootstrap, str(broker.administrator), ["ca-sc"]):
        await asyncio.to_thread(broker.run_tool, command)
    with pytest.raises(GatewayError):
        await leaving.append(f"{INBOX}de-drv", [(b"ca-sc", b"one more")])
    found = await values(owner, "de-drv")
    assert b"last one" in found
    assert b"one more" not in found
    for command in rights.commands(broker.bootstrap, str(broker.administrator), INSTITUTIONS, replication=1)[3:7]:
        await asyncio.to_thread(broker.run_tool, command)


async def test_the_doctor_connects_as_the_node_does(broker: local_kafka.KafkaBroker, certificates: Path) -> None:
    files = tls(certificates, "de-drv")
    named = load_settings(
        {
            "PORTABILITY_KAFKA": broker.bootstrap,
            "PORTABILITY_KAFKA_AUTHORITY": str(files.authority),
            "PORTABILITY_KAFKA_CERTIFICATE": str(files.certificate),
            "PORTABILITY_KAFKA_KEY": str(files.key),
        }
    )
    assert (await check_kafka(named)).ok
    assert not (await check_kafka(load_settings({"PORTABILITY_KAFKA": broker.bootstrap}))).ok


async def test_a_missing_certificate_is_said_by_name(tmp_path: Path) -> None:
    with pytest.raises(GatewayError, match="PORTABILITY_KAFKA_CERTIFICATE"):
        await KafkaStream.open("127.0.0.1:9", tls=KafkaTls(tmp_path / "a", tmp_path / "b", tmp_path / "c"))


async def test_the_limits_of_broker_topics_and_adapter_fit(broker: local_kafka.KafkaBroker) -> None:
    settings = (Path(local_kafka.__file__).parent / "production.properties").read_text()
    assert f"message.max.bytes={MAX_RECORD_BYTES}\n" in settings
    assert rights.MAX_RECORD_BYTES == MAX_RECORD_BYTES
    to = ["--bootstrap-server", broker.bootstrap, "--command-config", str(broker.administrator)]
    told = await asyncio.to_thread(broker.run_tool, ["kafka-topics.sh", *to, "--describe", "--topic", f"{INBOX}de-drv"])
    assert f"max.message.bytes={MAX_RECORD_BYTES}" in told


async def test_what_a_partner_writes_in_anothers_name_is_set_aside_and_the_rest_flows(
    broker: local_kafka.KafkaBroker, connect: Any
) -> None:
    """T21: it-inps may write, and whatever it writes, the signature says who sent."""
    world = World(make_keys())
    streams = {name: await connect(name) for name in INSTITUTIONS}
    berlin, rome, ottawa = (TestNode(world, name, streams[name]) for name in INSTITUTIONS)
    left = await values(streams["de-drv"], "de-drv")  # by earlier tests
    await ottawa.submit(message_to("de-drv", 1))
    await ottawa.relay()
    await taken(berlin, len(left) + 1)
    [known] = [one for one in await values(streams["de-drv"], "de-drv") if one not in left]
    sealed = wire.decode_sealed(known)
    ring = world.keys["it-inps"]
    covered = domain_separated(sealed.signed_head, context=BUNDLE_CONTEXT)
    signature = ring.sign(ring.signing_key_id(world.clock.now()), covered, context=BUNDLE_CONTEXT)
    forged = wire.encode_sealed(replace(sealed, signature=signature))
    await streams["it-inps"].append(f"{INBOX}de-drv", [(b"ca-sc", forged), (b"ca-sc", b"none"), (b"ca-sc", known)])
    await rome.submit(message_to("de-drv", 2))
    await rome.relay()
    await taken(berlin, 4)
    # The forged one and the one that is none are set aside; the genuine one is known, whoever wrote it again.
    assert len(await berlin.quarantined()) == len(left) + 2
    assert [one.sender for one in berlin.ledger.applied] == ["ca-sc", "it-inps"]


async def taken(node: TestNode, count: int) -> None:
    """Let the node take in so many records."""
    async with asyncio.timeout(60):
        while count > 0:
            count -= await consume_once(node.exchange, node.ledger, wait=SOON)
    assert count == 0


async def test_a_flood_of_one_partner_slows_that_partner_and_nobody_else(
    broker: local_kafka.KafkaBroker, connect: Any
) -> None:
    to = ["--bootstrap-server", broker.bootstrap, "--command-config", str(broker.administrator)]
    everybody = ["kafka-configs.sh", *to, "--describe", "--entity-type", "users", "--entity-default"]
    assert "producer_byte_rate=2.097152E7" in await asyncio.to_thread(broker.run_tool, everybody)  # 20 MiB a second
    # One partner gets less, as an administrator would give it: a rate that a test is over at once.
    less = ["kafka-configs.sh", *to, "--alter", "--entity-type", "users", "--entity-name", "ca-sc", "--add-config"]
    await asyncio.to_thread(broker.run_tool, [*less, "producer_byte_rate=131072"])
    flooding, other = await connect("ca-sc"), await connect("it-inps")
    seconds = {}
    for name, stream in (("ca-sc", flooding), ("it-inps", other)):
        begun = asyncio.get_running_loop().time()
        for _ in range(3):
            await stream.append(f"{INBOX}de-drv", [(name.encode(), bytes(1024 * 1024))])
        seconds[name] = asyncio.get_running_loop().time() - begun
    # The broker measures over 11 s: 2 MiB are 186 KiB a second, 0.45 more than allowed, so it waits 0.45 x 11 = 5 s.
    print(f"3 MiB under a quota of 128 KiB a second: {seconds['ca-sc']:.1f} s; without: {seconds['it-inps']:.1f} s")
    assert seconds["ca-sc"] > 3 > seconds["it-inps"]
