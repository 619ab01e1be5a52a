"""Sign-in as plain values: contacts, one-time codes, sessions and their limits. No I/O, no clock, no random.

What a worker reads once she is in stands in views.py.
"""

import base64
import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from portability.agreements.errors import InputError

CODE_DIGITS = 6
CODE_LIFE = timedelta(minutes=10)
CODE_TRIES = 5
SESSION_IDLE = timedelta(minutes=30)
SESSION_LIFE = timedelta(hours=8)  # a session ends then even where it is in use: phones and tables are shared
PROTECTED_PART = 6  # of a protected person both are a sixth: 5 minutes, 80 minutes
TOKEN_BYTES = 32

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")  # ITU-T E.164: country code and at most 15 digits
_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f.][^@\s\x00-\x1f]{0,252}")


class ContactKind(StrEnum):
    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a worker can be reached, in the one form in which it is kept and compared."""

    kind: ContactKind
    value: str  # phone: "+39" and digits only; e-mail: lower case


@dataclass(frozen=True, slots=True)
class WorkerOnFile:
    """A worker whom this institution knows, and the contact to which a code may go."""

    worker_id: UUID
    contact: Contact
    insurance_numbers: tuple[str, ...] = ()  # in the form of `insurance_number()`
    language: str = ""  # BCP 47 tag; empty: not told
    address: Contact | None = None  # another that she has shown to be hers: news goes there, and it signs nobody in
    zone: str = ""  # by whose clock her quiet hours are reckoned, an IANA name; empty: the institution's
    former: Contact | None = None  # by which she signed in before, until it was told there that she does no longer


@dataclass(frozen=True, slots=True)
class SignInCode:
    """A one-time code as it is kept: neither the code nor the challenge can be read back from it.

    `worker_id` is None where nobody has the contact that was typed: such a row behaves like any
    other, so that the answers do not tell whom the institution knows.
    """

    challenge_hash: bytes
    code_hash: bytes
    worker_id: UUID | None
    expires_at: datetime
    tries: int = 0
    mandate_id: UUID | None = None  # set where a representative signs in


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in worker; only the hash of the token is kept."""

    token_hash: bytes
    worker_id: UUID
    created_at: datetime
    last_seen_at: datetime
    mandate_id: UUID | None = None  # under which it runs: a representative's, or that of who sits beside her
    is_protected: bool = False  # as it was found; a session of a protected person ends sooner


