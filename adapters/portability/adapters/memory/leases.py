"""Leases in memory."""

from collections.abc import Sequence

from portability.adapters.memory.exchange_state import State
from portability.services.exchange.leases import Lease

__all__ = ["MemoryLeases"]


class MemoryLeases:
    """The port `Leases`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def find(self, names: Sequence[str]) -> Sequence[Lease]:
        """Return leases by name."""
        return [self._state.leases[name] for name in names if name in self._state.leases]

    async def take(self, lease: Lease, *, over: Lease | None) -> bool:
        """Keep a lease in place of the one that is thought to be there."""
        as_expected = self._state.leases.get(lease.name) == over
        if as_expected:
            self._state.leases[lease.name] = lease
        return as_expected

    async def holds(self, lease: Lease) -> bool:
        """Say whether nobody has taken it over."""
        kept = self._state.leases.get(lease.name)
        return kept is not None and (kept.holder, kept.epoch) == (lease.holder, lease.epoch)
