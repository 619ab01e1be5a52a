"""A PDF without what is told beside its pages: who made it, when, with what, and files inside it.

Pages are drawn from the same content as before: no stream of a page is unpacked or written anew, but for the notes in
its photos. What earlier versions of the file held goes too, since only what a page still leads to is written.
Whether a PDF does harm to whoever opens it is not searched. This runs in a process of its own (`pdf_process`).
"""

import io
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, ObjectStreamMode, Pdf, Stream, StreamDecodeLevel

from portability.services.workers.declarations.model import CleanedPdf, PdfFinding
from portability.services.workers.declarations.recognising import drawn_jpeg

__all__ = ["clean_pdf"]

_MOST_OBJECTS: Final = 200_000
_SIGNATURES: Final = frozenset({Name.Sig, Name.DocTimeStamp})
# ISO 32000-2: 14.3 metadata, 14.5 what programs keep, 14.10 where from the web, 7.7.2 the catalogue, 12.3.4 thumbnails,
# 14.13 associated files, 8.11.4.4 who made a layer.
_TOLD: Final = ("/Metadata", "/PieceInfo", "/LastModified", "/SpiderInfo", "/Thumb", "/AF", "/CreatorInfo")
# What programs that fetch from the web leave at pages and pictures; elsewhere /ID holds a table together.
_FROM_THE_WEB: Final = ("/ID", "/URLS")
_TOLD_BY_A_CATALOGUE: Final = ("/Collection", "/Requirements", "/Extensions")
# Of a mark on a page (12.5.2, 12.5.6.2): who made it and when. Of a field of a form /T is its name, which it needs.
_TOLD_BY_A_MARK: Final = ("/T", "/M", "/CreationDate", "/NM", "/Subj")
# What stands under these has names of its maker's own choice: "Thumb" may be a picture on a page (7.8.3, 12.5.5).
_MAPS: Final = frozenset(
    {"/XObject", "/Font", "/ExtGState", "/ColorSpace", "/Pattern", "/Shading", "/Properties", "/CharProcs", "/RoleMap"}
    | {"/ClassMap", "/Colorants", "/Dests", "/N", "/D", "/R"}
)
_TOLD_OF_A_FILE: Final = ("/EF", "/RF", "/F", "/UF", "/Desc", "/DOS", "/Mac", "/Unix")
_NOT_OF_A_PICTURE: Final = frozenset({b"xml ", b"uuid", b"uinf", b"jp2i"})  # ISO/IEC 15444-1, I.7


def clean_pdf(content: bytes) -> CleanedPdf:
    """The PDF as it is kept. Never raises for what stands in it."""
    try:
        with pikepdf.open(io.BytesIO(content), suppress_warnings=True) as pdf:
            if not len(pdf.pages) or len(pdf.objects) > _MOST_OBJECTS:
                return CleanedPdf(PdfFinding.UNREADABLE, b"")
            if _is_signed(pdf):
                return CleanedPdf(PdfFinding.SIGNED, content)
            _clean(pdf)
            return CleanedPdf(PdfFinding.CLEANED, _written(pdf))
    except (pikepdf.PdfError, pikepdf.PasswordError, pikepdf.DataDecodingError, ValueError, TypeError, KeyError,
            AttributeError, IndexError, RuntimeError, RecursionError, NotImplementedError):  # fmt: skip
        return CleanedPdf(PdfFinding.UNREADABLE, b"")


def _written(pdf: Pdf) -> bytes:
    kept = io.BytesIO()
    pdf.save(
        kept,
        deterministic_id=True,  # the one from before may tell file, machine and time
        encryption=False,
        fix_metadata_version=False,
        object_stream_mode=ObjectStreamMode.generate,
        stream_decode_level=StreamDecodeLevel.none,
    )
    return kept.getvalue()


def _is_signed(pdf: Pdf) -> bool:
    """Whether anything in it is a signature over its bytes (12.8.1), rather than a place for one."""
    return any("/ByteRange" in one and one.get("/Type", Name.Sig) in _SIGNATURES for one in _dictionaries(pdf))


