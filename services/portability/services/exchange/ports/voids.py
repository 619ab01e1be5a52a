"""Void numbers in the store: ours, and those of the senders to us."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.voids import VoidNumber
from portability.services.exchange.streams import SequenceRange

__all__ = ["VoidsReceived", "VoidsSent"]


class VoidsSent(Protocol):
    """Numbers of ours under which nothing will be sent any more."""

    async def among(
        self, recipient: InstitutionId, ranges: Sequence[SequenceRange], *, limit: int
    ) -> Sequence[VoidNumber]:
        """Return the lowest void numbers of the stream to a recipient that lie in these ranges, in their order.

        Void is what has expired: its content was erased, and no receipt of it has come.
        """


class VoidsReceived(Protocol):
    """Numbers of senders under which nothing will come, as they say."""

    async def add(self, sender: InstitutionId, voids: Sequence[VoidNumber], *, at: datetime) -> Sequence[VoidNumber]:
        """Keep void numbers; return those that contradict what is here: they are not kept, and nothing is changed.

        Of a number whose message has come all the same nothing is kept; the same number said again changes nothing,
        and contradicts where it comes with another leaf hash.
        """

    async def in_the_way(self, *, limit: int) -> Sequence[tuple[InstitutionId, VoidNumber]]:
        """Return those that are next in their lane while something waits behind them; each with its sender."""

    async def belied(self, *, limit: int, at: datetime) -> Sequence[tuple[InstitutionId, int]]:
        """Note, and return once, sender and number of those that were never sent, as they said, and have come since.

        Each call looks at the next `limit` of them, and after the last begins anew.
        """
