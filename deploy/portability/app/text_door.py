"""Texts at a node: the door where gateways of SMS and USSD hand in, and the ways on which codes and notices go out."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx2

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.workers.code_delivery import CodeGateway, OutboxFileGateway
from portability.adapters.workers.mail import CodesByMail, MailGateway, SmtpMail
from portability.adapters.workers.text.endpoint import create_text_app
from portability.adapters.workers.text.sending import CodesBySms, SmsGateway, sms_gateway
from portability.adapters.workers.text.settings import GatewaySettings, read_gateways
from portability.agreements.errors import InputError
from portability.app.http_part import HttpPart
from portability.app.settings import Settings
from portability.services.workers.ports import Clock
from portability.services.workers.texting.dialogue import Dialogue
from portability.services.workers.texting.ports import HowItWent, TextUnitOfWork
from portability.services.workers.texting.signing_in import TextParts
from portability.services.workers.use_cases import WorkerUseCases
from portability.services.workers.words import DEFAULT_LANGUAGE

__all__ = ["Gateways", "dialogue_of", "open_gateways", "text_door"]


@dataclass(frozen=True, slots=True)
class Gateways:
    """What the file of gateways describes. `sms` and `mail` are None where nothing can go out that way."""

    settings: GatewaySettings | None
    sms: SmsGateway | None
    mail: MailGateway | None
    outbox: OutboxFileGateway

    @property
    def codes(self) -> CodeGateway:
        """Codes go by SMS and by e-mail where that is set up; all others into the outbox file."""
        by_mail = CodesByMail(self.mail, self.outbox) if self.mail else self.outbox
        return CodesBySms(self.sms, by_mail) if self.sms else by_mail


async def open_gateways(settings: Settings, opened: AsyncExitStack, clock: Clock) -> Gateways:
    """Read the file, where one is named; InputError where it is wrong."""
    outbox = OutboxFileGateway(settings.data_folder / "worker-codes.jsonl")
    if settings.text_gateways is None:
        return Gateways(None, None, None, outbox)
    described = read_gateways(settings.text_gateways)
    mail = SmtpMail(described.email, now=clock.now, new_id=time_ordered_id) if described.email else None
    if described.sms is None:
        return Gateways(described, None, mail, outbox)
    client = await opened.enter_async_context(httpx2.AsyncClient())
    return Gateways(described, sms_gateway(described.sms, client), mail, outbox)


def text_door(settings: Settings, gateways: Gateways, dialogue: Dialogue) -> HttpPart | None:
    """The door, None where it is off; InputError where it is on and no file says who may come in."""
    if not settings.text_listen:
        return None
    if gateways.settings is None:
        raise InputError(
            "PORTABILITY_TEXT_LISTEN is set and PORTABILITY_TEXT_GATEWAYS is not: name the file that describes the "
            "gateways, or leave the address off.",
            field="PORTABILITY_TEXT_GATEWAYS",
        )
    return HttpPart(create_text_app(dialogue, gateways.settings), listen=settings.text_listen)


def dialogue_of(worker: WorkerUseCases, work: TextUnitOfWork, voice: HowItWent, gateways: Gateways) -> Dialogue:
    """The conversations of a node, with the parts of its worker's use cases."""
    parts = TextParts(sender=worker.sender, clock=worker.clock, random_bytes=worker.random_bytes, key=worker.key)
    language = gateways.settings.language if gateways.settings else DEFAULT_LANGUAGE
    return Dialogue(unit_of_work=work, parts=parts, voice=voice, language=language)
