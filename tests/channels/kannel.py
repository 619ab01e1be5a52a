"""Kannel really running with its fake SMSC: one connection for short messages, one that stands for USSD.

Debian: kannel (bearerbox, smsbox) and kannel-extras (fakesmsc). The fake SMSC knows no USSD, so its
second connection is led to the service of USSD by its name; what ends a dialogue is meta data, which SMPP carries on.
"""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

BEARERBOX, SMSBOX = Path("/usr/sbin/bearerbox"), Path("/usr/sbin/smsbox")
FAKESMSC = Path("/usr/lib/kannel/test/fakesmsc")
MISSING = [str(path) for path in (BEARERBOX, SMSBOX, FAKESMSC) if not path.exists()]
SHORT_CODE = "12345"
PASSWORD = "kannels-own-word"
PATIENCE_SECONDS = 60.0
QUIET_SECONDS = 0.5  # after the first part of an answer, the others come at once

CORE = """
group = core
admin-port = {admin}
admin-password = admin-{admin}
status-password = status-{admin}
box-allow-ip = 127.0.0.1
smsbox-port = {box}
log-level = 1
"""

CONNECTIONS = """
group = smsc
smsc = fake
smsc-id = sms
allowed-smsc-id = sms
port = {sms}
connect-allow-ip = 127.0.0.1

group = smsc
smsc = fake
smsc-id = ussd
allowed-smsc-id = ussd
port = {ussd}
max-sms-octets = 160
connect-allow-ip = 127.0.0.1

group = smsbox-route
smsbox-id = for-sms
smsc-id = sms

group = smsbox-route
smsbox-id = for-ussd
smsc-id = ussd
"""

SMS = """
group = smsbox
smsbox-id = for-sms
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
global-sender = {code}
mo-recode = true

group = sendsms-user
username = portability
password = {word}
forced-smsc = sms
concatenation = true
max-messages = 3

group = sms-service
keyword-regex = ".*"
get-url = "http://127.0.0.1:{app}/kannel/sms?secret={secret}&from=%p&text=%a"
accept-x-kannel-headers = true
omit-empty = true
concatenation = true
max-messages = 3
"""

# A screen has 160 octets where a short message has 140, so USSD has a box of its own.
USSD = """
group = smsbox
smsbox-id = for-ussd
bearerbox-host = 127.0.0.1
sendsms-port = {sendussd}
global-sender = {code}
mo-recode = true
sms-length = 160

group = sms-service
keyword-regex = ".*"
get-url = "http://127.0.0.1:{app}/kannel/ussd?secret={secret}&from=%p&text=%a"
accept-x-kannel-headers = true
omit-empty = true
max-messages = 1
"""


@dataclass(slots=True)
class Kannel:
    """A running Kannel. `type` is what a subscriber does; what the phone then gets is the answer."""

    ports: dict[str, int]

    @property
    def sendsms(self) -> str:
        return f"http://127.0.0.1:{self.ports['sendsms']}/cgi-bin/sendsms"

    async def types(self, number: str, text: str, *, by: str = "sms") -> str:
        """The whole answer to one input, parts joined."""
        kind, shown = ("text", text) if text.isascii() else ("ucs2", _percent(text.encode("utf-16-be")))
        async with self._phone(by, f"{number} {SHORT_CODE} {kind} {shown}") as phone:
            return "".join(await _received(phone))

    @asynccontextmanager
    async def listening(self, by: str = "sms") -> AsyncIterator[asyncio.subprocess.Process]:
        """A phone that only gets messages: what it got comes from `received`."""
        async with self._phone(by) as phone:
            yield phone

    async def received(self, phone: asyncio.subprocess.Process) -> list[str]:
        return await _received(phone)

    @asynccontextmanager
    async def _phone(self, by: str, *messages: str) -> AsyncIterator[asyncio.subprocess.Process]:
        count = ["-m", str(len(messages))]
        arguments = [str(FAKESMSC), "-H", "127.0.0.1", "-r", str(self.ports[by]), "-i", "0.05", *count, *messages]
        if not messages:
            arguments = [*arguments[:-2], "-m", "0", "1 1 text nothing"]
        phone = await asyncio.create_subprocess_exec(
            *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        try:
            yield phone
        finally:
            with contextlib.suppress(ProcessLookupError):
                phone.terminate()
            await phone.wait()


@asynccontextmanager
async def kannel(folder: Path, *, app_port: int, secret: str) -> AsyncIterator[Kannel]:
    """Both boxes up and connected; they end with the block."""
    names = ("admin", "box", "sms", "ussd", "sendsms", "sendussd")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    filled = {**ports, "app": app_port, "secret": secret, "code": SHORT_CODE, "word": PASSWORD}
    boxes: list[asyncio.subprocess.Process] = []
    running = Kannel(ports)
    try:
        for box, parts, port in (
            (BEARERBOX, CONNECTIONS + SMS, "box"),
            (SMSBOX, SMS, "sendsms"),
            (SMSBOX, USSD, "sendussd"),
        ):
            file = folder / f"{port}.conf"
            file.write_text((CORE + parts).format(**filled), encoding="ascii")
            with file.with_suffix(".log").open("wb") as log:
                started = await asyncio.create_subprocess_exec(str(box), str(file), stdout=log, stderr=log, cwd=folder)
            boxes.append(started)
            await _open(ports[port])
        yield running
    finally:
        for process in reversed(boxes):
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 5)
            except TimeoutError:
                process.kill()
                await process.wait()


def free_ports(count: int) -> Sequence[int]:
    """Ports that nobody listens on; all held open at once, so that they differ."""
    with contextlib.ExitStack() as held:
        found = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in found:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in found]


async def _open(port: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def _received(phone: asyncio.subprocess.Process) -> list[str]:
    """The texts that the fake SMSC says it got: all parts of one answer."""
    assert phone.stdout is not None
    texts: list[str] = []
    patience = PATIENCE_SECONDS
    while True:
        try:
            line = (await asyncio.wait_for(phone.stdout.readline(), patience)).decode("utf-8", "replace")
        except TimeoutError:
            return texts
        if not line:
            return texts
        found = re.search(r"Got message \d+: <(.*)>$", line.rstrip("\n"))
        if found is None:
            continue
        patience = QUIET_SECONDS
        # "udh" and the header stand before a part of several; what is not plain text is urlcoded.
        message = re.fullmatch(SHORT_CODE + r" \+\d+ (?:udh \S+ )?(text|data|ucs-2) (.*)", found[1])
        if message:
            texts.append(_text(message[1], message[2]))
        else:  # its protocol is one line a message: each further line of a plain text comes as one by itself
            texts[-1] += f"\n{found[1]}"


def _text(kind: str, content: str) -> str:
    if kind == "text":
        return content
    raw = unquote_to_bytes(content.replace("+", " "))
    # A part of several is only "data": every second byte of Latin letters, and of blanks, is zero in UCS-2.
    wide = kind == "ucs-2" or b"\x00" in raw or b"\x06" in raw or b"\x09" in raw
    return raw.decode("utf-16-be") if wide else raw.decode("utf-8")


def _percent(content: bytes) -> str:
    return "".join(f"%{one:02x}" for one in content)


def kannel_is_missing() -> str:
    """Why no test of Kannel can run here; empty where it can."""
    if not MISSING:
        return ""
    return f"Kannel is not here ({', '.join(MISSING)}): apt-get install kannel kannel-extras"
