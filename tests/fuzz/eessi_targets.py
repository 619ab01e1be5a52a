"""Documents of EESSI and career files, as another office's systems or a person's editor make them."""

from collections.abc import Sequence
from functools import partial

from portability.adapters.eessi.conversion import Format, converted
from portability.adapters.eessi.json_text import read_json
from portability.agreements.errors import InputError
from tests.eessi.samples import own
from tests.fuzz.target import Target

__all__ = ["eessi_targets"]


def eessi_targets() -> Sequence[Target]:
    """A document that would not come back as it was is a finding: that error is not declared."""
    documents = [file.read_bytes() for file in own()]
    careers = [converted(one, name="P5000.json", source=Format.EESSI).text.encode() for one in documents]
    read = partial(converted, name="P5000.json")
    return [
        Target("eessi-document", partial(_read, read, Format.EESSI), (InputError,), documents, inputs=100_000),
        Target("json-text", partial(read_json, name="P5000.json"), (InputError,), documents, inputs=100_000),
        Target("career-file", partial(_read, read, Format.CAREER), (InputError,), careers, inputs=100_000),
    ]


def _read(read: partial[object], source: Format, content: bytes) -> object:
    return read(content, source=source)
