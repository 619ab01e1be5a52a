"""Where gateways hand in what phones typed: Kannel's services of SMS and USSD, and a generic one for USSD.

It stands on an address of its own, which only gateways reach; each shows the secret of the file of gateways. Logged is
that an input was refused and why, never what was typed or by whom.
"""

import asyncio
import hmac
from urllib.parse import parse_qsl

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from portability.adapters.workers.text.settings import GatewaySettings
from portability.agreements.errors import GatewayError
from portability.services.text_budget import Coding, coding_of, for_phones
from portability.services.workers.texting.dialogue import Dialogue
from portability.services.workers.texting.model import Answer, Channel, Incoming
from portability.services.workers.words import words_for

__all__ = ["create_text_app"]

ANSWER_SECONDS = 10.0
MOST_BYTES = 8192
FORBIDDEN, TOO_LARGE = 403, 413
# Kannel: 7 bits and UCS-2 in its headers of answers; SMPP 3.4, 5.3.2.44: 2 asks the phone, 17 answers it and ends.
KANNEL_CODING = {Coding.GSM7: "0", Coding.UCS2: "2"}
USSD_ASKS, USSD_ENDS = "?smpp?ussd_service_op=2&", "?smpp?ussd_service_op=17&"

_log = structlog.get_logger(__name__)


def create_text_app(dialogue: Dialogue, settings: GatewaySettings) -> Starlette:
    """The endpoint over a dialogue; to be served by any ASGI server."""
    door = _Door(dialogue, settings)
    methods = ["GET", "POST"]
    return Starlette(
        routes=[
            Route("/kannel/sms", door.kannel_sms, methods=methods),
            Route("/kannel/ussd", door.kannel_ussd, methods=methods),
            Route("/ussd", door.ussd, methods=methods),
        ]
    )


class _Door:
    def __init__(self, dialogue: Dialogue, settings: GatewaySettings) -> None:
        self._dialogue = dialogue
        self._settings = settings

    async def kannel_sms(self, request: Request) -> Response:
        """`from` and `text` are those of the short message."""
        fields = await self._fields(request)
        if isinstance(fields, Response):
            return fields
        answer = await self._answer(Incoming(Channel.SMS, fields.get("from", ""), fields.get("text", "")))
        return _kannel(answer)

    async def kannel_ussd(self, request: Request) -> Response:
        """The same; what ends the dialogue on the phone is said in the message's meta data, as SMPP has it."""
        fields = await self._fields(request)
        if isinstance(fields, Response):
            return fields
        answer = await self._answer(Incoming(Channel.USSD, fields.get("from", ""), fields.get("text", "")))
        response = _kannel(answer)
        response.headers["X-Kannel-Meta-Data"] = USSD_ASKS if answer.goes_on else USSD_ENDS
        return response

    async def ussd(self, request: Request) -> Response:
        """A gateway that is described in the file."""
        fields, named = await self._fields(request), self._settings.ussd
        if isinstance(fields, Response):
            return fields
        text = fields.get(named.text, "")
        if named.joined_by:
            text = text.rpartition(named.joined_by)[2]
        answer = await self._answer(Incoming(Channel.USSD, fields.get(named.number, ""), text))
        form = named.goes_on if answer.goes_on else named.ends
        return PlainTextResponse(form.replace("{text}", answer.text))

    async def _answer(self, incoming: Incoming) -> Answer:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await self._dialogue.answer(incoming)
        except (GatewayError, TimeoutError) as error:
            _log.warning("text_not_answered", channel=incoming.channel.value, error_type=type(error).__name__)
            told = words_for([self._settings.language]).text("error.broken")
            return Answer(for_phones(told), goes_on=False)
        if answer.refused is not None:
            _log.warning("text_refused", channel=incoming.channel.value, code=answer.refused.value)
        return answer

    async def _fields(self, request: Request) -> dict[str, str] | Response:
        """Fields of the query and of a form, or the refusal of who is no gateway of ours."""
        given = dict(request.query_params)
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                return PlainTextResponse("Too large.", TOO_LARGE)
        given |= _form(body)
        shown = request.headers.get("authorization", "").removeprefix("Bearer ") or given.pop("secret", "")
        if not hmac.compare_digest(shown.encode(), self._settings.secret.get_secret_value().encode()):
            _log.warning("text_gateway_refused", code="wrong_secret")
            return PlainTextResponse("This address is for the institution's own gateways.", FORBIDDEN)
        return given


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=32))
    except ValueError:
        return {}


def _kannel(answer: Answer) -> Response:
    coding = KANNEL_CODING[coding_of(answer.text)]
    return PlainTextResponse(answer.text, headers={"X-Kannel-Coding": coding})
