"""Short messages on their way out, over HTTP. Nothing here logs a number, a text or a secret."""

from typing import Protocol

import httpx2

from portability.adapters.workers.code_delivery import CodeGateway
from portability.adapters.workers.text.settings import HttpOut, KannelOut
from portability.agreements.errors import GatewayError
from portability.services.text_budget import Coding, coding_of, for_phones
from portability.services.workers.model import CodeDelivery, ContactKind
from portability.services.workers.words import words_for

__all__ = ["CodesBySms", "HttpSms", "KannelSms", "SmsGateway", "sms_gateway"]

TIMEOUT_SECONDS = 10.0
KANNEL_CODING = {Coding.GSM7: "0", Coding.UCS2: "2"}
LEAST_ERROR = 400
COME_AGAIN = frozenset({429, 503})  # it has taken nothing, and asks for another try later


class SmsGateway(Protocol):
    async def send(self, number: str, text: str) -> None:
        """Hand one text over.

        GatewayError(retryable=True) where it certainly did not go out and may later; with False where it was refused,
        or nobody knows whether it went: it must not be sent again.
        """
        ...


class KannelSms:
    """Kannel's sendsms over HTTP (Kannel user guide, "Using the HTTP interface to send SMS messages")."""

    def __init__(self, settings: KannelOut, client: httpx2.AsyncClient) -> None:
        self._settings = settings
        self._client = client

    async def send(self, number: str, text: str) -> None:
        plain = for_phones(text)
        fields = {
            "username": self._settings.username,
            "password": self._settings.password.get_secret_value(),
            "from": self._settings.sender,
            "to": number,
            "text": plain,
            "charset": "UTF-8",
            "coding": KANNEL_CODING[coding_of(plain)],
        }
        # In the query, as its guide has it: its POST takes XML.
        await _posted(self._client, httpx2.Request("GET", self._settings.url, params=fields))


class HttpSms:
    """Any gateway that takes one message in one request."""

    def __init__(self, settings: HttpOut, client: httpx2.AsyncClient) -> None:
        self._settings = settings
        self._client = client

    async def send(self, number: str, text: str) -> None:
        filled = {
            # One after the other would let a text that says "{to}" be filled in itself.
            name: value.replace("{to}", number) if "{to}" in value else value.replace("{text}", for_phones(text))
            for name, value in self._settings.fields.items()
        }
        headers = {name: value.get_secret_value() for name, value in self._settings.headers.items()}
        request = (
            httpx2.Request("POST", self._settings.url, data=filled, headers=headers)
            if self._settings.form
            else httpx2.Request("POST", self._settings.url, json=filled, headers=headers)
        )
        await _posted(self._client, request)


class CodesBySms:
    """A CodeGateway: codes to phones go by SMS, those to e-mail addresses another way."""

    def __init__(self, gateway: SmsGateway, otherwise: CodeGateway) -> None:
        self._gateway = gateway
        self._otherwise = otherwise

    async def deliver(self, delivery: CodeDelivery) -> None:
        if delivery.contact.kind is not ContactKind.PHONE:
            await self._otherwise.deliver(delivery)
            return
        text = words_for([delivery.language]).text("code.text", {"code": delivery.code})
        await self._gateway.send(delivery.contact.value, text)


def sms_gateway(settings: KannelOut | HttpOut, client: httpx2.AsyncClient) -> SmsGateway:
    """The gateway that the settings describe."""
    return KannelSms(settings, client) if isinstance(settings, KannelOut) else HttpSms(settings, client)


async def _posted(client: httpx2.AsyncClient, request: httpx2.Request) -> None:
    request.extensions = {"timeout": httpx2.Timeout(TIMEOUT_SECONDS).as_dict()}
    try:
        answer = await client.send(request)
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        raise GatewayError("The gateway of short messages cannot be reached.", retryable=True) from error
    except httpx2.HTTPError as error:
        told = f"The gateway of short messages broke off ({type(error).__name__}); it may have sent the message."
        raise GatewayError(told, retryable=False) from error
    if answer.status_code >= LEAST_ERROR:
        raise GatewayError(
            f"The gateway of short messages refused one with status {answer.status_code}.",
            retryable=answer.status_code in COME_AGAIN,
        )