def _clean(pdf: Pdf) -> None:
    catalogue = pdf.Root
    _without(pdf.trailer, ("/Info",))
    _without(catalogue, _TOLD_BY_A_CATALOGUE)
    _without(catalogue.get("/Names"), ("/EmbeddedFiles",))
    for thread in _items(catalogue.get("/Threads")):
        _without(thread, ("/I",))
    layers = catalogue.get("/OCProperties")
    if isinstance(layers, Dictionary):
        for shown in (layers.get("/D"), *_items(layers.get("/Configs"))):
            _without(shown, ("/Creator",))
    maps = _maps(pdf)
    for one in _dictionaries(pdf):
        if one.is_indirect and one.objgen in maps:
            continue
        _without(one, _TOLD)
        if "/Rect" in one and "/Subtype" in one and one.Subtype != Name.Widget:
            _without(one, _TOLD_BY_A_MARK)
        if one.get("/Subtype") == Name.FileAttachment:
            _without(one, ("/FS", "/Contents"))
        if "/EF" in one and ("/F" in one or "/UF" in one):
            _without(one, _TOLD_OF_A_FILE)
        if one.get("/Type") == Name.Page or one.get("/Subtype") in (Name.Image, Name.Form):
            _without(one, _FROM_THE_WEB)
        if isinstance(one, Stream) and one.get("/Subtype") == Name.Image:
            _clean_picture(pdf, one)


def _clean_picture(pdf: Pdf, image: Stream) -> None:
    """Take the notes out of a photo that stands in the PDF as its phone made it. Raises ValueError where it is odd."""
    filters = [str(one) for one in _items(image.get("/Filter"))] or [str(image.get("/Filter"))]
    drawn = _PICTURES.get(filters[-1])
    if drawn is None:
        return
    raw = image.read_raw_bytes()
    parameters = image.get("/DecodeParms")
    if len(filters) > 1:
        outer = pdf.make_stream(raw)
        outer.Filter = Array([Name(one) for one in filters[:-1]])
        if isinstance(parameters, Array):
            outer.DecodeParms = Array(list(parameters)[:-1])
            parameters = parameters[-1]
        raw = outer.read_bytes(StreamDecodeLevel.specialized)
    kept = drawn(raw)
    if kept is None:
        raise ValueError("a photo that is not whole")
    image.write(kept, filter=Name(filters[-1]), decode_parms=parameters if isinstance(parameters, Dictionary) else None)


def _drawn_jpeg2000(content: bytes) -> bytes | None:
    """The boxes that it takes to draw the picture (ISO/IEC 15444-1, I.4); a bare code stream as it is."""
    if content.startswith(b"\xff\x4f\xff\x51"):
        return content
    place, kept = 0, bytearray()
    while place + 8 <= len(content):
        length, begin = int.from_bytes(content[place : place + 4], "big"), 8
        if length == 1:
            length, begin = int.from_bytes(content[place + 8 : place + 16], "big"), 16
        end = place + length if length else len(content)
        if end < place + begin or end > len(content):
            return None
        kept += b"" if content[place + 4 : place + 8] in _NOT_OF_A_PICTURE else content[place:end]
        place = end
    return bytes(kept) if b"jp2c" in kept else None


_PICTURES: Final[Mapping[str, Callable[[bytes], bytes | None]]] = MappingProxyType(
    {"/DCTDecode": drawn_jpeg, "/JPXDecode": _drawn_jpeg2000}
)


def _maps(pdf: Pdf) -> frozenset[tuple[int, int]]:
    """Which objects of the file are such maps."""
    found = (one.get(name) for one in _dictionaries(pdf) for name in _MAPS)
    return frozenset(one.objgen for one in found if isinstance(one, Dictionary) and one.is_indirect)


def _dictionaries(pdf: Pdf) -> Iterator[Object]:
    """Every dictionary of the file, each once; of those that stand within another, all but maps."""
    for one in pdf.objects:
        waiting: list[tuple[Object, bool]] = [(one, False)]
        while waiting:
            here, is_map = waiting.pop()
            inner: list[tuple[str, Any]] = []
            if isinstance(here, Dictionary | Stream):
                inner = [(key, here.get(key)) for key in list(here.keys())]
                if not is_map:
                    yield here
            elif isinstance(here, Array):
                inner = [("", each) for each in here]
            # What is an object of the file by itself comes by itself.
            waiting += [
                (each, key in _MAPS and not is_map)
                for key, each in inner
                if isinstance(each, Dictionary | Array) and not each.is_indirect
            ]


def _items(found: Any) -> list[Object]:
    return list(found) if isinstance(found, Array) else []


def _without(found: Any, names: tuple[str, ...]) -> None:
    if not isinstance(found, Dictionary | Stream):
        return
    for name in names:
        if name in found:
            del found[name]
