"""Signing in by text: the phone's network says which number it is; a code, or by USSD a PIN, says that it is she.

A PIN is never taken by SMS, where it would stay in the phone. Whether a number is known here changes no answer.
"""

import hmac
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from portability.services.workers import handlers
from portability.services.workers.model import AskForCode, SignInRefused, challenge_for, parse_contact
from portability.services.workers.ports import Clock, CodeSender, RandomBytes
from portability.services.workers.texting.model import (
    PIN_TRIES,
    Channel,
    TextSession,
    pin_hash,
    session_token,
)
from portability.services.workers.texting.ports import TextWork
from portability.services.workers.texting.screens import Screen
from portability.services.workers.words import Words, languages, words_for

__all__ = ["NOT_SIGNED_IN", "START", "Caller", "TextParts", "ask_for_code", "entry_screen", "try_code", "try_pin"]

START: Final = "start"
NOT_SIGNED_IN: Final = frozenset({START, "language", "code", "number", "pin"})
NONCE_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class TextParts:
    """What conversations need beside their transaction. `key` is the one of signing in."""

    sender: CodeSender
    clock: Clock
    random_bytes: RandomBytes
    key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A phone on a channel, within one transaction."""

    channel: Channel
    number: str
    work: TextWork
    parts: TextParts

    @property
    def origin(self) -> str:
        return f"{self.channel}:{self.number}"

    def token(self, nonce: bytes) -> str:
        """The worker's session behind the conversation."""
        return session_token(self.parts.key, self.channel, self.number, nonce=nonce)


def entry_screen(place: str, *, channel: Channel, words: Words) -> Screen | None:
    """The screen of a place where nobody is signed in yet; None for any other place."""
    say, back = words.text, words.text("text.back")
    if place == START:
        ways = [(say("text.send_code"), "ask_code")]
        ways += [(say("text.have_pin"), "pin")] if channel is Channel.USSD else []
        ways += [(say("text.shared"), "number"), (say("site.languages"), "language")]
        return Screen((say("text.start"),), tuple(ways))
    if place == "language":
        names = tuple((words_for([tag]).own_name, f"speak:{tag}") for tag in languages())
        return Screen((), names, back=START, back_label=back)
    asked = {
        "code": "text.type_code" if channel is Channel.USSD else "text.send_back_code",
        "number": "text.type_number",
        "pin": "text.type_pin",
    }
    return Screen((say(asked[place]),), back=START, back_label=back, asks=True) if place in asked else None


async def ask_for_code(session: TextSession, caller: Caller, *, insurance_number: str = "") -> TextSession:
    """Send a code as the pages do, and wait for it. Raises OverloadError."""
    work, parts = caller.work, caller.parts
    nonce = parts.random_bytes(NONCE_BYTES)
    await handlers.request_sign_in_code(
        # No origin: every phone is limited as a whole, and the codes of one contact are limited as everywhere.
        AskForCode(nonce.hex(), caller.number, insurance_number, session.language),
        directory=work.directory,
        codes=work.codes,
        limits=work.limits,
        sender=parts.sender,
        clock=parts.clock,
        random_bytes=parts.random_bytes,
        key=parts.key,
    )
    return replace(session, place="code", page=0, nonce=nonce)


async def try_code(code: str, session: TextSession, caller: Caller) -> UUID | SignInRefused:
    """Open her session where the code is right. Raises OverloadError."""
    work, parts = caller.work, caller.parts
    contact = parse_contact(caller.number)
    redeemed = await handlers.redeem_code(
        challenge=challenge_for(parts.key, request_id=session.nonce.hex(), contact=contact),
        code=code,
        origin=caller.origin,
        codes=work.codes,
        limits=work.limits,
        clock=parts.clock,
        key=parts.key,
    )
    if isinstance(redeemed, UUID):
        token = caller.token(session.nonce)
        await handlers.open_session(redeemed, token, sessions=work.sessions, clock=parts.clock)
    return redeemed


async def try_pin(pin: str, session: TextSession, caller: Caller) -> TextSession | None:
    """The signed-in conversation where the PIN is hers; None where it is not, or is locked. Raises OverloadError."""
    work, parts = caller.work, caller.parts
    await handlers.spend_try(work.limits, parts.key, caller.origin, at=parts.clock.now())
    worker = await work.directory.find(parse_contact(caller.number))
    kept = await work.pins.take_try(worker.worker_id, most=PIN_TRIES) if worker else None
    if worker is None or kept is None or not hmac.compare_digest(kept, pin_hash(parts.key, worker.worker_id, pin)):
        return None
    await work.pins.was_right(worker.worker_id)
    nonce = parts.random_bytes(NONCE_BYTES)
    await handlers.open_session(worker.worker_id, caller.token(nonce), sessions=work.sessions, clock=parts.clock)
    return replace(session, nonce=nonce)
