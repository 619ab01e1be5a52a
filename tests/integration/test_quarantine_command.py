"""`portability quarantine` against a real node: what was set aside is listed, shown, tried again and rejected."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from portability.api.exchange.v1 import exchange_pb2 as pb
from portability.api.exchange.v1 import exchange_pb2_grpc
from portability.app.node import Node
from portability.app.rpc.client import open_channel
from portability.services.access import Role
from portability.services.exchange.consumer import consume_once
from portability.services.exchange.node import inbox_topic
from portability.services.exchange.relay import relay_once
from portability.services.exchange.voids import look_after_voids
from tests.integration.witnessed_nodes import open_nodes, prepare

__all__ = ["World", "a_note", "lose_what_waits", "world"]

PORTABILITY = Path(sys.executable).parent / "portability"
CASE = "01936e00-0000-7000-8000-00000000ca5e"
OTHER = "01936e00-0000-7000-8000-00000000cafe"
REQUEST = "0193a000-0000-7000-8000-0000000000{:02x}"


@dataclass
class World:
    """Berlin has sent Rome three messages of a type that cases do not know, and somebody a record that is no bundle."""

    berlin: Node
    rome: Node
    messages: Any  # Berlin's ExchangeService, as its pension system calls it
    folder: Path

    async def carry(self) -> None:
        for node in (self.berlin, self.rome):
            await relay_once(node.exchange)
        for node in (self.rome, self.berlin):
            await consume_once(node.exchange, node.effects)

    async def quarantine(self, *arguments: str) -> tuple[int, str]:
        return await self.command("quarantine", *arguments)

    async def command(self, *arguments: str) -> tuple[int, str]:
        """Run a command at Rome as its administrator; its exit code and what it says."""
        started = await asyncio.create_subprocess_exec(
            str(PORTABILITY),
            *arguments,
            "--as",
            "karl",
            env={
                **os.environ,
                "PORTABILITY_INSTITUTION": "it-inps",
                "PORTABILITY_DATA_FOLDER": str(self.folder / "it-inps"),
                "PORTABILITY_LISTEN": f"127.0.0.1:{self.berlin.settings.witnesses.rpartition(':')[2]}",
                "COLUMNS": "240",
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told, _ = await asyncio.wait_for(started.communicate(), 60)
        return started.returncode or 0, told.decode()

    async def said_to_berlin(self) -> list[tuple[str, list[str]]]:
        """What Berlin reads that Rome has made of its messages."""
        answer = await self.messages.ListMessages(pb.ListMessagesRequest(case_id=CASE))
        return [
            (pb.MessageBusiness.Name(one.business).removeprefix("MESSAGE_BUSINESS_"), list(one.business_reasons))
            for one in answer.messages
        ]


@pytest.fixture
async def world(tmp_path: Path, new_database: Callable[[], str]) -> AsyncIterator[World]:
    await prepare(tmp_path)
    urls = {"de-drv": new_database(), "it-inps": new_database()}
    async with open_nodes(tmp_path, urls, new_database()) as (berlin, rome):
        port = await berlin.server.start()
        async with open_channel(f"localhost:{port}", berlin.tls.caller(Role.SYSTEM, "pensions")) as channel:
            world = World(berlin, rome, exchange_pb2_grpc.ExchangeServiceStub(channel), tmp_path)
            for number in range(3):
                await world.messages.SubmitMessage(a_note(number))
            await relay_once(berlin.exchange)
            await berlin.exchange.stream.append(inbox_topic("it-inps"), [(b"de-drv", b"no bundle")])
            await consume_once(rome.exchange, rome.effects)
            await world.carry()
            yield world
        await berlin.server.stop(grace_seconds=0)


def a_note(number: int, *, case_id: str = CASE) -> pb.SubmitMessageRequest:
    return pb.SubmitMessageRequest(
        request_id=REQUEST.format(number),
        recipient="it-inps",
        case_id=case_id,
        type="record.note",
        schema_version=1,
        record=b"a note",
        purpose="administrative-cooperation",
    )


async def test_what_was_set_aside_is_listed_shown_tried_again_and_rejected(world: World) -> None:
    code, told = await world.quarantine("list")
    assert code == 0
    parked, whole = (re.search(rf"(\S{{36}}).*{reason}", told) for reason in ("not known here", "VERIFICATION_FAILED"))
    assert parked
    assert whole

    code, told = await world.quarantine("show", parked[1])
    assert code == 0
    assert "waiting   2 messages of the case behind it" in told
    assert "mend the cause, then `portability quarantine replay`" in told
    code, told = await world.quarantine("replay", parked[1])
    assert code == 0
    assert "effect    0 messages" in told
    assert "waiting   3 messages" in told

    code, told = await world.quarantine("show", whole[1])
    assert code == 0
    assert "`portability quarantine reject` closes it" in told
    code, told = await world.quarantine("replay", whole[1])
    assert code == 1
    assert "No case waits for entry" in told
    code, told = await world.quarantine("reject", whole[1], "--reason", "Looked into.")
    assert code == 0
    assert "rejected" in told

    code, told = await world.quarantine("reject", parked[1], "--reason", "We keep no notes.")
    assert code == 0
    assert "waiting   2 messages" in told  # the next one is parked in its turn
    await world.carry()
    first, second, third = await world.said_to_berlin()
    assert first == ("REJECTED", ["We keep no notes."])
    assert (second[0], second[1][0]) == ("PARKED", "INVALID_INPUT")
    assert third == ("HELD", [])

    code, told = await world.quarantine("list")
    assert (code, parked[1] in told, whole[1] in told) == (0, False, False)
    code, told = await world.quarantine("list", "--all")
    assert (code, parked[1] in told, whole[1] in told) == (0, True, True)
    code, told = await world.quarantine("replay", parked[1])
    assert code == 1
    assert "is closed (rejected)" in told
    code, told = await world.quarantine("show", REQUEST.format(99))
    assert code == 1
    assert "portability quarantine list" in told


async def test_what_never_comes_is_listed_asked_for_and_given_up(world: World) -> None:
    for number in (10, 11):
        await world.messages.SubmitMessage(a_note(number, case_id=OTHER))
        await relay_once(world.berlin.exchange)
        if number == 10:
            await lose_what_waits(world.rome)
    await consume_once(world.rome.exchange, world.rome.effects)

    code, told = await world.quarantine("waiting")
    assert code == 0
    assert re.search(rf"de-drv +{OTHER} +1 +numbers 1, which have not come", told)
    assert re.search(rf"de-drv +{CASE} +3 +a person", told)
    code, told = await world.quarantine("ask", "de-drv", OTHER)
    assert (code, "missing   1 of the case" in told, "asked     for 1 numbers" in told) == (0, True, True)
    code, told = await world.quarantine("give-up", "de-drv", OTHER, "1-2", "--reason", "It does not come.")
    assert (code, "look again" in told) == (1, True)
    code, told = await world.quarantine("give-up", "de-drv", OTHER, "x", "--reason", "It does not come.")
    assert (code, "is no range of numbers" in told) == (2, True)
    code, told = await world.quarantine("give-up", "de-drv", OTHER, "1", "--reason", "It does not come.")
    assert code == 0, told
    assert "waiting   1 messages" in told  # it has had its turn, and is parked: cases know no notes
    code, told = await world.quarantine("list", "--all")
    assert re.search(rf"de-drv +{OTHER} +rejected +NUMBER_GIVEN_UP: Numbers 1 to 1 .*It does not come", told)
    code, told = await world.quarantine("ask", "de-drv", OTHER)
    assert (code, "Nothing of this sender is missing" in told) == (1, True)
    # Berlin hears of it, and sends what it was asked for all the same: it comes too late.
    await world.carry()
    await world.carry()
    answer = await world.messages.ListMessages(pb.ListMessagesRequest(case_id=OTHER))
    assert answer.messages[0].business_reasons[:1] == ["NUMBER_GIVEN_UP"]
    assert await look_after_voids(world.rome.exchange, world.rome.effects) == 0
    await world.carry()
    answer = await world.messages.ListMessages(pb.ListMessagesRequest(case_id=OTHER))
    late = answer.messages[0]
    assert (late.status, late.business) == (pb.MESSAGE_STATUS_DELIVERED, pb.MESSAGE_BUSINESS_REJECTED)
    assert late.business_reasons[1].startswith("It came after")


async def lose_what_waits(node: Node) -> None:
    """The node's topic loses everything that it has not read."""
    topic = inbox_topic("it-inps")
    records = await node.exchange.stream.read(topic, after={0: -1}, limit=1000, wait=timedelta(0))
    async with node.exchange.unit_of_work() as work:
        await work.offsets.save(topic, 0, records[-1].offset)
