"""What personal data may be used for: a closed list, each purpose with the provision that it rests on.

A leaf module that services share. Which fields a message may carry for a purpose stands with the message types
(portability.services.cases.allowed_fields); what is not on a list is refused at the sender.
"""

from dataclasses import dataclass
from typing import Final

from portability.agreements.errors import InputError
from portability.agreements.values import Citation

__all__ = ["COOPERATION", "DATA_PROTECTION", "PENSION_CLAIM", "PURPOSES", "Purpose", "purpose_named", "why_not_for"]


@dataclass(frozen=True, slots=True)
class Purpose:
    """A purpose by its code; `citation` is the legal basis that goes with each message."""

    code: str
    says: str
    citation: Citation
    types: frozenset[str] = frozenset()  # message types that are sent for it alone; none: all that are no other's


PENSION_CLAIM: Final = Purpose(
    "pension-claim",
    "Handling a claim for a pension in every state concerned.",
    Citation("Regulation (EC) No 987/2009", "Art. 47"),
    frozenset({"claim.old_age", "record.request", "record.statement", "decision.notify", "decision.summary"}),
)
COOPERATION: Final = Purpose(
    "administrative-cooperation",
    "Exchange between institutions that establishes rights and obligations, by messages of their own making.",
    Citation("Regulation (EC) No 987/2009", "Art. 2(2)"),
)
DATA_PROTECTION: Final = Purpose(
    "data-protection",
    "Answering a person who uses her rights over her data.",
    Citation("Regulation (EU) 2016/679", "Art. 12"),
)
PURPOSES: Final = {one.code: one for one in (PENSION_CLAIM, COOPERATION, DATA_PROTECTION)}


def purpose_named(code: str, *, field: str = "purpose") -> Purpose:
    """The purpose of a code. Raises InputError where the closed list has none of that code."""
    found = PURPOSES.get(code)
    if found is None:
        raise InputError(f"There is no purpose '{code}': choose one of {', '.join(PURPOSES)}.", field=field)
    return found


def why_not_for(code: str, message_type: str) -> str:
    """Why a message of a type may not go for the purpose of a code, for people; empty where it may."""
    purpose = PURPOSES.get(code)
    if purpose is None:
        return f"The header names no purpose of the closed list ({', '.join(PURPOSES)})."
    owner = next((one for one in PURPOSES.values() if message_type in one.types), None)
    if owner is not purpose and (owner or purpose.types):
        return f"A message '{message_type}' is not sent for '{code}'."
    return ""
