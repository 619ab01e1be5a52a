"""What waits in lanes for what has not come, in the store, and what was given up."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from portability.services.exchange.model.messages import Lane, MessageKey
from portability.services.exchange.model.waiting import GapGivenUp, GivenUp, WaitingLane
from portability.services.exchange.streams import SequenceRange

__all__ = ["GivenUps", "LanesWaiting"]


class LanesWaiting(Protocol):
    """Lanes in which something waits, without a lock."""

    async def page(self, *, after: Lane | None, limit: int) -> Sequence[WaitingLane]:
        """Return lanes in which something waits, by sender and case, beginning after a lane."""

    async def find(self, lane: Lane) -> WaitingLane | None:
        """Return one; None where nothing waits in it."""

    async def among(self, lane: Lane, missing: SequenceRange) -> SequenceRange | None:
        """Return the numbers of the stream among which those of a case are: between what came before and after them.

        None where there are none between. What is of a case is numbered in it in the order of the stream.
        """


class GivenUps(Protocol):
    """Numbers of cases, and of streams, that a person here waits for no more."""

    async def add(self, given_up: GivenUp) -> None:
        """Keep it."""

    async def add_gap(self, given_up: GapGivenUp) -> None:
        """Keep that a gap of a stream was refused; what is missing in it is settled by that."""

    async def came(self, *, limit: int) -> Sequence[tuple[UUID, MessageKey]]:
        """Return messages that came under such a number afterwards, each by its open entry of the quarantine."""
