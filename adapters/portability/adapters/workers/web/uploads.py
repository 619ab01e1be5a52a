"""A form with a paper in it, read as it comes: all of it has a limit, none of it touches the disk or tells a file name.

Starlette's own reader limits only the parts that are no files, and writes files over a megabyte to the disk.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from portability.adapters.workers.web.security import FORM_FIELDS, FormRefusedError

__all__ = ["MOST_AT_ONCE", "Upload", "read_upload"]

SECONDS: Final = 300  # 3 MiB over a line of 100 kbit/s take 250
MOST_AT_ONCE: Final = 16  # uploads that are held in memory
ALL_FIELDS: Final = 4096  # bytes of what is no paper
DISCARDED: Final = 4  # times the limit: a browser reads no answer before it has sent all


@dataclass(frozen=True, slots=True)
class Upload:
    """`content` is None where more came than fits; the fields in front of it are there all the same."""

    fields: Mapping[str, str]
    content: bytes | None


async def read_upload(request: Request, *, file: str, largest: int) -> Upload:
    """The fields of a form and the content of its field `file`, of `largest` bytes at most.

    Raises FormRefusedError for what is no such form, for one that is far too large, and for one that takes too long.
    """
    form = _Form(file, largest)
    try:
        parser = MultipartParser(_boundary(request), form.callbacks())  # type: ignore[arg-type] # fewer than there are
        async with asyncio.timeout(SECONDS):
            received = 0
            async for chunk in request.stream():
                received += len(chunk)
                if received > DISCARDED * largest:
                    raise FormRefusedError(413)
                if not form.is_over:
                    parser.write(chunk)
        if not form.is_over:
            parser.finalize()
    except FormParserError as error:
        raise FormRefusedError(400) from error
    except TimeoutError as error:
        raise FormRefusedError(408) from error
    return form.upload()


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise FormRefusedError(415)
    return options[b"boundary"]


@dataclass(slots=True)
class _Form:
    """Parts as the parser tells them. Of a field that comes twice, the last."""

    file: str
    largest: int
    parts: dict[str, bytearray] = field(default_factory=dict)
    is_over: bool = False  # the paper is too large: what follows is not read any more
    is_whole: bool = False
    _count: int = 0
    _fields_size: int = 0
    _name: str = ""
    _header: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _disposition: bytes = b""

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def upload(self) -> Upload:
        if not (self.is_whole or self.is_over):
            raise FormRefusedError(400)
        content = self.parts.pop(self.file, bytearray())
        try:
            fields = {name: value.decode("utf-8") for name, value in self.parts.items()}
        except UnicodeDecodeError as error:
            raise FormRefusedError(400) from error
        if any("\x00" in value for value in fields.values()):  # no database takes it
            raise FormRefusedError(400)
        return Upload(fields, None if self.is_over else bytes(content))

    def _begin(self) -> None:
        self._count += 1
        if self._count > FORM_FIELDS:
            raise FormRefusedError(400)
        self._disposition = b""

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise FormRefusedError(400)
        self._name = options[b"name"].decode("latin-1")
        self.parts[self._name] = bytearray()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self.is_over:
            return
        part = self.parts[self._name]
        if self._name != self.file:
            self._fields_size += end - start
            if self._fields_size > ALL_FIELDS:
                raise FormRefusedError(413)
        elif len(part) + end - start > self.largest:
            self.is_over = True
            part.clear()
            return
        part.extend(data[start:end])

    def _end(self) -> None:
        self.is_whole = True
