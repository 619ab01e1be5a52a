"""What the recipient takes off the stream and keeps."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portability.services.exchange.model.messages import InstitutionId, ReceivedMessage
from portability.services.hybrid import HybridSignature
from portability.services.values import value

__all__ = ["Arrival", "BundleKey", "InboxBundle", "InboxMessage", "OpenedMessage", "StreamRecord"]

BundleKey = tuple[str, UUID]  # sender and bundle id


@value
class StreamRecord:
    """One record on an event stream, as the broker gives it: bytes in, bytes out."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes


class Arrival(StrEnum):
    """What the inbox says of a message that comes in."""

    NEW = "new"
    DUPLICATE = "duplicate"  # the same id and content was here before: receipt again, no effect
    CONFLICT = "conflict"  # the same id with other content: alarm and quarantine


@value
class InboxBundle:
    """A bundle that has verified: signed part and signatures, for evidence; its messages are rows of their own."""

    bundle_id: UUID
    sender: InstitutionId
    signed_head: bytes
    signature: HybridSignature
    received_at: datetime
    leaf_hashes: tuple[bytes, ...]  # of all its items in order, also of those that were set aside or known


@value
class InboxMessage:
    """A received message with its place in its bundle, and what its header commits to.

    Where the content was erased, `salt` and the message's record are empty; header and leaf still prove it.
    """

    message: ReceivedMessage
    header: bytes  # as received
    salt: bytes  # 32 bytes
    leaf_hash: bytes  # 32 bytes
    bundle_id: UUID
    item: int  # index in the bundle, from 0


@value
class OpenedMessage:
    """A received message that somebody here has read for the first time, and the bundle that brought it."""

    sender: InstitutionId
    message_id: UUID
    leaf_hash: bytes
    bundle_id: UUID
