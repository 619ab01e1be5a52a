"""QR codes: drawn for paper and screens, and read from a picture that somebody took of one."""

import io
from pathlib import Path
from typing import Final

import segno

from portability.agreements.errors import InputError

__all__ = ["draw_qr", "read_picture"]

QUIET_ZONE: Final = 4  # modules around it (ISO/IEC 18004)
MOST_PIXELS: Final = 50_000_000


def draw_qr(text: str) -> str:
    """As SVG with a quiet zone, of correction level M: 15 % of it may be dirty or folded."""
    drawn = io.BytesIO()
    segno.make(text, error="m", boost_error=False, micro=False).save(
        drawn,
        kind="svg",
        border=QUIET_ZONE,
        xmldecl=False,
        light="#ffffff",
        svgclass=None,
        lineclass=None,
        omitsize=True,
    )
    return drawn.getvalue().decode()


def read_picture(path: Path) -> str:
    """The text of the one code in a picture. Raises InputError where there is none, several, or no picture."""
    import zxingcpp  # noqa: PLC0415 (only who checks pictures needs it)
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 (the same)

    try:
        with Image.open(path, formats=("PNG", "JPEG", "WEBP")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise InputError(f"{path} has more than {MOST_PIXELS // 1_000_000} million pixels: make it smaller.")
            grey = picture.convert("L")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as exc:
        raise InputError(f"{path} is no picture in PNG, JPEG or WebP.") from exc
    found = {
        one.text
        for one in zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
    }
    if len(found) != 1:
        raise InputError(f"{path} shows {len(found)} QR codes: take a picture of one, near and in light.")
    return found.pop()
