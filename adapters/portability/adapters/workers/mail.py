"""E-mail on its way out, by SMTP. Nothing here logs an address, a text or a password.

smtplib of the standard library, in a thread: one message takes one connection. Steps after which it is certain that
nothing went are told from those after which it is not, because what may have gone is never sent again.
"""

import asyncio
import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import Protocol
from uuid import UUID

from portability.adapters.workers.code_delivery import CodeGateway
from portability.adapters.workers.text.settings import MailSecurity, SmtpOut
from portability.agreements.errors import GatewayError
from portability.services.workers.model import CodeDelivery, ContactKind
from portability.services.workers.words import without_isolates, words_for

__all__ = ["CodesByMail", "MailGateway", "SmtpMail"]

STEP_SECONDS = 10.0  # for each answer of the server
ACCEPTED = 250
GO_ON = 354
REFUSED = 500
# RFC 5321 4.1.2 without quoted strings and address literals, which nobody types; with letters of any script (RFC 6531).
_WORD = r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|[^\x00-\xa0\s])+"
_LABEL = r"(?:[A-Za-z0-9-]|[^\x00-\xa0\s])+"
_ADDRESS = re.compile(rf"{_WORD}(?:\.{_WORD})*@{_LABEL}(?:\.{_LABEL})*")


class MailGateway(Protocol):
    async def send(self, address: str, subject: str, text: str, *, language: str) -> None:
        """Hand one e-mail over.

        GatewayError(retryable=True) where it certainly did not go out and may later; with False where it was refused,
        or nobody knows whether it went: it must not be sent again.
        """
        ...


class SmtpMail:
    """The institution's own mail server. Without TLS nothing goes out but to a server on this machine."""

    def __init__(self, settings: SmtpOut, *, now: Callable[[], datetime], new_id: Callable[[], UUID]) -> None:
        self._settings = settings
        self._now = now
        self._new_id = new_id

    async def send(self, address: str, subject: str, text: str, *, language: str) -> None:
        """Hand one e-mail over; errors as the port says."""
        if not _ADDRESS.fullmatch(address):
            raise GatewayError("An e-mail address has signs that no server takes; nothing was sent.", retryable=False)
        message = self._message(address, subject, text, language)
        await asyncio.to_thread(self._hand_over, address, message)

    def _message(self, address: str, subject: str, text: str, language: str) -> EmailMessage:
        message = EmailMessage(policy=SMTP if address.isascii() else SMTPUTF8)
        domain = self._settings.sender.partition("@")[2]
        message["From"] = Address(self._settings.name, addr_spec=self._settings.sender)
        message["To"] = address
        message["Subject"] = subject
        message["Date"] = format_datetime(self._now())
        message["Message-ID"] = f"<{self._new_id()}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine answers it
        message.set_content(text, charset="utf-8", cte="quoted-printable")
        message["Content-Language"] = language
        return message

    def _hand_over(self, address: str, message: EmailMessage) -> None:
        """Blocking; run it in a thread."""
        # 1. A server that cannot be used, whose fault it may be, has taken nothing.  2. It refuses this message, or
        # takes it later.  3. From the first byte of it on nobody knows, until the server has answered.  4. It is the
        # server's now; how the two part changes nothing.
        with ExitStack() as opened:
            try:  # (1)
                server = self._connected(opened)
                try:  # (2)
                    self._address(server, address)
                except smtplib.SMTPResponseException as error:
                    raise _refused(error.smtp_code) from error
            except (OSError, smtplib.SMTPException) as error:
                told = f"The mail server cannot be used ({type(error).__name__}); nothing was sent."
                raise GatewayError(told, retryable=True) from error
            try:  # (3)
                server.send(_dotted(message.as_bytes()))
                answer, _ = server.getreply()
            except (OSError, smtplib.SMTPException) as error:
                told = f"The mail server broke off ({type(error).__name__}); it may have taken the message."
                raise GatewayError(told, retryable=False) from error
            with suppress(OSError, smtplib.SMTPException):  # (4)
                server.quit()
        if answer != ACCEPTED:
            raise _refused(answer)

    def _connected(self, opened: ExitStack) -> smtplib.SMTP:
        to = self._settings
        name = to.sender.partition("@")[2]  # by which we greet; the machine's own name is nobody's business
        context = ssl.create_default_context(cafile=to.authority)
        if to.security is MailSecurity.TLS:
            server: smtplib.SMTP = smtplib.SMTP_SSL(to.host, to.port, name, timeout=STEP_SECONDS, context=context)
        else:
            server = smtplib.SMTP(to.host, to.port, name, timeout=STEP_SECONDS)
        opened.callback(server.close)
        if to.security is MailSecurity.STARTTLS:
            server.starttls(context=context)  # raises where the server has none: there is no way back to plain text
        if to.username:
            server.login(to.username, to.password.get_secret_value())
        server.ehlo_or_helo_if_needed()
        return server

    def _address(self, server: smtplib.SMTP, address: str) -> None:
        options = []
        if not address.isascii():
            if not server.has_extn("smtputf8"):
                raise smtplib.SMTPResponseException(553, "no SMTPUTF8")  # RFC 6531 3.5
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        _check(server.mail(self._settings.sender, options)[0], ACCEPTED)
        _check(server.rcpt(address)[0], ACCEPTED)
        _check(server.docmd("DATA")[0], GO_ON)


class CodesByMail:
    """A CodeGateway: codes to e-mail addresses go by e-mail, those to phones another way."""

    def __init__(self, gateway: MailGateway, otherwise: CodeGateway) -> None:
        self._gateway = gateway
        self._otherwise = otherwise

    async def deliver(self, delivery: CodeDelivery) -> None:
        """The code stands in the text and not in the subject, which a locked phone shows to everybody."""
        if delivery.contact.kind is not ContactKind.EMAIL:
            await self._otherwise.deliver(delivery)
            return
        words = words_for([delivery.language])
        text = without_isolates(words.text("code.text", {"code": delivery.code}))
        await self._gateway.send(delivery.contact.value, words.text("mail.code"), text, language=words.language)


def _check(answer: int, wanted: int) -> None:
    if answer != wanted and not (wanted == ACCEPTED and answer == 251):  # 251: it forwards (RFC 5321 4.2.3)
        raise smtplib.SMTPResponseException(answer, "")


def _refused(answer: int) -> GatewayError:
    told = f"The mail server refused a message with {answer}."
    return GatewayError(told, retryable=answer < REFUSED)  # 4yz: it has taken nothing, and may later (RFC 5321 4.2.1)


def _dotted(message: bytes) -> bytes:
    """A message as it stands after DATA: its lines end with CRLF, and a dot at their beginning is doubled."""
    lines = message.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n")
    return b"".join((b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines) + b".\r\n"
