"""The same facts through Kannel and its simulator, by USSD and SMS: sign in, the case, who holds it, the amount."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from portability.adapters.workers.code_delivery import OutboxFileGateway, QueuedCodeSender
from portability.adapters.workers.text.endpoint import create_text_app
from portability.adapters.workers.text.sending import CodesBySms, KannelSms
from portability.adapters.workers.text.settings import GatewaySettings, KannelOut
from portability.services.notices.model import Kind, Notice
from portability.services.text_budget import USSD, fits
from portability.services.workers.voice.model import Group, MyCase, Score
from portability.services.workers.words import words_for
from tests.channels.conftest import TextDesk
from tests.channels.kannel import PASSWORD, SHORT_CODE, Kannel, free_ports, kannel, kannel_is_missing
from tests.services.workers import samples

SECRET = "what-only-kannel-knows"
NUMBER = "+393331234567"

pytestmark = [
    pytest.mark.skipif(bool(kannel_is_missing()), reason=kannel_is_missing() or "Kannel is here"),
    pytest.mark.timeout(120),
]


class Simulator:
    """The dialogue behind Kannel, with codes that go out through Kannel as well."""

    def __init__(self, desk: TextDesk, box: Kannel) -> None:
        self.desk, self.box = desk, box
        self.screens: list[str] = []

    async def ussd(self, *texts: str) -> str:
        for text in texts:
            self.screens.append(await self.box.types(NUMBER, text, by="ussd"))
            assert fits(self.screens[-1], USSD)
        return self.screens[-1]

    async def code_by_sms(self) -> str:
        """What the phone gets as a short message."""
        async with self.box.listening() as phone:
            (text,) = await self.box.received(phone)
        return re.findall(r"[0-9]{6}", text)[0]

    async def signs_in(self) -> str:
        await self.ussd("*123#", "1")
        return await self.ussd(await self.code_by_sms())

    async def chooses(self, label: str) -> str:
        while True:
            lines = self.screens[-1].splitlines()
            found = [line.split(" ", 1)[0] for line in lines if line[:1].isdigit() and label in line]
            if found:
                return await self.ussd(found[0])
            assert any(line.startswith("9 ") for line in lines), lines
            await self.ussd("9")

    async def reads_on(self) -> str:
        told = [self.screens[-1]]
        while any(line.startswith("9 ") for line in told[-1].splitlines()):
            told.append(await self.ussd("9"))
        return " ".join(line for page in told for line in page.splitlines() if line[:2] not in {"9 ", "0 "})


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncIterator[Simulator]:
    desk = TextDesk()
    app_port = free_ports(1)[0]
    async with kannel(tmp_path, app_port=app_port, secret=SECRET) as box, httpx2.AsyncClient() as client:
        out = KannelOut(kind="kannel", url=box.sendsms, username="portability", password=PASSWORD, sender=SHORT_CODE)
        gateway = CodesBySms(KannelSms(out, client), OutboxFileGateway(tmp_path / "codes.jsonl"))
        sender = QueuedCodeSender(gateway, clock=desk.clock)
        dialogue = replace(desk.dialogue, parts=replace(desk.dialogue.parts, sender=sender))
        app = create_text_app(dialogue, GatewaySettings(secret=SECRET, sms=out))
        server = uvicorn.Server(uvicorn.Config(app, port=app_port, log_config=None, lifespan="off"))
        tasks = [asyncio.create_task(sender.run()), asyncio.create_task(server.serve())]
        try:
            yield Simulator(desk, box)
        finally:
            server.should_exit = True
            tasks[0].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def test_by_ussd_in_english(simulator: Simulator) -> None:
    await simulator.desk.register()
    assert "1 My cases" in await simulator.signs_in()
    assert "1 IT-2026-0417 Old-age pension (Late)" in await simulator.chooses("My cases")
    assert "INPS must check which record is yours." in await simulator.chooses("IT-2026-0417")
    await simulator.chooses("Who has it now")
    held = await simulator.reads_on()
    assert "Service Canada is looking up the time you were insured there. Since: 2 September 2026." in held
    await simulator.ussd("0")
    await simulator.chooses("Deutsche Rentenversicherung")
    assert "You get €476.72 each month from 1 October 2026." in await simulator.reads_on()


async def test_by_ussd_in_arabic(simulator: Simulator) -> None:
    await simulator.desk.register(language="ar")
    words = words_for(["ar"])
    assert words.text("text.menu") in await simulator.signs_in()
    await simulator.ussd("١")  # with the digit of her own keyboard
    assert "IT-2026-0417" in simulator.screens[-1]
    await simulator.ussd("1")
    assert "INPS" in simulator.screens[-1]
    await simulator.chooses(words.text("case.who"))
    held = await simulator.reads_on()
    assert "Service Canada" in held
    assert words.day(samples.day(2026, 9, 2).date()) in held
    await simulator.ussd("0")
    await simulator.chooses("Deutsche Rentenversicherung")
    assert "476.72" in await simulator.reads_on()


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_by_sms(simulator: Simulator, language: str) -> None:
    await simulator.desk.register(language=language)
    box, words = simulator.box, words_for([language])
    await box.types(NUMBER, "hello")
    told = await box.types(NUMBER, "1")  # the answer and the code come to the same phone
    code = re.findall(r"\b[0-9]{6}\b", told)[0]
    assert words.text("nav.cases") in await box.types(NUMBER, code)
    assert "IT-2026-0417" in await box.types(NUMBER, "1")
    assert "INPS" in await box.types(NUMBER, "1")
    held = await box.types(NUMBER, "1")
    assert "Service Canada" in held
    await box.types(NUMBER, "0")
    assert "476.72" in await box.types(NUMBER, "4")


async def test_by_ussd_she_reads_her_notices_and_says_how_a_case_went(simulator: Simulator) -> None:
    desk = simulator.desk
    await desk.register(language="fr")
    words, at = words_for(["fr"]), samples.NOW
    await desk.work.book.add(samples.WORKER, [Notice(b"e" * 32, Kind.DECIDED, at, at)])
    group = Group(("eu-883-2004",), "old_age_claim")
    desk.work.mine[samples.WORKER] = [MyCase(samples.CASE, "branch.old_age", group, is_closed=True)]
    await simulator.signs_in()
    await simulator.ussd("5")
    assert words.text("notice.decided") in await simulator.reads_on()
    await simulator.ussd("0", "6", "1", "1")
    assert words.text("voice.thanks") in simulator.screens[-1]
    (said,) = await desk.work.voice.book.of_cases([samples.CASE])
    assert said.score is Score.VERY_GOOD


async def test_a_replayed_code_and_hostile_text_are_refused_and_explained(simulator: Simulator) -> None:
    await simulator.desk.register()
    await simulator.ussd("*123#", "1")
    code = await simulator.code_by_sms()
    await simulator.ussd(code, "0", "*123#", "1")
    assert "The code is not right. Try again." in await simulator.ussd(code)
    for hostile in ("' OR 1=1 --", "<script>alert(1)</script>", "../../etc/passwd", "%00%ff", "9" * 150):
        assert "The code is not right" in await simulator.ussd(hostile) or "no longer works" in simulator.screens[-1]
        if "no longer works" in simulator.screens[-1]:
            break


async def test_who_does_not_show_the_secret_is_no_gateway(simulator: Simulator) -> None:
    await simulator.desk.register()
    await simulator.signs_in()
    app = create_text_app(simulator.desk.dialogue, GatewaySettings(secret=SECRET))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gateway") as client:
        for given in ({}, {"secret": ""}, {"secret": SECRET + "x"}):
            fields: dict[str, Any] = {"from": NUMBER, "text": "1", **given}
            answer = await client.get("/kannel/ussd", params=fields)
            assert answer.status_code == 403
            assert "IT-2026" not in answer.text
