"""The recipient's side of the store: the inbox, how far its topic was read, and the lanes of its cases."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portability.services.exchange.lanes import LaneEntry, LaneStanding
from portability.services.exchange.leases import Lease
from portability.services.exchange.model.messages import InstitutionId, Lane, MessageKey
from portability.services.exchange.model.receiving import Arrival, BundleKey, InboxBundle, InboxMessage
from portability.services.exchange.model.statuses import Unchecked

__all__ = ["AcceptedBlind", "HeldMessages", "Inbox", "Lanes", "Leases", "Offsets", "WaitingLanes"]


class Inbox(Protocol):
    """Messages that this node has received."""

    async def add(self, bundles: Sequence[InboxBundle], messages: Sequence[InboxMessage]) -> Sequence[Arrival]:
        """Insert what is new of `messages` and say for each, in order, whether it was.

        Unique by (sender, message_id). DUPLICATE: there with the same leaf hash, also earlier in this call.
        CONFLICT: there with another leaf hash; nothing is inserted. `bundles` are the opened bundles of these
        messages, stored once by (sender, bundle id).
        """

    async def find(self, sender: InstitutionId, message_id: UUID) -> InboxMessage | None:
        """Return a received message; None where unknown."""

    async def bundles(self, keys: Sequence[BundleKey]) -> Mapping[BundleKey, InboxBundle]:
        """Return what is kept of bundles; unknown ones are left out."""


class Offsets(Protocol):
    """How far this node has consumed the partitions of its inbox topic."""

    async def load(self, topic: str, partition: int) -> int:
        """Return the offset of the last record consumed, -1 before the first."""

    async def save(self, topic: str, partition: int, offset: int) -> None:
        """Note that all records up to `offset` are consumed."""

    async def advance(self, topic: str, partition: int, *, after: int, to: int) -> bool:
        """Note that all records up to `to` are consumed, where `load` still says `after`; False where it does not.

        Another transaction that advances the same partition waits for the end of this one.
        """


class Leases(Protocol):
    """Which process of the node has what, until when."""

    async def find(self, names: Sequence[str]) -> Sequence[Lease]:
        """Return the leases of these names, without a lock; what nobody has had yet is left out."""

    async def take(self, lease: Lease, *, over: Lease | None) -> bool:
        """Keep `lease` where `over` is still what is kept (None: nothing); False where it is not.

        Waits for a transaction in which `holds` has said yes.
        """

    async def holds(self, lease: Lease) -> bool:
        """Say whether nobody has taken it over; nobody does then until the transaction ends."""


class HeldMessages(Protocol):
    """Messages in the inbox whose turn comes later than they did."""

    async def find_many(self, messages: Sequence[MessageKey]) -> Sequence[InboxMessage]:
        """Return received messages by their key, in any order; unknown and erased ones are left out."""


class AcceptedBlind(Protocol):
    """Messages that have taken effect though something in them is not checked yet."""

    async def add(self, unchecked: Mapping[MessageKey, Unchecked]) -> None:
        """Keep why; the timeline shows it. A message that is there already keeps its first reason."""


class WaitingLanes(Protocol):
    """What waits in lanes, to be looked at."""

    async def held_since(self, before: datetime, *, limit: int) -> Sequence[tuple[Lane, LaneEntry]]:
        """Return the first that waits in each lane where something does since before an instant, the longest first."""

    async def waiting(self, lane: Lane) -> int:
        """Return how many messages wait in a lane, parked ones among them."""


class Lanes(WaitingLanes, Protocol):
    """Where lanes stand: what waits in them, and which message is next."""

    async def load(self, lanes: Mapping[Lane, Collection[int]]) -> Mapping[Lane, LaneStanding]:
        """Lock lanes until the transaction ends; return where each stands. A new one stands at its beginning.

        All lanes of their senders wait meanwhile: what one sender sends may come by several partitions.

        Of a lane in which much waits a part is read (`LaneStanding.known_to`), with what waits at the numbers given.
        """

    async def ahead(self, lanes: Mapping[Lane, int], *, limit: int) -> Mapping[Lane, Sequence[LaneEntry]]:
        """Return what waits in lanes that are locked, at `limit` numbers from the one given."""

    async def save(self, standings: Mapping[Lane, LaneStanding]) -> None:
        """Keep where lanes stand now; what `load` and `ahead` have not given stays as it is."""
