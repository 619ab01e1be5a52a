"""T51: too long, too deep, too many, or small but swelling: refused with a clear code, and memory stays flat."""

import asyncio
import contextlib
import gzip
import ssl
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any
from uuid import UUID

import grpc
import pytest

from portability.api.records.v1 import records_pb2
from tests.attacks.conftest import Victim
from tests.attacks.http2 import DATA, END_HEADERS, GOAWAY, HEADERS, RST_STREAM, Wire, frame, grpc_headers
from tests.attacks.victim import SERVICE
from tests.fuzz.good_records import good_requests

MIB = 1024 * 1024
MOST = 32 * MIB
PUT, PING = f"/{SERVICE}/Put", f"/{SERVICE}/Ping"
UNBOUNDED = [("grpc.max_send_message_length", -1), ("grpc.max_metadata_size", 16 * MIB)]


async def refused(victim: Victim, request: bytes, *, rpc: str = PUT, metadata: Any = ()) -> str:
    """Send the bytes as they are; return the code of the refusal."""
    channel = grpc.aio.secure_channel(victim.address, victim.caller().channel_credentials(), options=UNBOUNDED)
    async with channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary(rpc)(request, timeout=30, metadata=metadata)
    return str(caught.value.code().name)


async def still_serves(victim: Victim) -> None:
    async with grpc.aio.secure_channel(victim.address, victim.caller(name="karl").channel_credentials()) as channel:
        await channel.unary_unary(PING)(b"", timeout=10)


async def flat(victim: Victim, attack: Callable[[], Awaitable[None]]) -> None:
    """Run the attack and hold the server to its memory, its count of handlers and its health."""
    await still_serves(victim)
    reached, before = victim.reached(), victim.forget_peak()
    await attack()
    assert victim.peak() - before < MOST, f"{(victim.peak() - before) / MIB:.1f} MiB more"
    assert victim.reached() == reached
    await still_serves(victim)


@pytest.mark.parametrize("size", [4 * MIB + 1, 10 * MIB, 64 * MIB])
async def test_a_message_over_the_limit(victim: Victim, size: int) -> None:
    async def attack() -> None:
        for _ in range(4):
            assert await refused(victim, bytes(size)) == "RESOURCE_EXHAUSTED"

    await flat(victim, attack)


async def test_a_declared_length_of_a_gibibyte(victim: Victim) -> None:
    async def attack() -> None:
        for _ in range(8):
            wire = Wire.open(victim.port, victim.caller())
            wire.send(frame(HEADERS, END_HEADERS, 1, grpc_headers(PING)))
            # gRPC's own prefix: not compressed, 1 GiB; then some of it.
            wire.send(frame(DATA, 0, 1, b"\x00" + (1024**3).to_bytes(4, "big") + bytes(16_000)))
            # Trailers with a status, a reset or the end of the connection: no answer is waited for.
            assert wire.until_closed_or(HEADERS, RST_STREAM, GOAWAY) is not None
            wire.close()

    await flat(victim, attack)


async def test_a_frame_longer_than_a_frame_may_be(victim: Victim) -> None:
    async def attack() -> None:
        wire = Wire.open(victim.port, victim.caller())
        wire.send(frame(HEADERS, END_HEADERS, 1, grpc_headers(PING)))
        # It may hang up while we are still sending.
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            wire.send((2**24 - 1).to_bytes(3, "big") + bytes([DATA, 0]) + (1).to_bytes(4, "big") + bytes(100_000))
            answer = wire.until_closed_or(GOAWAY, RST_STREAM)
            assert answer is None or answer[0] in {GOAWAY, RST_STREAM}
        wire.close()

    await flat(victim, attack)


async def test_metadata_of_a_mebibyte(victim: Victim) -> None:
    async def attack() -> None:
        for _ in range(4):
            code = await refused(victim, b"", rpc=PING, metadata=(("x-long", "x" * MIB),))
            assert code in {"RESOURCE_EXHAUSTED", "UNAVAILABLE", "INTERNAL"}

    await flat(victim, attack)


@pytest.mark.parametrize(
    "nested",
    [
        pytest.param(b"\x7b" * 10_000 + b"\x7c" * 10_000, id="groups within groups"),
        pytest.param(b"\x7b" * 2_000_000, id="groups that never end"),
    ],
)
async def test_nesting_of_ten_thousand(victim: Victim, nested: bytes) -> None:
    async def attack() -> None:
        for rpc in (PUT, PING):
            assert await refused(victim, nested, rpc=rpc) == "INVALID_ARGUMENT"

    await flat(victim, attack)


