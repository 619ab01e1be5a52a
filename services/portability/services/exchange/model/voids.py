"""Void numbers: numbers of a stream under which nothing will come, for their sender has erased the content. Pure."""

from collections.abc import Collection
from enum import StrEnum
from uuid import UUID

from portability.services.exchange.model.messages import InstitutionId, Lane
from portability.services.values import value

__all__ = ["VoidNumber", "VoidReason", "contradicts", "lane_of_void"]


class VoidReason(StrEnum):
    """Why nothing will come under a number."""

    ERASED_BEFORE_SENT = "erased_before_sent"  # it was in no bundle
    ERASED_BEFORE_RECEIPT = "erased_before_receipt"  # it was in one, and nobody has said that it came


@value
class VoidNumber:
    """A message that its sender can send no more, by what its header says and a hash of the header."""

    stream_seq: int
    message_id: UUID
    leaf_hash: bytes
    case_id: UUID
    case_seq: int
    reason: VoidReason


def contradicts(void: VoidNumber, held: Collection[bytes]) -> bool:
    """Whether a void number cannot be true; `held`: leaf hashes of what came under its number, id or place in the case.

    What was erased before it was receipted may have come all the same: then it is here, and the number is not void.
    """
    if void.reason is VoidReason.ERASED_BEFORE_SENT and held:
        return True
    return any(leaf != void.leaf_hash for leaf in held)


def lane_of_void(sender: InstitutionId, void: VoidNumber) -> Lane:
    """The lane in which a void number leaves a hole."""
    return sender, void.case_id
