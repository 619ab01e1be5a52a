"""The page to print: in every language, tagged, with a code that a camera reads."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from portability.adapters.certificates.printing import print_certificate
from portability.adapters.certificates.qr import draw_qr, read_picture
from portability.agreements.errors import InputError
from portability.services.certificates.model import Certificate
from portability.services.workers.words import languages, words_for
from tests.services.certificates.certificate_world import (
    INPS,
    LIVED,
    PENSION,
    POSTED,
    ROSA,
    Holder,
    Institution,
    certificate,
)

INSTITUTION = Institution(INPS)
ADDRESS = "https://my.inps.example/check"


async def printed(one: Certificate, language: str = "en") -> bytes:
    return await print_certificate(
        one.shown(), code=INSTITUTION.code(one), address=ADDRESS, words=words_for([language])
    )


def photographed(pdf: bytes, folder: Path, *, scale: float = 2.0) -> Path:
    """The first page as somebody scans it: 144 dots an inch."""
    path = folder / "page.png"
    pypdfium2.PdfDocument(pdf)[0].render(scale=scale).to_pil().save(path)
    return path


def text_of(pdf: bytes) -> str:
    text: str = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()
    return text


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("content", [{"coverage": POSTED}, {"career": LIVED}, {"entitlement": PENSION}])
async def test_a_page_in_every_language_is_tagged_and_its_code_is_read(
    language: str, content: Any, tmp_path: Path
) -> None:
    one = certificate(**content)
    pdf = await printed(one, language)
    with pikepdf.open(io.BytesIO(pdf)) as read:
        assert bool(read.Root.MarkInfo.Marked) and "/StructTreeRoot" in read.Root
        assert str(read.Root.Lang).startswith(language)
        with read.open_metadata() as told:
            assert told["pdfuaid:part"] == "1"
            assert (told["pdfaid:part"], told["pdfaid:conformance"]) == ("2", "A")
            assert told["dc:title"]
        tags = {str(tag.S) for tag in read.objects if isinstance(tag, pikepdf.Dictionary) and tag.get("/S") is not None}
        assert {"/H1", "/Table", "/TR", "/TD", "/Figure"} <= tags
        assert len(read.pages) == 1
    assert read_picture(photographed(pdf, tmp_path)) == INSTITUTION.code(one)


async def test_the_page_says_what_the_certificate_says() -> None:
    told = text_of(await printed(certificate(coverage=POSTED)))
    for text in ("Certificate of coverage", "Rosa Maria Conti", "2 April 1961", "Trasporti Conti S.r.l. (IT)", ADDRESS):
        assert text in told


async def test_hostile_text_is_text_and_a_letter_without_a_glyph_is_written_in_latin() -> None:
    hostile = '#panic() *x* $1$ \\ "] #import "x" <a> @b `'
    holder = Holder("王", hostile, ROSA.birth_date, ROSA.number)
    told = text_of(await printed(replace(certificate(career=LIVED), holder=holder)))
    assert hostile.replace(" ", "") in told.replace(" ", "").replace("\r\n", "")
    assert "Wang" in told


async def test_a_dirty_code_on_a_small_picture_is_still_read(tmp_path: Path) -> None:
    one = certificate(coverage=POSTED)
    path = photographed(await printed(one), tmp_path, scale=1.6)  # 115 dots an inch: 2 pixels a module
    picture = Image.open(path).convert("RGB").rotate(3, fillcolor="white")
    picture.paste((90, 90, 90), (110, int(picture.height * 0.62), 120, int(picture.height * 0.62) + 10))
    picture.save(path)
    assert read_picture(path) == INSTITUTION.code(one)


def test_what_is_no_picture_of_a_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    for content in (b"", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, draw_qr("PBC1:A").encode()):
        path.write_bytes(content)
        with pytest.raises(InputError):
            read_picture(path)
    Image.new("L", (200, 200), 255).save(path)
    with pytest.raises(InputError, match="0 QR codes"):
        read_picture(path)
