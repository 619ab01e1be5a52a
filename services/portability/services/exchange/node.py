"""The parts that the relay and the consumer of one node work with, gathered once by whoever starts them."""

from dataclasses import dataclass, field
from uuid import UUID

from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.ports.work import UnitOfWork
from portability.services.exchange.ports.world import Clock, EventStream, KeyRing, NewId, Observer, TrustDirectory

__all__ = ["SILENT", "ExchangeNode", "SilentObserver", "inbox_topic"]


class SilentObserver:
    """Takes no note of anything."""

    def happened(self, event: str, **ids: str | int) -> None:
        """Do nothing."""


SILENT = SilentObserver()


@dataclass(frozen=True, slots=True)
class ExchangeNode:
    """One institution's node, as the exchange sees it. `process` tells its processes apart: one id for each start."""

    me: InstitutionId
    process: UUID
    unit_of_work: UnitOfWork
    stream: EventStream
    keys: KeyRing
    trust: TrustDirectory
    clock: Clock
    new_id: NewId
    observer: Observer = field(default_factory=SilentObserver)


def inbox_topic(institution: InstitutionId) -> str:
    """Name of the topic on which an institution receives."""
    return f"portability.exchange.v1.{institution}"
