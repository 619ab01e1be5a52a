"""What browsers send to the worker's page: forms, contacts typed into them, and the headers that choose a language."""

import asyncio
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from starlette.requests import Request

from portability.adapters.workers.pdf import clean_pdf
from portability.adapters.workers.web.rendering import reader_words
from portability.adapters.workers.web.security import FormRefusedError, origin_of, read_form
from portability.adapters.workers.web.uploads import Upload, read_upload
from portability.agreements.errors import InputError
from portability.app.demo.story import PAPER
from portability.services.workers.declarations.recognising import recognised
from portability.services.workers.model import Contact, parse_contact
from portability.services.workers.words import Words
from tests.fuzz.target import Target
from tests.services.workers.papers import JPEG, NO_PAPERS, PDF, PNG

__all__ = ["web_targets"]

ROME = ZoneInfo("Europe/Rome")
FORM = b"form_token=AbC-_123&contact=%2B39+06+1234567&lang=it"
UPLOAD = (
    b'--x\r\nContent-Disposition: form-data; name="form_token"\r\n\r\nAbC-_123\r\n--x\r\n'
    b'Content-Disposition: form-data; name="document"; filename="a.pdf"\r\n'
    b"Content-Type: text/html\r\n\r\n%PDF-1.7\n%%EOF\r\n--x--\r\n"
)
HEADERS = b"it-IT,it;q=0.9,en;q=0.8,*;q=0.5\nvisit=abc; chosen=it\nlang=de&sent=1\n2001:db8::1"


def web_targets() -> Sequence[Target]:
    """Forms are refused by the page's own error, contacts by the one that names the field."""
    contacts = [b"+39 06 1234567", b"0039 (06) 123-45", "\u0660\u0669@example.org".encode(), b"anna@example.org"]
    return [
        Target("web-form", _form, (FormRefusedError,), [FORM, b"a=1&a=2&b="], largest=8_192),
        Target("web-headers", _headers, (), [HEADERS, b"de;q=inf\n\nlang=xx\n192.0.2.1"], largest=4_096),
        Target("web-contact", _contact, (InputError,), contacts, largest=1_024),
        Target("web-upload", _upload, (FormRefusedError,), [UPLOAD, UPLOAD[:90]], largest=16_384),
        Target("web-pdf", clean_pdf, (), [PDF, PAPER], largest=16_384),
        Target("web-paper", recognised, (InputError,), [PDF, JPEG, PNG, *NO_PAPERS.values()], largest=65_536),
    ]


def _request(
    *, headers: Sequence[tuple[bytes, bytes]], body: bytes = b"", query: bytes = b"", host: str = ""
) -> Request:
    """As the server hands it over; the body comes in two parts."""
    parts = [body[: len(body) // 2], body[len(body) // 2 :]]

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": query, "headers": headers}
    return Request({**scope, "client": (host, 0) if host else None}, receive)


def _form(data: bytes) -> dict[str, str]:
    request = _request(headers=[(b"content-type", b"application/x-www-form-urlencoded")], body=data)
    reading = read_form(request)
    try:
        reading.send(None)
    except StopIteration as done:  # nothing in it waits for anybody
        fields: dict[str, str] = done.value
        return fields
    raise AssertionError("the form was not read at once")


def _upload(data: bytes) -> Upload:
    request = _request(headers=[(b"content-type", b"multipart/form-data; boundary=x")], body=data)
    return asyncio.run(read_upload(request, file="document", largest=4_096))


def _headers(data: bytes) -> tuple[Words, str, str]:
    languages, cookies, query, host, *_ = [*data.split(b"\n"), b"", b"", b"", b""]
    headers = [(b"accept-language", languages), (b"cookie", cookies)]
    request = _request(headers=headers, query=query, host=host.decode(errors="replace"))
    return (
        reader_words(request, chosen=request.cookies.get("chosen", ""), zone=ROME),
        request.cookies.get("visit", ""),
        origin_of(request),
    )


def _contact(data: bytes) -> Contact:
    return parse_contact(data.decode(errors="replace"))
