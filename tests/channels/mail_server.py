"""A mail server as an institution has one: SMTP with STARTTLS and a password, in the loop of the test."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

__all__ = ["PASSWORD", "USERNAME", "MailServer", "mail_server"]

USERNAME, PASSWORD = "portability", "a-password"


@dataclass
class MailServer:
    """What came in; `answers` are given to a command in place of taking it: {"RCPT": "550 no such person"}."""

    port: int = 0
    authority: Path = Path()
    came: list[Envelope] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    hangs_up: bool = False  # once it has the whole message, without an answer

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802 (its name there)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802 (its name there)
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (its name there)
        self.came.append(envelope)
        self.encrypted.append(session.ssl is not None)
        if self.hangs_up and server.transport is not None:
            server.transport.abort()
        return self.answers.get("DATA", "250 OK")

    def messages(self) -> list[EmailMessage]:
        read = (message_from_bytes(one.content or b"", policy=default) for one in self.came)
        return [one for one in read if isinstance(one, EmailMessage)]


@asynccontextmanager
async def mail_server(folder: Path, *, name: str = "localhost", starttls: bool = True) -> AsyncIterator[MailServer]:
    """On a free port of this machine, with a certificate for `name`; without `starttls` it speaks plainly."""
    authority = trustme.CA()
    made = MailServer(authority=folder / "authority.pem")
    authority.cert_pem.write_to_path(str(made.authority))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)

    def protocol() -> SMTP:
        return SMTP(
            made,
            hostname="mail.example.org",
            enable_SMTPUTF8=True,
            tls_context=context if starttls else None,
            require_starttls=starttls,
            auth_required=starttls,
            authenticator=_authenticated,
        )

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()


def _authenticated(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
    right = given == LoginPassword(USERNAME.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=True)
