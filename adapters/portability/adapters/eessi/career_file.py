"""The career file: one document of EESSI in our terms, as JSON, with all that is needed to write it back.

Its parts are described in docs/convert.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from portability.adapters.eessi.leaves import Path
from portability.adapters.eessi.names import Form

__all__ = ["FORMAT", "Finding", "FindingKind", "Record", "moved_parts"]

FORMAT = "portability.career/1"

Record = dict[str, Any]


class FindingKind(StrEnum):
    """What a person may have to look at; nothing of it is lost."""

    UNREAD_VALUE = "unread_value"  # carried as it stands: it cannot be read as what its field means
    UNKNOWN_CODE = "unknown_code"  # carried: the code is outside its table
    KEPT = "kept"  # kept under our term for its name: the record has no field for it
    UNKNOWN_NAME = "unknown_name"  # kept word for word: the dictionary does not have the name
    OTHER_CAPITALS = "other_capitals"  # read: the name is known in other capitals
    NOT_CARRIED = "not_carried"  # the record has a value for which the form has no place
    NOT_READ = "not_read"  # the document is kept whole: its type is not read
    TYPE_ASSUMED = "type_assumed"  # the document does not say its type
    OTHER_VERSION = "other_version"  # read all the same: the fields are known as version 4 has them


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. It names places and never values, for a report may be sent to another office."""

    kind: FindingKind
    place: str
    text: str
    times: int = field(default=1)


_PARTS: Mapping[Form, Mapping[str, Path]] = {
    Form.NORWEGIAN: {
        "person": ("nav", "bruker"),
        "case_numbers": ("nav", "eessisak"),
        "survivor": ("pensjon", "gjenlevende"),
        "claim": ("pensjon",),
    },
    Form.OFFICIAL: {
        "person": ("InsuredPerson",),
        "case_numbers": ("LocalCaseNumbers", "LocalCaseNumber"),
        "survivor": ("ClaimantSurvivorPension",),
    },
}
_CLAIMS = frozenset({"P2000", "P2100", "P2200"})


def moved_parts(document_type: str, form: Form) -> Mapping[str, Path]:
    """Parts of the career file that stand beside `other`, with where they are in the document."""
    return {name: path for name, path in _PARTS[form].items() if name != "claim" or document_type in _CLAIMS}
