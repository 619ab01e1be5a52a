"""A certificate as a page to print: tagged for screen readers (PDF/UA-1), for archives (PDF/A-2a), in every language.

The fonts hold Latin, Greek and Cyrillic, Arabic and Devanagari letters. A letter of another script is written in Latin
ones, since a box on an official paper says nothing.
"""

import asyncio
import json
from collections.abc import Sequence
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from portability.adapters.certificates.qr import draw_qr
from portability.adapters.certificates.telling import told_career, told_facts, told_kind
from portability.services.certificates.model import Shown
from portability.services.workers.words import Words

__all__ = ["print_certificate", "print_page", "written"]

FONTS: Final = ("fontpkg_noto_sans", "fontpkg_noto_sans_arabic", "fontpkg_noto_sans_devanagari")
COLUMNS: Final = ("country", "from", "until", "time")
SECONDS: Final = 20.0
_SPLIT: Final = "\x1f"  # stands where the address does, which is kept on one line
# Blocks of which the fonts have every letter in use, and the signs between words.
_WRITTEN: Final = ((0x20, 0x24F), (0x250, 0x2FF), (0x300, 0x36F), (0x370, 0x52F), (0x600, 0x6FF), (0x750, 0x77F),
                   (0x900, 0x97F), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x20A0, 0x20BF))  # fmt: skip


async def print_certificate(shown: Shown, *, code: str, address: str, words: Words) -> bytes:
    """The PDF, in the reader's language; `address` is the page that checks codes."""
    data = _page(shown, code=code, address=address, words=words)
    return await print_page("portability.adapters.certificates", "page.typ", data)


async def print_page(package: str, template: str, data: dict[str, Any]) -> bytes:
    """A template of a package, filled with data that are never evaluated."""
    async with asyncio.timeout(SECONDS):
        return await asyncio.to_thread(_set, package, template, json.dumps(data, ensure_ascii=False))


def written(text: str) -> str:
    """Letters that the fonts do not have in Latin ones."""
    from anyascii import anyascii  # noqa: PLC0415 (heavy)

    return "".join(one if _has(ord(one)) else anyascii(one) for one in text)


def _page(shown: Shown, *, code: str, address: str, words: Words) -> dict[str, Any]:
    day = shown.issued_at.date()
    return {
        "language": words.language,
        "right_to_left": words.direction == "rtl",
        "title": told_kind(shown.kind, words),
        "what": words.text(f"certificate.what.{shown.kind.value}"),
        "issuer": written(shown.issuer.name),
        "issued": {"year": day.year, "month": day.month, "day": day.day},
        "number": shown.number,
        "facts": _all_written(told_facts(shown, words)),
        "columns": [words.text(f"certificate.col_{name}") for name in COLUMNS],
        "rows": _all_written(told_career(shown, words)),
        "code": draw_qr(code),
        "code_alt": words.text("certificate.code_alt"),
        "how": words.text("certificate.code_how", {"address": _SPLIT}).split(_SPLIT),
        "address": address,
        "compare": words.text("certificate.compare"),
    }


def _set(package: str, template: str, data: str) -> bytes:
    import typst  # noqa: PLC0415 (80 MB; only who prints needs it)

    page = Path(str(files(package).joinpath(template)))
    fonts = [Path(str(import_module(name).__file__)).parent / "files" for name in FONTS]
    # A new compiler each time, 35 ms: one is not to be used by two threads at once.
    return typst.compile(
        page,
        root=page.parent,
        font_paths=fonts,
        ignore_system_fonts=True,
        sys_inputs={"data": data},
        pdf_standards=["a-2a", "ua-1"],
        format="pdf",
    )


def _all_written(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[written(text) for text in row] for row in rows]


def _has(letter: int) -> bool:
    return any(first <= letter <= last for first, last in _WRITTEN)
