"""A PDF loses what is told beside its pages, and no page changes: PDFs of three programs, drawn by a fourth."""

import asyncio
import io
import resource
import time
import zlib
from collections.abc import Callable

import pikepdf
import pypdfium2
import pytest
import typst
from pikepdf import Array, Dictionary, Name, Pdf, String

from portability.adapters.workers import pdf_process
from portability.adapters.workers.pdf import clean_pdf
from portability.adapters.workers.pdf_process import PdfInItsOwnProcess
from portability.app.demo.story import PAPER
from portability.services.workers.declarations.model import PdfFinding
from tests.services.workers.papers import NO_PAPERS, PDF
from tests.services.workers.test_clean_papers import saved, told_by_a_phone

TOLD = (b"Rossi", b"Pixel", b"2026:11:21", b"payslip-rosa", b"41.89", b"C:\\Users", b"D:2026")


def by_typst() -> bytes:
    """Two tagged pages with text, a table and a link."""
    source = (
        '#set document(author: "Rosa Rossi", title: "Rossi", keywords: "Pixel 9")\n'
        '= Pay slip\n#table(columns: 2, [May], [1200.00])\n#link("https://example.org")[more]\n'
        "#pagebreak()\nSecond page"
    )
    return typst.compile(source.encode(), format="pdf")


def by_pillow() -> bytes:
    return saved("PDF", author="Rosa Rossi", producer="Pixel 9", title="payslip-rosa")


def by_a_phone() -> bytes:
    """A photo put into a PDF as it was taken, with all that the standard has places for."""
    photo = saved("JPEG", exif=told_by_a_phone(), comment="by Rossi")
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(200, 200))
    page = pdf.pages[0]
    image = pdf.make_stream(photo)
    image.update(Dictionary(
        Type=Name.XObject, Subtype=Name.Image, Width=97, Height=61, ColorSpace=Name.DeviceRGB, BitsPerComponent=8,
        Filter=Name.DCTDecode, Metadata=pdf.make_stream(b"<x:xmpmeta>Rossi 41.89</x:xmpmeta>"),
    ))  # fmt: skip
    wrapped = pdf.make_stream(zlib.compress(photo))
    wrapped.update(Dictionary(
        Type=Name.XObject, Subtype=Name.Image, Width=97, Height=61, ColorSpace=Name.DeviceRGB, BitsPerComponent=8,
        Filter=Array([Name.FlateDecode, Name.DCTDecode]),
    ))  # fmt: skip
    # "Thumb" is the name of a picture on this page, and no small picture of it.
    page.Resources = Dictionary(XObject=pdf.make_indirect(Dictionary(Thumb=image, Metadata=wrapped)))
    page.Contents = pdf.make_stream(b"q 150 0 0 90 10 10 cm /Thumb Do Q q 60 0 0 60 10 120 cm /Metadata Do Q")
    page.Thumb = pdf.make_stream(b"Rossi")
    page.LastModified = String("D:20261121100000Z")
    page.PieceInfo = Dictionary(Scanner=Dictionary(Private=String("Pixel 9")))
    note = Dictionary(
        Type=Name.Annot, Subtype=Name.Square, Rect=[20, 20, 60, 60], C=[1, 0, 0], T=String("Rosa Rossi"),
        M=String("D:20261121100000Z"), NM=String("Rossi-1"),
    )  # fmt: skip
    pinned = Dictionary(
        Type=Name.Annot, Subtype=Name.FileAttachment, Rect=[150, 150, 170, 170], T=String("Rossi"),
        FS=Dictionary(Type=Name.Filespec, F=String("C:\\Users\\Rosa"), EF=Dictionary(F=pdf.make_stream(b"Rossi"))),
    )  # fmt: skip
    page.Annots = Array([pdf.make_indirect(note), pdf.make_indirect(pinned)])
    pdf.attachments["payslip-rosa.xml"] = b"<who>Rosa Rossi</who>"
    pdf.Root.PieceInfo = Dictionary(App=Dictionary(Private=String("Rossi")))
    with pdf.open_metadata() as told:
        told["dc:creator"], told["xmp:CreatorTool"] = ["Rosa Rossi"], "Pixel 9"
    pdf.docinfo["/Author"], pdf.docinfo["/Producer"] = "Rosa Rossi", "Pixel 9"
    return written(pdf)


def written(pdf: Pdf, **more: object) -> bytes:
    made = io.BytesIO()
    pdf.save(made, **more)  # type: ignore[arg-type]
    return made.getvalue()


