"""What a JSON document of EESSI is: its type, how it writes its names, its version, and whether its fields are read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import PurePath
from typing import Any

import yaml

from portability.adapters.eessi.names import Form
from portability.agreements.errors import InputError

__all__ = ["Kind", "read_types", "recognised"]

_TYPE = re.compile(r"(?:A|DA|F|H|M|P|R|S|U|X)\d{3,5}(?:CB|[A-Z])?(?:_[A-Z]{2})?")
_TYPE_IN_A_NAME = re.compile(r"(?<![A-Z0-9])(?:A|DA|F|H|M|P|R|S|U|X)\d{3,5}(?![0-9])")


@dataclass(frozen=True, slots=True)
class Kind:
    """`told_by` says what told the type: document, mark, name of the file, or caller."""

    document_type: str
    form: Form
    root: str  # name of the block that the document is in; empty where it is in none
    version: str
    told_by: str
    title: str  # what the document is; empty where its fields are not read

    @property
    def is_read(self) -> bool:
        return bool(self.title)


@cache
def read_types() -> Mapping[str, str]:
    """Types whose fields are read, with what each is."""
    text = (files("portability.adapters.eessi") / "data" / "document_types.tsv").read_text(encoding="utf-8")
    return dict(line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))


def recognised(document: Any, *, name: str, told_type: str = "") -> Kind:
    """The kind of a document; raises InputError that says what it is instead and what to do."""
    if not isinstance(document, dict):
        raise InputError(
            f"{name} holds no JSON object, and a document of EESSI is one. Put each document into a file of its own."
        )
    _refuse_notification(document, name)
    official = [key for key in document if _TYPE.fullmatch(key.upper()) and isinstance(document[key], dict)]
    form = Form.OFFICIAL if official else Form.NORWEGIAN
    found, told_by = _type_of(document, official, name)
    if told_type:
        found, told_by = told_type.strip().upper(), "caller"
    if not found:
        raise InputError(
            f"{name} names no type: neither 'sed' nor 'sedType' is given, and no mark of a type is found. "
            "If you know it, say it with --type, for example --type P5000."
        )
    if not _TYPE.fullmatch(found):
        raise InputError(
            f"{name} is of type '{found[:20]}', which EESSI does not have. Correct it, or say another with --type."
        )
    root = official[0] if official else ""
    version = _version(document[root] if root else document)
    return Kind(found, form, root, version, told_by, read_types().get(found, ""))


def _type_of(document: Mapping[str, Any], official: list[str], name: str) -> tuple[str, str]:
    low = {key.casefold(): value for key, value in reversed(list(document.items()))}
    for key in ("sed", "sedtype"):
        told = low.get(key)
        if isinstance(told, str) and told.strip() and told.strip().upper() != "N/A":
            return told.strip().upper(), "document"
    if official:
        return official[0].upper(), "document"
    marks = yaml.safe_load((files("portability.adapters.eessi") / "data" / "marks.yaml").read_text(encoding="utf-8"))
    for mark, document_type in marks.items():
        if mark.casefold() in low:
            return document_type, "mark"
    in_name = _TYPE_IN_A_NAME.search(PurePath(name).stem.upper().replace("SED", " "))
    return (in_name[0], "name of the file") if in_name else ("", "")


def _version(document: Mapping[str, Any]) -> str:
    if isinstance(document.get("sedVersjon"), str):
        return str(document["sedVersjon"])
    parts = [str(document.get(key)) for key in ("sedGVer", "sedVer")]
    return ".".join(one for one in parts if one.isdecimal()) if parts[0].isdecimal() else ""


def _refuse_notification(document: Mapping[str, Any], name: str) -> None:
    if "bucType" in document and "rinaDokumentId" in document:
        raise InputError(
            f"{name} is a notification that a document has come, not the document. "
            "Fetch the document itself from your access point and convert that."
        )
