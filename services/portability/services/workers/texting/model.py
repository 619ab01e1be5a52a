"""A conversation by text as plain values: what came, what is answered, and where a reader is in the menus."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from portability.services.text_budget import USSD, fits, for_phones, sms_parts
from portability.services.workers.model import Limit, latin_digits, limit_key, text_token

__all__ = [
    "PIN_DIGITS",
    "PIN_TRIES",
    "SENT_AT_MOST",
    "TEXTS_PER_NUMBER",
    "Answer",
    "Channel",
    "Incoming",
    "Refused",
    "TextSession",
    "is_opening",
    "is_weak_pin",
    "pin_hash",
    "session_key",
    "session_token",
    "shown",
    "typed",
]

TEXTS_PER_NUMBER: Final = Limit(60, timedelta(minutes=10))
PIN_DIGITS: Final = 6
PIN_TRIES: Final = 5
LONGEST_INPUT: Final = 64
SENT_AT_MOST: Final = 3  # messages for one answer by SMS
_OPENING: Final = re.compile(r"[*#][0-9*]*#")


class Channel(StrEnum):
    SMS = "sms"
    USSD = "ussd"

    @property
    def idle(self) -> timedelta:
        """How long a conversation waits for the next input before she has to sign in anew."""
        return timedelta(minutes=15) if self is Channel.SMS else timedelta(minutes=5)


class Refused(StrEnum):
    """Why an input led nowhere; for the log, which never holds the input itself."""

    FLOOD = "flood"
    NO_NUMBER = "no_number"
    CODE = "code"
    PIN = "pin"
    PIN_WEAK = "pin_weak"
    SESSION_OVER = "session_over"
    TOO_MANY_CODES = "too_many_codes"
    NOT_UNDERSTOOD = "not_understood"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One input. `number` is the phone's as its network says it; `text` is what was typed, and is not trusted."""

    channel: Channel
    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the phone shows. `goes_on`: an input is awaited. An empty text is not sent at all."""

    text: str
    goes_on: bool
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class TextSession:
    """Where one phone on one channel is. It holds neither number nor token: both need a key outside the database."""

    key: bytes
    nonce: bytes  # of the last attempt to sign in
    place: str  # "start", "case:<id>"
    page: int  # -1: before the first, as something was said above it
    language: str
    used_at: datetime


def typed(text: str) -> str:
    """An input as it is read: one short line, digits of any script as 0 to 9."""
    return " ".join(latin_digits(for_phones(text[:LONGEST_INPUT])).split())


def is_opening(text: str) -> bool:
    """Whether an input only opens the conversation: nothing, or a service code such as *123#."""
    return not text or _OPENING.fullmatch(text) is not None


def shown(text: str, channel: Channel) -> bool:
    """Whether a text, as old phones show it, goes into one answer of the channel."""
    plain = for_phones(text)
    return fits(plain, USSD) if channel is Channel.USSD else sms_parts(plain) <= SENT_AT_MOST


def is_weak_pin(pin: str, *, number: str) -> bool:
    """Whether a PIN is one that others try first: one digit, a row of them, or digits of her own phone number."""
    rows = "01234567890", "98765432109"
    return len(set(pin)) < 3 or any(pin in row for row in rows) or pin in number


def session_key(key: bytes, incoming: Channel, number: str) -> bytes:
    """Under which a conversation is kept; another phone or channel has another."""
    return limit_key(key, "text-session", f"{incoming}:{number}")


def session_token(key: bytes, incoming: Channel, number: str, *, nonce: bytes) -> str:
    """The token of the worker's session behind a conversation, made anew from the key and never kept."""
    return text_token(limit_key(key, "text-token", f"{incoming}:{number}:{nonce.hex()}"))


def pin_hash(key: bytes, worker_id: UUID, pin: str) -> bytes:
    """Six digits are quickly guessed from a plain hash, so the hash needs the key."""
    return limit_key(key, "text-pin", f"{worker_id}:{pin}")
