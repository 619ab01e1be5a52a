"""T20 and T22: without the right certificate no call reaches a handler; with a revoked one, not for longer than 5 s."""

import asyncio
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import grpc
import pytest

from portability.adapters.access.own_forbids import forbid_caller
from portability.adapters.clock.system import SystemClock
from portability.app.rpc.credentials import Authority, CallerFiles, IssuedCertificate, NodeTls
from portability.services.access import Role
from tests.attacks.conftest import Victim
from tests.attacks.victim import SERVICE

PING, WATCH = f"/{SERVICE}/Ping", f"/{SERVICE}/Watch"
HEALTH = "/grpc.health.v1.Health/Check"
NOW = datetime.now(UTC)  # noqa: TID251 (TLS reads the machine's clock)


def kept(victim: Victim, issued: IssuedCertificate, name: str) -> CallerFiles:
    files = CallerFiles(
        victim.folder / "tls/authority.crt", victim.folder / f"{name}.crt", victim.folder / f"{name}.key"
    )
    files.certificate.write_bytes(issued.certificate)
    files.key.write_bytes(issued.key)
    return files


def wrong_callers(victim: Victim) -> dict[str, grpc.ChannelCredentials | None]:
    """Each way of not being a caller of this node."""
    own, foreign = victim.tls.authority, Authority.create("de-drv", now=NOW)
    old = own.issue_caller(Role.CASEWORKER, "anna", now=NOW - timedelta(days=8))
    early = own.issue_caller(Role.CASEWORKER, "anna", now=NOW + timedelta(days=1))
    of_another = Authority.load(own.issued(), "it-inps").issue_caller(Role.CASEWORKER, "anna", now=NOW)
    issued = {
        "of a foreign authority of the same name": foreign.issue_caller(Role.CASEWORKER, "anna", now=NOW),
        "expired": old,
        "not valid yet": early,
        "of a server": own.issue_server(("localhost",), now=NOW),
        "of another institution": of_another,
    }
    credentials: dict[str, grpc.ChannelCredentials | None] = {
        name: kept(victim, one, str(number)).channel_credentials() for number, (name, one) in enumerate(issued.items())
    }
    return credentials | {"none": grpc.ssl_channel_credentials(own.certificate_pem()), "no TLS": None}


async def test_no_call_reaches_a_handler_without_the_right_certificate(victim: Victim) -> None:
    for name, credentials in wrong_callers(victim).items():
        secure = grpc.aio.secure_channel(victim.address, credentials) if credentials else None
        async with secure or grpc.aio.insecure_channel(victim.address) as channel:
            for rpc in (PING, WATCH, HEALTH):
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await channel.unary_unary(rpc)(b"", timeout=10)
                refusals = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.PERMISSION_DENIED}
                assert caught.value.code() in refusals, (name, rpc)
    assert victim.reached() == 0
    # Who has come through TLS is known and refused by name, one event a call; TLS itself keeps the others out.
    await asyncio.sleep(0.5)
    refused = [event for event in victim.events() if event["event"] == "call_handled"]
    assert [(one["rpc"], one["code"], one["caller_institution"]) for one in refused] == [
        (rpc, "PERMISSION_DENIED", "it-inps") for rpc in (PING, WATCH, HEALTH)
    ]


@pytest.mark.parametrize("version", [b"\x03\x00", b"\x03\x01", b"\x03\x02"], ids=["SSL 3.0", "TLS 1.0", "TLS 1.1"])
def test_tls_older_than_1_2_is_refused(victim: Victim, version: bytes) -> None:
    # A ClientHello by hand (RFC 5246 section 7.4.1.2): random, no session, four old suites, no compression.
    suites = bytes.fromhex("c013c014002f0035")
    hello = version + bytes(32) + b"\x00" + len(suites).to_bytes(2, "big") + suites + b"\x01\x00"
    handshake = b"\x01" + len(hello).to_bytes(3, "big") + hello
    with socket.create_connection(("localhost", victim.port), timeout=10) as plain:
        plain.sendall(b"\x16\x03\x01" + len(handshake).to_bytes(2, "big") + handshake)
        answer = plain.recv(16)
    # A fatal alert (21, 2): protocol_version (70); or nothing but the end of the connection.
    assert answer == b"" or (answer[0], answer[5], answer[6]) == (21, 2, 70)


async def test_a_stream_ends_within_five_seconds_of_a_revocation(victim: Victim) -> None:
    anna = victim.caller(Role.CASEWORKER, "anna")
    async with grpc.aio.secure_channel(victim.address, anna.channel_credentials()) as channel:
        call = channel.unary_stream(WATCH)(b"", timeout=60)
        for _ in range(3):
            await call.read()
        forbid_caller(victim.folder / "access.cedar", Role.CASEWORKER, "de-drv", "anna", at=NOW)
        started = perf_counter()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async with asyncio.timeout(30):
                while True:
                    await call.read()
        assert perf_counter() - started < 5
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
        assert "has been revoked" in (caught.value.details() or "")
        # The connection is still there, and of no use.
        with pytest.raises(grpc.aio.AioRpcError) as again:
            await channel.unary_unary(PING)(b"", timeout=10)
        assert again.value.code() is grpc.StatusCode.PERMISSION_DENIED
    async with grpc.aio.secure_channel(victim.address, victim.caller(name="karl").channel_credentials()) as channel:
        await channel.unary_unary(PING)(b"", timeout=10)


def test_a_servers_authority_that_the_caller_does_not_know_is_not_trusted(victim: Victim, tmp_path: Path) -> None:
    other = NodeTls(tmp_path / "other", "de-drv", hosts=("localhost",), clock=SystemClock())
    context = ssl.create_default_context(cafile=str(other.caller(Role.CASEWORKER, "anna").authority))
    with (
        socket.create_connection(("localhost", victim.port), timeout=10) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(plain, server_hostname="localhost")