@dataclass(frozen=True, slots=True)
class CodeDelivery:
    """A code on its way to its reader. It must never be logged."""

    contact: Contact
    code: str
    language: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` attempts in one `window`."""

    most: int
    window: timedelta


CODES_PER_CONTACT = Limit(5, timedelta(hours=1))
CODES_PER_ORIGIN = Limit(30, timedelta(hours=1))  # a union's office or a library shares one address
TRIES_PER_ORIGIN = Limit(60, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class AskForCode:
    """What a person typed to sign in; nothing in it is trusted."""

    request_id: str  # the same id and contact give the same answer and send no second code
    contact: str
    insurance_number: str = ""  # needed only where several people share one phone
    language: str = ""
    origin: str = ""  # network address that asks; empty for a channel that limits its own readers


@dataclass(frozen=True, slots=True)
class CodeAsked:
    """The answer to everybody, known here or not."""

    challenge: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    token: str
    worker_id: UUID
    idle_until: datetime


@dataclass(frozen=True, slots=True)
class VouchedFor:
    """What a provider of identities vouches for: contacts that it has verified itself, and a number of the person."""

    contacts: tuple[Contact, ...]
    insurance_number: str  # in the form of `insurance_number()`; empty: the provider tells none


class Refusal(StrEnum):
    WRONG_CODE = "wrong_code"
    CODE_OVER = "code_over"  # expired, used, tried too often, or never given out: not told apart
    NOT_ON_FILE = "not_on_file"  # a provider vouches for somebody whom we do not know by contact and number


@dataclass(frozen=True, slots=True)
class SignInRefused:
    """A value and not an error: the try must be kept, and an error would undo the transaction."""

    reason: Refusal
    tries_left: int


def parse_contact(text: str) -> Contact:
    """A phone number with country code, or an e-mail address, in the form in which it is kept.

    Raises InputError naming the field `contact`. Nothing is guessed: a number without a country
    code could be anybody's.
    """
    typed = as_typed(text)
    if "@" in typed:
        email = typed.lower()
        if len(email) <= 254 and _EMAIL.fullmatch(email):
            return Contact(ContactKind.EMAIL, email)
        raise InputError("The e-mail address is not complete: write it like name@example.org.", field="contact")
    digits = re.sub(r"[\s().\-/]", "", typed)
    digits = re.sub(r"^00", "+", digits)
    if _PHONE.fullmatch(digits):
        return Contact(ContactKind.PHONE, digits)
    raise InputError(
        "The phone number needs + and the country code first, for example +39 06 1234567.", field="contact"
    )


def insurance_number(text: str) -> str:
    """A number of any country in the form in which it is compared: letters and digits, upper case."""
    return "".join(character for character in as_typed(text).upper() if character.isalnum())


def as_typed(text: str) -> str:
    """What a person meant to type: digits of any script as 0 to 9, and no sign that shows nothing.

    A number copied on a phone often carries signs of direction (U+202A and the like) along.
    """
    seen = (character for character in unicodedata.normalize("NFKC", text) if unicodedata.category(character) != "Cf")
    return latin_digits("".join(seen)).strip()


def latin_digits(text: str) -> str:
    """Digits of any script as 0 to 9: a phone may offer only Arabic or Hindi digits."""
    return "".join(str(unicodedata.decimal(character)) if character.isdecimal() else character for character in text)


def six_digits(random: bytes) -> str:
    """A code from at least 8 random bytes; the bias of the modulus is under 10^-13."""
    if len(random) < 8:
        raise ValueError(f"a code needs 8 random bytes, got {len(random)}")
    return str(int.from_bytes(random, "big") % 10**CODE_DIGITS).zfill(CODE_DIGITS)


def challenge_for(key: bytes, *, request_id: str, contact: Contact) -> str:
    """The name of one sign-in attempt, known only to who asked; the same request gives the same one."""
    return text_token(_keyed(key, b"challenge", request_id, contact.value))


def address_challenge(key: bytes, *, worker_id: UUID, request_id: UUID, contact: Contact) -> str:
    """The name of one attempt to show that an address is hers: nobody else's, and never that of a sign-in."""
    return text_token(_keyed(key, b"address", str(worker_id), str(request_id), contact.value))


def keyed_code_hash(key: bytes, *, challenge_hash: bytes, code: str) -> bytes:
    """A six-digit code is quickly guessed from a plain hash, so the hash needs a key kept outside the database."""
    return _keyed(key, b"code", challenge_hash.hex(), code)


def limit_key(key: bytes, what: str, value: str) -> bytes:
    """Under which attempts are counted; no contact or address can be read back from it."""
    return _keyed(key, b"limit", what, value)


def token_hash(token: str) -> bytes:
    """Hash of a token of 32 random bytes; no key is needed, since nobody can try them all."""
    return hashlib.sha256(token.encode()).digest()


def text_token(random: bytes) -> str:
    """Bytes as text for headers, cookies and links."""
    return base64.urlsafe_b64encode(random).rstrip(b"=").decode()


def _keyed(key: bytes, purpose: bytes, *parts: str) -> bytes:
    """HMAC-SHA256 over length-prefixed parts, so that no two lists of parts give the same input."""
    if len(key) < 32:
        raise ValueError("the sign-in key needs at least 32 bytes")
    encoded = [part.encode() for part in parts]
    message = purpose + b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
    return hmac.new(key, message, hashlib.sha256).digest()
