"""Papers as phones and scanners make them, and files that only look like papers."""

import io
import zlib

import pikepdf
from PIL import Image

from portability.adapters.workers.pdf import clean_pdf

__all__ = ["JPEG", "NO_PAPERS", "PDF", "PNG", "page", "picture"]


def picture(kind: str, **more: object) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(made, kind, **more)
    return made.getvalue()


def page() -> bytes:
    """A PDF of one empty page of which there is nothing to take away."""
    made, pdf = io.BytesIO(), pikepdf.new()
    pdf.add_blank_page()
    pdf.save(made)
    return clean_pdf(made.getvalue()).content


JPEG = picture("JPEG")
PNG = picture("PNG")
PDF = page()


def _chunk(name: bytes, content: bytes = b"") -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")


NO_PAPERS = {
    "page": b"<!doctype html><script>alert(1)</script>",
    "picture with script": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "archive": b"PK\x03\x04" + bytes(40),
    "program": b"\x7fELF" + bytes(60),
    "moving picture": b"GIF89a" + bytes(40),
    "name of a PDF alone": b"%PDF-",
    "PDF cut off": PDF[:-7],
    "PDF behind a page": b"<html>" + PDF,
    "PDF of no version": b"%PDF-9.9\n%%EOF",
    "JPEG of three bytes": b"\xff\xd8\xff",
    "JPEG cut off": JPEG[:-2],
    "JPEG without a frame": b"\xff\xd8\xff\xda\x00\x02\xff\xd9",
    "JPEG with a segment of no length": b"\xff\xd8\xff\xe0\x00\x00" + JPEG[4:],
    "JPEG with a frame of no size": b"\xff\xd8\xff\xc0\x00\x0b\x08"
    + bytes(4)
    + b"\x01\x01\x11\x00\xff\xda\x00\x02\xff\xd9",
    "JPEG of filling bytes": b"\xff\xd8" + b"\xff" * 5000,
    "PNG cut off": PNG[:-1],
    "PNG with a wrong sum": PNG[:-1] + b"\x00",
    "PNG without a picture": PNG[:8] + _chunk(b"IHDR", bytes(13)) + _chunk(b"IEND"),
    "PNG that begins with its end": PNG[:8] + _chunk(b"IEND"),
    "PNG with a chunk as long as the world": PNG[:8] + b"\xff\xff\xff\xffIHDR" + bytes(40),
}
