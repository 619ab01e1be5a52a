"""One file from one format to the other, checked: what is written can be read back to what was read."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from portability.adapters.eessi.career_file import Finding
from portability.adapters.eessi.json_text import read_json, sorted_text, write_json
from portability.adapters.eessi.reading import to_career
from portability.adapters.eessi.writing import to_eessi
from portability.agreements.errors import InputError, VerificationError

__all__ = ["LARGEST", "Converted", "Format", "converted", "too_large"]

LARGEST = 16 * 1024 * 1024
"""Bytes of the largest file that is read; the largest document that is known has under one million."""


class Format(StrEnum):
    EESSI = "eessi"
    CAREER = "career"


@dataclass(frozen=True, slots=True)
class Converted:
    """What came out, with what a person may have to look at."""

    text: str
    document_type: str
    title: str  # what the document is; empty where its fields are not read
    findings: tuple[Finding, ...]


def converted(content: bytes, *, name: str, source: Format, told_type: str = "") -> Converted:
    """The file in the other format.

    Raises InputError with the file, the place and the next step where it cannot be converted, and
    VerificationError where this program would lose something.
    """
    if len(content) > LARGEST:
        raise too_large(name, len(content))
    value = read_json(content, name=name)
    if source is Format.CAREER:
        document, findings = to_eessi(value, name=name)
        kind = value["document"]
        return Converted(write_json(document), kind["type"], str(kind.get("title", "")), findings)
    career, findings = to_career(value, name=name, told_type=told_type)
    text = write_json(career)
    _check_the_way_back(value, text, name)
    return Converted(text, career["document"]["type"], career["document"]["title"], findings)


def too_large(name: str, size: int) -> InputError:
    return InputError(
        f"{name} has {size:,} bytes, and a document of EESSI has fewer than {LARGEST:,}. "
        "If it holds several documents, put each into a file of its own; attachments stay outside the document."
    )


def _check_the_way_back(value: Any, text: str, name: str) -> None:
    back, _ = to_eessi(read_json(text.encode("utf-8", "surrogatepass"), name=name), name=name)
    if sorted_text(back) != sorted_text(value):
        raise VerificationError(
            f"{name} would not come back as it was, so nothing was written. "
            "This is a fault of the program: report it with the names of the document's fields, without their values."
        )
