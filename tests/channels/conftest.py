"""A phone in front of the dialogue, over memory."""

from dataclasses import replace
from typing import Any

import pytest

from portability.adapters.memory.texting import MemoryTextWork
from portability.adapters.memory.workers import MemoryCodeSender
from portability.services.text_budget import USSD, fits, sms_parts
from portability.services.workers.model import WorkerOnFile, parse_contact
from portability.services.workers.texting.dialogue import Dialogue
from portability.services.workers.texting.model import Answer, Channel, Incoming
from portability.services.workers.texting.signing_in import TextParts
from portability.services.workers.voice.handlers import VoiceUseCases
from tests.services.workers import samples


class Phone:
    """One phone: it types, and keeps what it was shown. Nothing longer than its screen is taken."""

    def __init__(self, dialogue: Dialogue, number: str, channel: Channel = Channel.USSD) -> None:
        self._dialogue, self.number, self._channel = dialogue, number, channel
        self.seen: list[Answer] = []

    async def types(self, *texts: str) -> str:
        for text in texts:
            answer = await self._dialogue.answer(Incoming(self._channel, self.number, text))
            if self._channel is Channel.USSD:
                assert fits(answer.text, USSD), answer.text
            else:
                assert sms_parts(answer.text) <= 3, answer.text
            self.seen.append(answer)
        return self.seen[-1].text

    @property
    def last(self) -> Answer:
        return self.seen[-1]

    async def chooses(self, label: str) -> str:
        """Types the number before a label, going on to further pages to find it."""
        while True:
            lines = self.last.text.splitlines()
            found = [line.split(" ", 1)[0] for line in lines if line[:1].isdigit() and label in line]
            if found:
                return await self.types(found[0])
            assert any(line.startswith("9 ") for line in lines), f"no {label!r} in {lines}"
            await self.types("9")

    async def reads_on(self) -> str:
        """This screen with all its further pages, each without the ways on and back."""
        told = [self.last.text]
        while any(line.startswith("9 ") for line in self.last.text.splitlines()):
            told.append(await self.types("9"))
        plain = ("\n".join(line for line in page.splitlines() if line[:2] not in {"9 ", "0 "}) for page in told)
        return " ".join(" ".join(plain).split())


class TextDesk:
    """The dialogue over memory with one worker's case, and everything a test wants to look at or change."""

    def __init__(self) -> None:
        self.clock = samples.StoppedClock()
        self.sender = MemoryCodeSender()
        self.work = MemoryTextWork()
        parts = TextParts(sender=self.sender, clock=self.clock, random_bytes=samples.CountingBytes(), key=samples.KEY)
        voice = VoiceUseCases(of_worker=self.work.voice_of, work=self.work.voice.unit_of_work, clock=self.clock)
        self.dialogue = Dialogue(unit_of_work=self.work.text_work, parts=parts, voice=voice)
        self.work.views.cases += [
            samples.case(),
            samples.case(case_id=samples.OTHER_CASE, worker_id=samples.OTHER, reference="IT-2026-0999"),
        ]
        self.work.views.careers[samples.WORKER] = samples.career()
        self.work.views.decisions += [
            samples.decision(),
            samples.decision(decision_id="d-9", case_id=samples.OTHER_CASE, worker_id=samples.OTHER),
        ]

    async def register(self, *, language: str = "") -> None:
        contact = parse_contact(samples.PHONE)
        await self.work.directory.keep(WorkerOnFile(samples.WORKER, contact, ("XX0000000001",), language))

    def phone(self, number: str = samples.PHONE, channel: Channel = Channel.USSD) -> Phone:
        return Phone(self.dialogue, number, channel)

    def spoken(self, language: str) -> Dialogue:
        return replace(self.dialogue, language=language)

    async def signed_in(self, channel: Channel = Channel.USSD) -> Phone:
        phone = self.phone(channel=channel)
        await phone.types(
            "*123#",
            "1",
        )
        await phone.types(self.sender.sent[-1].code)
        return phone


@pytest.fixture
async def desk() -> Any:
    made = TextDesk()
    await made.register()
    return made
