"""How much a node takes on before it says no: what waits for a partner, and the room on its disk.

A node that is full takes nothing new on and goes on with the rest: it relays, takes in, receipts, and answers keys
that it knows.
"""

from collections.abc import Callable
from dataclasses import dataclass

from portability.agreements.errors import OverloadError
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.sending import Turns

__all__ = ["USUAL", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """`free_disk` reads which part of the volume of the data folder is free, from 0 to 1."""

    backlog: int = 1_000_000  # messages to one partner without a receipt
    bytes_in_flight: int = 4 * 2**30  # of headers and records of these
    least_free_disk: float = 0.1
    free_disk: Callable[[], float] = lambda: 1.0

    def full(self, recipient: InstitutionId, turns: Turns) -> OverloadError | None:
        """Why nothing new is taken on for a recipient; None where it is."""
        free = self.free_disk()
        if free < self.least_free_disk:
            return OverloadError(
                f"{free:.1%} of the disk of this node is free; it takes nothing on below {self.least_free_disk:.0%}: "
                "make room on the volume of the data folder, or give it a larger one.",
                limit="disk",
            )
        waiting = turns.open_messages.get(recipient, 0)
        if waiting >= self.backlog:
            return OverloadError(
                f"{waiting} messages to '{recipient}' wait for a receipt; {self.backlog} are allowed: try again later, "
                "and find out why the partner does not answer.",
                limit="backlog",
            )
        in_flight = turns.open_bytes.get(recipient, 0)
        if in_flight >= self.bytes_in_flight:
            return OverloadError(
                f"{in_flight} bytes to '{recipient}' wait for a receipt; {self.bytes_in_flight} are allowed: try again "
                "later, or raise PORTABILITY_BYTES_IN_FLIGHT.",
                limit="bytes_in_flight",
            )
        return None


USUAL = Limits()