def plain(content: bytes) -> bytes:
    """All that stands in a PDF, unpacked as far as that goes."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        unpacked = written(
            pdf,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
            compress_streams=False,
            static_id=True,
        )
    return unpacked + unpacked.replace(b"\0", b"")  # texts of two bytes a letter too


def pages(content: bytes) -> list[bytes]:
    with pypdfium2.PdfDocument(content) as pdf:
        return [page.render(scale=2, may_draw_forms=True).to_pil().tobytes() for page in pdf]


@pytest.mark.parametrize("made", [by_typst, by_pillow, by_a_phone])
def test_who_made_it_when_and_with_what_goes_and_every_dot_stays(made: Callable[[], bytes]) -> None:
    before = made()
    assert [one for one in TOLD if one in plain(before)]
    done = clean_pdf(before)
    assert done.finding is PdfFinding.CLEANED
    assert [one for one in TOLD if one in plain(done.content)] == []
    assert len(set(pages(before))) == len(pages(before))  # they are not all empty
    assert pages(done.content) == pages(before)
    with pikepdf.open(io.BytesIO(done.content)) as pdf:
        assert "/Info" not in pdf.trailer
        assert not {"/Metadata", "/PieceInfo", "/AF", "/Collection"} & set(pdf.Root.keys())
        assert list(pdf.attachments) == []
    # Once more changes no page.
    again = clean_pdf(done.content)
    assert (again.finding, pages(again.content)) == (PdfFinding.CLEANED, pages(before))


def test_what_a_reader_aloud_needs_stays() -> None:
    with pikepdf.open(io.BytesIO(clean_pdf(by_typst()).content)) as pdf:
        assert "/StructTreeRoot" in pdf.Root
        assert pdf.Root.MarkInfo.Marked
        assert "/Lang" in pdf.Root
        assert "https://example.org" in str(pdf.pages[0].Annots[0].A.URI)


def test_an_earlier_version_in_the_same_file_goes() -> None:
    before = by_pillow()
    at = before.rindex(b"startxref")
    previous = before[at:].split()[1]
    more = b"\n99 0 obj\n(Rossi was here)\nendobj\nxref\n99 1\n%010d 00000 n \n" % (len(before) + 1)
    with pikepdf.open(io.BytesIO(before)) as pdf:
        number, generation = pdf.Root.objgen
    begins = len(before) + more.index(b"xref")
    more += b"trailer<</Root %d %d R/Size 100/Prev %s>>\n" % (number, generation, previous)
    more += b"startxref\n%d\n%%%%EOF\n" % begins
    assert b"Rossi was here" in before + more
    assert b"Rossi" not in plain(clean_pdf(before + more).content)


def with_a_place_for_a_signature() -> bytes:
    with pikepdf.open(io.BytesIO(by_a_phone())) as pdf:
        field = Dictionary(FT=Name.Sig, T=String("Signature1"), Subtype=Name.Widget, Rect=[0, 0, 0, 0])
        pdf.Root.AcroForm = Dictionary(Fields=Array([pdf.make_indirect(field)]))
        return written(pdf)


def signed() -> bytes:
    with pikepdf.open(io.BytesIO(with_a_place_for_a_signature())) as pdf:
        signature = Dictionary(
            Type=Name.Sig, Filter=Name("/Adobe.PPKLite"), ByteRange=Array([0, 1, 2, 3]), Contents=String("x")
        )
        pdf.Root.AcroForm.Fields[0].V = pdf.make_indirect(signature)
        return written(pdf)


def test_a_signed_one_stays_byte_for_byte_and_a_place_for_a_signature_is_none() -> None:
    before = signed()
    done = clean_pdf(before)
    assert (done.finding, done.content) == (PdfFinding.SIGNED, before)
    assert clean_pdf(with_a_place_for_a_signature()).finding is PdfFinding.CLEANED


def test_one_that_opens_without_a_password_is_cleaned_and_one_that_does_not_is_unreadable() -> None:
    def locked(user: str) -> bytes:
        with pikepdf.open(io.BytesIO(by_a_phone())) as pdf:
            return written(pdf, encryption=pikepdf.Encryption(owner="o", user=user))

    done = clean_pdf(locked(""))
    assert done.finding is PdfFinding.CLEANED
    assert pages(done.content) == pages(by_a_phone())
    assert b"Rossi" not in plain(done.content)
    assert clean_pdf(locked("secret")).finding is PdfFinding.UNREADABLE


@pytest.mark.parametrize("content", [*NO_PAPERS.values(), b"%PDF-1.7\n%%EOF\n", PDF[:60] + b"%%EOF"])
def test_what_no_reader_opens_is_unreadable(content: bytes) -> None:
    done = clean_pdf(content)
    assert done.finding is PdfFinding.UNREADABLE or pages(done.content)


async def test_it_is_done_in_a_process_of_its_own_and_as_here() -> None:
    cleaner = PdfInItsOwnProcess()
    papers = [by_typst(), by_pillow(), by_a_phone(), PAPER, PDF, b"%PDF-1.7\n%%EOF\n"]
    assert await asyncio.gather(*(cleaner.cleaned(one) for one in papers)) == [clean_pdf(one) for one in papers]


async def test_one_that_takes_too_long_is_unreadable_and_its_process_is_gone() -> None:
    began = time.monotonic()
    done = await PdfInItsOwnProcess(seconds=0.01).cleaned(by_typst())
    assert done == pdf_process.UNREADABLE
    assert time.monotonic() - began < 5


async def test_one_that_unpacks_to_more_than_there_is_room_for_takes_its_process_with_it_alone() -> None:
    # The directory of objects is itself packed: 2 GiB of it in 2 MB, which has to be unpacked to find a page.
    packing, packed = zlib.compressobj(9), bytearray()
    for _ in range(2048):
        packed += packing.compress(bytes(2**20))
    packed += packing.flush()
    begin = b"%PDF-1.5\n1 0 obj<</Type/Catalog/Pages 3 0 R>>endobj\n"
    bomb = begin + b"2 0 obj<</Type/XRef/W[1 4 1]/Size 5/Root 1 0 R/Filter/FlateDecode/Length %d>>" % len(packed)
    bomb += b"stream\n" + bytes(packed) + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF\n" % len(begin)
    cleaner = PdfInItsOwnProcess()
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert (await cleaner.cleaned(bomb)).finding is PdfFinding.UNREADABLE
    assert max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) * 1024 <= pdf_process.MEMORY
    assert (await cleaner.cleaned(PDF)).content == PDF
