"""Messages of a case are taken in only for a purpose of the closed list that their type goes with."""

from dataclasses import replace
from typing import Final

from portability.services.exchange.envelope import Header, OpenedBundle, OpenedItem, RefusedItem
from portability.services.exchange.model.messages import NO_CASE
from portability.services.purposes import why_not_for

__all__ = ["PURPOSE_REFUSED", "by_purpose"]

PURPOSE_REFUSED: Final = "PURPOSE_REFUSED"


def by_purpose(bundle: OpenedBundle) -> OpenedBundle:
    """The bundle, with the messages among `refused` that name no purpose here, or one that is not for their type.

    Nothing of them is read further: whoever receives personal data without a purpose has no ground to use it
    (GDPR Art. 5(1)(b)).
    """
    opened: list[OpenedItem] = []
    refused = list(bundle.refused)
    for one in bundle.opened:
        if reason := _why_not(one.header):
            item = bundle.contents[one.index]
            refused.append(RefusedItem(one.index, one.leaf_hash, reason, item, one.header, PURPOSE_REFUSED))
        else:
            opened.append(one)
    return replace(bundle, opened=tuple(opened), refused=tuple(refused))


def _why_not(header: Header) -> str:
    """Empty where nothing stands against it, and for messages of no case, which are the exchange's own."""
    return "" if header.case_id == NO_CASE else why_not_for(header.purpose, header.type)
