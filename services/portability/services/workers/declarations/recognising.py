"""What a paper is, found out from its content alone: PDF, JPEG or PNG, whole, and nothing else. Pure.

Of a picture only that is kept which it takes to draw it: where and when it was taken, with which device, smaller
pictures and notes are left behind, and so is whatever stands after its end. Nothing is decoded: no picture is unpacked
and no PDF is opened here, so that neither a bomb nor a trap goes off, and every dot stays as it was. What stands in a
PDF is for a process of its own to read (`PdfCleaner`). Whether a paper does harm to whoever opens it is not searched.
"""

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from portability.agreements.errors import InputError
from portability.services.workers.declarations.model import LARGEST_DOCUMENT, DocumentKind

__all__ = ["Paper", "drawn_jpeg", "recognised", "require_room"]

_END: Final = 1024  # bytes at the end of a PDF in which its last line stands (ISO 32000-2, 7.5.5)
_MOST_PARTS: Final = 10_000
_PNG: Final = b"\x89PNG\r\n\x1a\n"
# What changes how a picture looks (PNG, third edition, 11.2 and 11.3), without names, texts, times and profiles.
_DRAWN: Final = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs"}
)
_SOI: Final = b"\xff\xd8"
_EOI: Final = b"\xff\xd9"
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
# Start of frame, by every way of coding; C4, C8 and CC are something else (ITU-T T.81, table B.1).
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN: Final = 0xDA
_NOTES: Final = frozenset({*range(0xE0, 0xF0), *range(0xF0, 0xFF)})  # of programs, reserved, and comments
# Within a scan a marker is FF and anything but a stuffed zero, a restart or another FF (ITU-T T.81, B.1.1).
_NEXT: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as it is kept."""

    kind: DocumentKind
    content: bytes


def recognised(content: bytes) -> Paper:
    """What a paper is. Raises InputError where it is empty, too large, cut off, or of no kind that is taken."""
    if not content:
        raise InputError("The paper is empty: choose it again.", field="document")
    require_room(content)
    for kind, read in _READERS.items():
        kept = read(content)
        if kept is not None:
            return Paper(kind, kept)
    raise InputError("This is no whole PDF, JPEG or PNG file: take a photo of the paper.", field="document")


def require_room(content: bytes) -> None:
    """Raise InputError for a paper that is too large."""
    if len(content) > LARGEST_DOCUMENT:
        raise InputError(
            f"The paper has {len(content)} bytes: {LARGEST_DOCUMENT} at most. Take a smaller picture.", field="size"
        )


def _pdf(content: bytes) -> bytes | None:
    whole = content[:7] in (b"%PDF-1.", b"%PDF-2.") and b"%%EOF" in content[-_END:]
    return content if whole else None


def _png(content: bytes) -> bytes | None:
    """A header first, each chunk with its check sum, the end mark (PNG, third edition, 5.3 and 5.6)."""
    if not content.startswith(_PNG):
        return None
    place, names, kept = len(_PNG), list[bytes](), bytearray(_PNG)
    while place + 12 <= len(content) and len(names) < _MOST_PARTS:
        length = int.from_bytes(content[place : place + 4], "big")
        name, end = content[place + 4 : place + 8], place + 8 + length
        if zlib.crc32(content[place + 4 : end]) != int.from_bytes(content[end : end + 4], "big"):
            return None
        names.append(name)
        kept += content[place : end + 4] if name in _DRAWN else b""
        place = end + 4
        if name == b"IEND":
            break
    whole = len(names) > 2 and names[0] == b"IHDR" and b"IDAT" in names and names[-1] == b"IEND"
    return bytes(kept) if whole else None


def drawn_jpeg(content: bytes) -> bytes | None:
    """A JPEG without its notes; None where it is not whole.

    Segments and scans up to the end of the picture, a frame with a size before the first scan (ITU-T T.81, B.1).
    Phones put more behind the picture (a film, another picture with notes of its own), which is left behind.
    """
    if not content.startswith(b"\xff\xd8\xff"):
        return None
    place, parts, framed, scanned, kept = 2, 0, False, False, bytearray(_SOI)
    while place + 2 <= len(content) and content[place] == 0xFF and parts < _MOST_PARTS:
        parts += 1
        marker = content[place + 1]
        if marker == 0xD9:
            return bytes(kept) + _EOI if framed and scanned else None
        if marker == 0xFF or marker in _STANDALONE:  # a filling byte, or a marker without content
            place += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(content[place + 2 : place + 4], "big")
        end = place + 2 + length
        if length < 2 or end > len(content):
            return None
        if marker in _FRAMES:
            framed = length >= 8 and any(content[place + 5 : place + 7]) and any(content[place + 7 : place + 9])
        if marker == _SCAN:
            following = _NEXT.search(content, end)
            if not framed or following is None:
                return None
            scanned, end = True, following.start()
        segment = content[place:end]
        kept += _needed(segment) if marker in _NOTES else segment
        place = end
    return None


def _needed(segment: bytes) -> bytes:
    """What of a note it takes to draw the picture: its shape, which way up it is, how its colours are mixed.

    JFIF 1.02; Exif 2.32, 4.6.4; Adobe Technical Note 5116, 18.
    """
    if segment[1] == 0xE0 and segment[4:9] == b"JFIF\x00" and len(segment) >= 18:
        return b"\xff\xe0\x00\x10" + segment[4:16] + bytes(2)  # without the small picture
    if segment[1] == 0xE1 and segment[4:10] == b"Exif\x00\x00":
        return _turn(segment[10:])
    if segment[1] == 0xEE and segment[4:9] == b"Adobe" and len(segment) >= 16:
        return b"\xff\xee\x00\x0e" + segment[4:16]
    return b""


def _turn(tiff: bytes) -> bytes:
    """Which way up the phone was held, as a note that says nothing else; empty where nothing is said of it."""
    order: Literal["little", "big"] = "little" if tiff[:2] == b"II" else "big"
    first = int.from_bytes(tiff[4:8], order)
    count = int.from_bytes(tiff[first : first + 2], order)
    for place in range(first + 2, min(first + 2 + 12 * count, len(tiff) - 11), 12):
        if int.from_bytes(tiff[place : place + 2], order) == 0x0112:
            value = int.from_bytes(tiff[place + 8 : place + 10], order)
            return _turned(value) if 2 <= value <= 8 else b""
    return b""


def _turned(value: int) -> bytes:
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01" + value.to_bytes(2, "big") + bytes(2)
    tiff = b"MM\x00\x2a\x00\x00\x00\x08\x00\x01" + entry + bytes(4)
    note = b"Exif\x00\x00" + tiff
    return b"\xff\xe1" + (len(note) + 2).to_bytes(2, "big") + note


_READERS: Mapping[DocumentKind, Callable[[bytes], bytes | None]] = MappingProxyType(
    {DocumentKind.PDF: _pdf, DocumentKind.PNG: _png, DocumentKind.JPEG: drawn_jpeg}
)
