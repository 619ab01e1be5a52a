"""How much a short message or a USSD screen holds: the alphabets of phones, and what a text costs in them. Pure.

A leaf module that channels share. Sources: 3GPP TS 23.038 6.2.1 (GSM 7 bit default alphabet and its extension table)
and 6.2.3 (UCS2); 23.040 9.2.3.24.1 (messages in parts); 24.090 with 23.038 5 (a USSD string has 160 octets).
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["SMS", "SMS_PART", "USSD", "Budget", "Coding", "coding_of", "fits", "for_phones", "sms_parts", "units"]

ESCAPE: Final = "\x1b"  # code 0x1B leads to the extension table; it stands for nothing by itself
DEFAULT_ALPHABET: Final = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    f"Δ_ΦΓΛΩΠΨΣΘΞ{ESCAPE}ÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION: Final = {"\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E,
                    "|": 0x40, "€": 0x65}  # fmt: skip
_ONE: Final = frozenset(DEFAULT_ALPHABET) - {ESCAPE}
_TWO: Final = frozenset(EXTENSION)

# What people write as one sign and an old phone has another for.
_PLAINER: Final = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "•": "-", "…": "...", "ł": "l", "Ł": "L",
        "đ": "d", "Đ": "D", "ı": "i", "œ": "oe", "Œ": "OE", "þ": "th", "ð": "d",
    }
)  # fmt: skip


class Coding(StrEnum):
    """How a text travels."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True)
class Budget:
    """What fits: septets of the GSM alphabet, or 16-bit units of UCS-2."""

    gsm7: int
    ucs2: int

    def of(self, coding: Coding) -> int:
        return self.gsm7 if coding is Coding.GSM7 else self.ucs2


USSD: Final = Budget(gsm7=182, ucs2=80)  # 160 octets
SMS: Final = Budget(gsm7=160, ucs2=70)  # 140 octets
SMS_PART: Final = Budget(gsm7=153, ucs2=67)  # 140 octets without the six that number a part
MOST_PARTS: Final = 255


def coding_of(text: str) -> Coding:
    """The GSM alphabet where it has every character, UCS-2 for the whole text elsewhere."""
    return Coding.GSM7 if all(one in _ONE or one in _TWO for one in text) else Coding.UCS2


def units(text: str, coding: Coding | None = None) -> int:
    """What a text costs: septets, two for a character of the extension table; or 16-bit units."""
    return sum(_costs(text, coding or coding_of(text)))


def fits(text: str, budget: Budget) -> bool:
    """Whether a text goes into a message of this size."""
    coding = coding_of(text)
    return units(text, coding) <= budget.of(coding)


def sms_parts(text: str) -> int:
    """Short messages that a text takes; a character of two units is never cut in two (23.040 9.2.3.24.1).

    None for an empty text. Raises ValueError where it takes more than 255, which cannot be sent.
    """
    if fits(text, SMS):
        return 1 if text else 0
    coding = coding_of(text)
    most, parts, room = SMS_PART.of(coding), 1, SMS_PART.of(coding)
    for cost in _costs(text, coding):
        if cost > room:
            parts, room = parts + 1, most
        room -= cost
    if parts > MOST_PARTS:
        raise ValueError(f"a text of {len(text)} characters takes {parts} messages, {MOST_PARTS} is the most")
    return parts


def for_phones(text: str) -> str:
    """A text as old phones show it: no marks that steer, and accents left out where that saves the GSM alphabet.

    Controls and marks of direction go: phones show boxes for them, and a hostile name turns a line around with them.
    A text that the GSM alphabet has no letters for keeps everything else as it is.
    """
    kept = "".join(_printable(one) for one in unicodedata.normalize("NFC", text))
    plain = "".join(one if one in _ONE or one in _TWO else _plainer(one) for one in kept)
    return plain if coding_of(plain) is Coding.GSM7 else kept


def _costs(text: str, coding: Coding) -> list[int]:
    if coding is Coding.GSM7:
        return [2 if one in _TWO else 1 for one in text]
    return [2 if ord(one) > 0xFFFF else 1 for one in text]


def _printable(one: str) -> str:
    category = unicodedata.category(one)
    if one == "\n" or category[0] not in "CZ":
        return one
    if category[0] == "Z" or one == "\t":  # spaces of every width, U+2028 as well
        return " "
    # Joiners decide how letters of Hindi and Persian look; no other mark without a form is kept.
    return one if one in "\u200c\u200d" else ""


def _plainer(one: str) -> str:
    swapped = one.translate(_PLAINER)
    return "".join(each for each in unicodedata.normalize("NFKD", swapped) if not unicodedata.combining(each))
