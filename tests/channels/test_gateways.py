"""What goes out to gateways and comes in from them, field by field; and what is told of a message that did not go."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest

from portability.adapters.workers.text.endpoint import create_text_app
from portability.adapters.workers.text.sending import HttpSms, KannelSms
from portability.adapters.workers.text.settings import GatewaySettings, HttpOut, KannelOut, UssdFields, read_gateways
from portability.agreements.errors import GatewayError, InputError
from tests.channels.conftest import TextDesk

SECRET = "a-secret-of-the-gateway"
KANNEL = KannelOut(kind="kannel", url="http://box:13013/cgi-bin/sendsms", username="u", password="p", sender="12345")
HTTP = HttpOut(
    kind="http", url="https://sms.example.org/send", fields={"to": "{to}", "body": "{text}", "from": "INPS"},
    headers={"Authorization": "Bearer word"},
)  # fmt: skip


class Gateway:
    """Answers with a status, or breaks, and keeps what it was asked."""

    def __init__(self, status: int = 202, breaks: httpx2.HTTPError | None = None) -> None:
        self.asked: list[httpx2.Request] = []
        self._status, self._breaks = status, breaks
        self.client = httpx2.AsyncClient(transport=httpx2.MockTransport(self._answer))

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        if self._breaks:
            raise self._breaks
        return httpx2.Response(self._status)


@pytest.mark.parametrize(("text", "sent", "coding"), [("été à 5 €", "été à 5 €", "0"), ("معاش", "معاش", "2")])
async def test_kannel_is_told_the_alphabet_that_the_text_needs(text: str, sent: str, coding: str) -> None:
    gateway = Gateway()
    await KannelSms(KANNEL, gateway.client).send("+393331234567", text)
    fields = {name: values[0] for name, values in parse_qs(gateway.asked[0].url.query.decode()).items()}
    assert fields == {
        "username": "u", "password": "p", "from": "12345", "to": "+393331234567", "text": sent, "charset": "UTF-8",
        "coding": coding,
    }  # fmt: skip


async def test_another_gateway_gets_its_own_fields_and_a_text_fills_in_nothing_else() -> None:
    gateway = Gateway(200)
    await HttpSms(HTTP, gateway.client).send("+393331234567", "Dear {to}, “{text}”")
    (request,) = gateway.asked
    assert request.headers["Authorization"] == "Bearer word"
    assert httpx2.Response(200, content=request.content).json() == {
        "to": "+393331234567", "body": 'Dear {to}, "{text}"', "from": "INPS",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("gateway", "again"),
    [
        (Gateway(breaks=httpx2.ConnectError("no")), True),
        (Gateway(503), True),
        (Gateway(429), True),
        (Gateway(breaks=httpx2.ReadTimeout("late")), False),  # it may have gone out
        (Gateway(500), False),
        (Gateway(403), False),
    ],
)
async def test_only_what_certainly_did_not_go_may_be_sent_again(gateway: Gateway, *, again: bool) -> None:
    with pytest.raises(GatewayError) as refused:
        await KannelSms(KANNEL, gateway.client).send("+393331234567", "text")
    assert refused.value.retryable is again
    assert "393331234567" not in str(refused.value)


async def ask(desk: TextDesk, path: str, fields: dict[str, str], **described: Any) -> httpx2.Response:
    app = create_text_app(desk.dialogue, GatewaySettings(secret=SECRET, **described))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://node") as client:
        return await client.post(path, data=fields, headers={"Authorization": f"Bearer {SECRET}"})


async def test_a_ussd_gateway_is_told_whether_the_dialogue_goes_on(desk: TextDesk) -> None:
    fields = {"phoneNumber": "+39 333 1234567", "text": ""}
    assert (await ask(desk, "/ussd", fields)).text.startswith("CON My social security. Sign in:\n1 ")
    await ask(desk, "/ussd", fields | {"text": "1"})
    code = desk.sender.sent[-1].code
    joined = UssdFields(joined_by="*")
    menu = await ask(desk, "/ussd", fields | {"text": f"1*{code}"}, ussd=joined)
    assert menu.text.startswith("CON What do you want to see?")
    assert (await ask(desk, "/ussd", fields | {"text": f"1*{code}*0"}, ussd=joined)).text == "END You are signed out."


async def test_kannel_is_told_coding_and_whether_the_dialogue_goes_on(desk: TextDesk) -> None:
    answer = await ask(desk, "/kannel/ussd", {"from": "+393331234567", "text": "*123#"})
    assert answer.headers["X-Kannel-Coding"] == "0"
    assert answer.headers["X-Kannel-Meta-Data"] == "?smpp?ussd_service_op=2&"
    nobody = await ask(desk, "/kannel/ussd", {"from": "INFO", "text": "1"})
    assert (nobody.text, nobody.headers["X-Kannel-Meta-Data"]) == ("", "?smpp?ussd_service_op=17&")


async def test_what_is_too_large_or_broken_is_refused(desk: TextDesk) -> None:
    assert (await ask(desk, "/kannel/sms", {"from": "+393331234567", "text": "x" * 9000})).status_code == 413
    assert (await ask(desk, "/kannel/sms", {"text": "1"})).text == ""


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("secret: short", "secret"),
        ("secret: long-enough-to-be-one\nsms: {kind: kannel}", "sms.kannel.url"),
        ("secret: long-enough-to-be-one\nsms: {kind: smpp}", "sms"),
        ("secret: long-enough-to-be-one\nlangauge: fr", "langauge"),
        ("{", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_by_field_and_shows_no_secret(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "gateways.yaml").write_text(content)
    with pytest.raises(InputError, match=told) as refused:
        read_gateways(tmp_path / "gateways.yaml")
    assert "long-enough" not in str(refused.value)