async def test_a_gzip_bomb_is_not_inflated(victim: Victim) -> None:
    bomb = gzip.compress(bytes(1024**3), compresslevel=1)  # 1 GiB of zeros
    assert len(bomb) > MIB

    async def attack() -> None:
        wire = Wire.open(victim.port, victim.caller())
        wire.send(frame(HEADERS, END_HEADERS, 1, grpc_headers(PING, grpc_encoding="gzip")))
        body = b"\x01" + len(bomb[:MIB]).to_bytes(4, "big") + bomb[:MIB]
        for start in range(0, 60_000, 16_000):
            wire.send(frame(DATA, 0, 1, body[start : start + 16_000]))
        assert wire.until_closed_or(HEADERS, RST_STREAM, GOAWAY) is not None
        wire.close()

    await flat(victim, attack)


async def test_four_mebibytes_of_empty_entries_do_not_swell(victim: Victim) -> None:
    # Two bytes on the wire each; read, each would be a message with all its fields.
    number = records_pb2.PutRecordsRequest.DESCRIPTOR.fields_by_name["accounts"].number
    periods = records_pb2.InsuranceAccount.DESCRIPTOR.fields_by_name["periods"].number
    crowd = bytes([periods << 3 | 2, 0]) * (2 * MIB - 16)
    length = len(crowd)
    account = bytes(
        [number << 3 | 2, length & 127 | 128, length >> 7 & 127 | 128, length >> 14 & 127 | 128, length >> 21]
    )

    async def attack() -> None:
        assert await refused(victim, bytes([number << 3 | 2, 0]) * (2 * MIB - 16)) == "RESOURCE_EXHAUSTED"
        assert await refused(victim, account + crowd) == "RESOURCE_EXHAUSTED"
        # A crowd small enough to be read is refused by the field rules, at its first violation.
        assert await refused(victim, bytes([number << 3 | 2, 0]) * 30_000) == "INVALID_ARGUMENT"

    await flat(victim, attack)


async def test_each_refusal_behind_the_door_is_one_event(victim: Victim) -> None:
    assert await refused(victim, b"\x7b" * 10_000) == "INVALID_ARGUMENT"
    token = (("authorization", "Bearer x"),)
    assert await refused(victim, b"", rpc=PING, metadata=token) == "UNAUTHENTICATED"
    # The answer may be here a moment before the log.
    await asyncio.sleep(0.5)
    handled = [event for event in victim.events() if event["event"] == "call_handled"]
    assert [event["code"] for event in handled] == ["INVALID_ARGUMENT", "UNAUTHENTICATED"]


async def test_a_large_request_in_earnest_holds_nobody_else_up(victim: Victim) -> None:
    # Some MiB that keep all rules take seconds to check; whoever else calls waits for none of them.
    (usual,) = (one for one in good_requests(UUID(int=1)) if isinstance(one, records_pb2.PutRecordsRequest))
    account = records_pb2.InsuranceAccount()
    account.CopyFrom(usual.accounts[0])
    while len(account.periods) < 2000:
        account.periods.append(usual.accounts[0].periods[0])
    large = records_pb2.PutRecordsRequest(request_id=usual.request_id)
    while large.ByteSize() < MIB:
        large.accounts.append(account)
    files = victim.caller(), victim.caller(name="karl")
    async with (
        grpc.aio.secure_channel(victim.address, files[0].channel_credentials(), options=UNBOUNDED) as patient,
        grpc.aio.secure_channel(victim.address, files[1].channel_credentials()) as other,
    ):
        begun = perf_counter()
        putting = asyncio.ensure_future(patient.unary_unary(PUT)(large.SerializeToString(), timeout=120))
        took = []
        while not putting.done():
            started = perf_counter()
            await other.unary_unary(PING)(b"", timeout=60)
            took.append(perf_counter() - started)
            await asyncio.sleep(0.02)
        await putting
        whole = perf_counter() - begun
    assert victim.reached() == len(took) + 1
    assert len(took) > 3
    assert max(took) < max(1, whole / 2)  # on a machine that others use, all of it takes longer
