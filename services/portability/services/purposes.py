"""What personal data may be used for: a closed list, each purpose with the provision that it rests on.

A leaf module that services share. Which message goes for which purpose, and with which fields, is
policies/allowed_fields.yaml, written out for whoever answers for data protection to read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from portability.agreements.errors import InputError
from portability.agreements.values import Citation
from portability.agreements.yaml_source import read_yaml

__all__ = [
    "APPLICABLE_LEGISLATION",
    "COOPERATION",
    "DATA_PROTECTION",
    "PENSION_CLAIM",
    "PURPOSES",
    "RECOVERY",
    "AllowedFields",
    "Purpose",
    "allowed_fields",
    "purpose_named",
    "why_not_for",
]


@dataclass(frozen=True, slots=True)
class Purpose:
    """A purpose by its code; `citation` is the legal basis that goes with each message.

    `own_messages` says that institutions send messages of their own making for it, beside those of the list.
    """

    code: str
    says: str
    citation: Citation
    own_messages: bool = False


PENSION_CLAIM: Final = Purpose(
    "pension-claim",
    "Handling a claim for a pension in every state concerned.",
    Citation("Regulation (EC) No 987/2009", "Art. 47"),
)
APPLICABLE_LEGISLATION: Final = Purpose(
    "applicable-legislation",
    "Establishing which state's legislation applies to somebody's work, and certifying it.",
    Citation("Regulation (EC) No 987/2009", "Art. 15(1), 16(2), 19(2)"),
)
RECOVERY: Final = Purpose(
    "recovery",
    "Collecting contributions, and recovering benefits that were not due.",
    Citation("Regulation (EC) No 883/2004", "Art. 84(1)"),
)
COOPERATION: Final = Purpose(
    "administrative-cooperation",
    "Exchange between institutions that establishes rights and obligations, by messages of their own making.",
    Citation("Regulation (EC) No 987/2009", "Art. 2(2)"),
    own_messages=True,
)
DATA_PROTECTION: Final = Purpose(
    "data-protection",
    "Answering a person who uses her rights over her data.",
    Citation("Regulation (EU) 2016/679", "Art. 12"),
    own_messages=True,
)
PURPOSES: Final = {
    one.code: one for one in (PENSION_CLAIM, APPLICABLE_LEGISLATION, RECOVERY, COOPERATION, DATA_PROTECTION)
}
_EVERY: Final = "every"
_FILE: Final = "allowed_fields.yaml"


@dataclass(frozen=True, slots=True)
class AllowedFields:
    """The fields of one type of message, by path, and the purposes it may be sent for."""

    purposes: frozenset[str]
    paths: frozenset[str]


@cache
def allowed_fields() -> Mapping[str, AllowedFields]:
    """By message type: all that is said in cases."""
    text = files("portability.services.policies").joinpath(_FILE).read_text(encoding="utf-8")
    listed: Any = read_yaml(text, _FILE).values
    groups = listed["groups"]
    return {
        kind: AllowedFields(
            frozenset(PURPOSES if one["for"] == _EVERY else (purpose_named(each).code for each in one["for"])),
            frozenset(_paths(one["fields"], groups)),
        )
        for kind, one in listed["types"].items()
    }


def purpose_named(code: str, *, field: str = "purpose") -> Purpose:
    """The purpose of a code. Raises InputError where the closed list has none of that code."""
    found = PURPOSES.get(code)
    if found is None:
        raise InputError(f"There is no such purpose: choose one of {', '.join(PURPOSES)}.", field=field)
    return found


def why_not_for(code: str, message_type: str) -> str:
    """Why a message of a type may not go for the purpose of a code, for people; empty where it may."""
    purpose = PURPOSES.get(code)
    if purpose is None:
        return f"The header names no purpose of the closed list ({', '.join(PURPOSES)})."
    listed = allowed_fields().get(message_type)
    if purpose.own_messages if listed is None else code in listed.purposes:
        return ""
    return f"A message of this type is not sent for '{code}'."


def _paths(items: list[Any], groups: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for item in items:
        if isinstance(item, str):
            yield before + item
        else:
            ((path, group),) = item.items()
            yield from _paths(groups[group], groups, f"{before}{path}.")
