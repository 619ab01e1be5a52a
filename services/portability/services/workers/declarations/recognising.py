"""What a paper is, found out from its content alone: PDF, JPEG or PNG, whole, and nothing else. Pure.

Nothing is decoded: no picture is unpacked and no PDF is run, so that neither a bomb nor a trap goes off here. Whether a
paper does harm to whoever opens it is not searched.
"""

import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from portability.agreements.errors import InputError
from portability.services.workers.declarations.model import LARGEST_DOCUMENT, DocumentKind

__all__ = ["recognised"]

_END: Final = 1024  # bytes at the end of a PDF in which its last line stands (ISO 32000-2, 7.5.5)
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_MOST_CHUNKS: Final = 10_000
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
# Start of frame, by every way of coding; C4, C8 and CC are something else (ITU-T T.81, table B.1).
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def recognised(content: bytes) -> DocumentKind:
    """The kind of a paper. Raises InputError where it is empty, too large, cut off, or of no kind that is taken."""
    if not content:
        raise InputError("The paper is empty: choose it again.", field="document")
    if len(content) > LARGEST_DOCUMENT:
        raise InputError(
            f"The paper has {len(content)} bytes: {LARGEST_DOCUMENT} at most. Take a smaller picture.", field="size"
        )
    for kind, fits in _CHECKS.items():
        if fits(content):
            return kind
    raise InputError("This is no whole PDF, JPEG or PNG file: take a photo of the paper.", field="document")


def _is_pdf(content: bytes) -> bool:
    return content[:7] in (b"%PDF-1.", b"%PDF-2.") and b"%%EOF" in content[-_END:]


def _is_png(content: bytes) -> bool:
    """A header first, each chunk with its check sum, the end mark (PNG, third edition, 5.3 and 5.6)."""
    if not content.startswith(_PNG):
        return False
    place, names = len(_PNG), list[bytes]()
    while place + 12 <= len(content) and len(names) < _MOST_CHUNKS:
        length = int.from_bytes(content[place : place + 4], "big")
        name, end = content[place + 4 : place + 8], place + 8 + length
        if zlib.crc32(content[place + 4 : end]) != int.from_bytes(content[end : end + 4], "big"):
            return False
        names.append(name)
        place = end + 4
        if name == b"IEND":
            break
    return len(names) > 2 and names[0] == b"IHDR" and b"IDAT" in names and names[-1] == b"IEND"


def _is_jpeg(content: bytes) -> bool:
    """Segments one after the other up to the first scan, a frame with a size among them (ITU-T T.81, B.1 and B.2)."""
    if not content.startswith(b"\xff\xd8\xff"):
        return False
    place, framed = 2, False
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xFF or marker in _STANDALONE:  # a filling byte, or a marker without content
            place += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(content[place + 2 : place + 4], "big")
        if length < 2:
            return False
        if marker in _FRAMES:
            framed = length >= 8 and any(content[place + 5 : place + 7]) and any(content[place + 7 : place + 9])
        if marker == 0xDA:
            # Phones put more behind the picture, so that its end need not be that of the file.
            return framed and b"\xff\xd9" in content[place + 2 + length :]
        place += 2 + length
    return False


_CHECKS: Mapping[DocumentKind, Callable[[bytes], bool]] = MappingProxyType(
    {DocumentKind.PDF: _is_pdf, DocumentKind.PNG: _is_png, DocumentKind.JPEG: _is_jpeg}
)
