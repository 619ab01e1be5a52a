"""The alphabets of phones against the published table, and what a text costs at every edge."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portability.services.text_budget import (
    DEFAULT_ALPHABET,
    EXTENSION,
    SMS,
    SMS_PART,
    USSD,
    Coding,
    coding_of,
    fits,
    for_phones,
    sms_parts,
    units,
)

# Unicode's "GSM 03.38 default alphabet to Unicode", table 1.1 (notice inside).
TABLE = Path(__file__).parents[1] / "vectors" / "gsm0338" / "GSM0338.TXT"
CORNERS = 'CARD "€" [x]'


def published() -> dict[int, str]:
    """Codes and characters of the published table; lines of other readings are commented out there."""
    rows = (line.split() for line in TABLE.read_text(encoding="ascii").splitlines() if line.startswith("0x"))
    return {int(row[0], 16): chr(int(row[1], 16)) for row in rows}


def test_every_code_of_the_default_alphabet_is_as_published() -> None:
    ours = dict(enumerate(DEFAULT_ALPHABET))
    theirs = {code: sign for code, sign in published().items() if code < 0x80}
    # 0x1B leads to the extension table; the published file shows it as a space that does not break.
    assert theirs.pop(0x1B) == "\u00a0"
    assert ours.pop(0x1B) == "\x1b"
    assert ours == theirs
    assert len(theirs) == 127


def test_every_code_of_the_extension_table_is_as_published() -> None:
    theirs = {sign: code & 0xFF for code, sign in published().items() if code > 0xFF}
    assert theirs == EXTENSION


def test_small_c_with_cedilla_is_not_in_the_alphabet() -> None:
    # Its capital is: so the word costs UCS-2 as it stands, and loses the hook on the way to a phone.
    assert coding_of("Ç") is Coding.GSM7
    assert coding_of("prestação") is Coding.UCS2
    assert for_phones("prestação") == "prestacao"


@pytest.mark.parametrize(
    ("text", "coding", "cost"),
    [
        ("", Coding.GSM7, 0),
        ("Your pension", Coding.GSM7, 12),
        (CORNERS, Coding.GSM7, 12 + 3),  # €, [ and ] cost two each
        ("\x1b", Coding.UCS2, 1),  # the escape is no character of its own
        ("معاشك", Coding.UCS2, 5),
        ("पेंशन", Coding.UCS2, 5),
        ("€ معاش", Coding.UCS2, 6),  # one letter outside, and the whole text is UCS-2
        ("😀", Coding.UCS2, 2),  # beyond U+FFFF: two units
    ],
)
def test_what_a_text_costs(text: str, coding: Coding, cost: int) -> None:
    assert (coding_of(text), units(text)) == (coding, cost)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a" * 182, True),
        ("a" * 183, False),
        ("a" * 180 + "€", True),
        ("a" * 181 + "€", False),
        ("ش" * 80, True),
        ("ش" * 81, False),
    ],
)
def test_a_ussd_screen_holds_182_septets_or_80_units(text: str, *, shown: bool) -> None:
    assert fits(text, USSD) is shown


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 0),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),  # 2 x 153
        ("a" * 307, 3),
        ("a" * 152 + "€" + "a" * 152, 3),  # 306 septets, but the sign does not go into the first part whole
        ("a" * 151 + "€" + "a" * 153, 2),
        ("ش" * 70, 1),
        ("ش" * 71, 2),
        ("ش" * 134, 2),  # 2 x 67
        ("ش" * 135, 3),
        ("ش" * 66 + "😀" + "ش" * 66, 3),  # 134 units, and no pair is cut
    ],
)
def test_how_many_messages_a_text_takes(text: str, parts: int) -> None:
    assert sms_parts(text) == parts


def test_more_than_255_messages_cannot_be_sent() -> None:
    assert sms_parts("a" * 255 * 153) == 255
    with pytest.raises(ValueError, match="255 is the most"):
        sms_parts("a" * (255 * 153 + 1))


def test_the_sizes_are_those_of_the_octets() -> None:
    assert (USSD.gsm7, USSD.ucs2) == (160 * 8 // 7, 160 // 2)
    assert (SMS.gsm7, SMS.ucs2) == (140 * 8 // 7, 140 // 2)
    assert (SMS_PART.gsm7, SMS_PART.ucs2) == ((140 - 6) * 8 // 7, (140 - 6) // 2)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("1\u202f234,56\u00a0€", "1 234,56 €"),
        ("“Où êtes-vous ?”", '"Où etes-vous ?"'),
        ("señor, ¿cuándo?", "señor, ¿cuando?"),
        ("Łódź", "Lodz"),
        ("Ziekte…", "Ziekte..."),
        ("\u202egnp.exe\u202c", "gnp.exe"),  # a name that would turn the line around
        ("a\x00\x07b\tc\r\nd", "ab c\nd"),
        ("\u200f476.72\u00a0€ شهريا", "476.72 € شهريا"),
        ("क्\u200dष", "क्\u200dष"),
    ],
)
def test_a_text_as_old_phones_show_it(written: str, shown: str) -> None:
    assert for_phones(written) == shown


@given(st.text())
def test_nothing_that_steers_a_phone_is_left_in_any_text(text: str) -> None:
    shown = for_phones(text)
    assert for_phones(shown) == shown
    assert not set(shown) & {chr(code) for code in (*range(10), *range(11, 32), *range(127, 160), 0x202E, 0x2066)}
    assert coding_of(shown) in Coding


@given(st.text(max_size=600))
def test_parts_hold_what_was_written(text: str) -> None:
    parts, cost = sms_parts(text), units(text)
    room = SMS_PART.of(coding_of(text))
    assert parts * room >= cost or parts == 1
    # A part is left at most one unit short, where a character of two did not go in.
    assert parts <= 1 or (parts - 1) * (room - 1) < cost
