"""What was determined in cases on flows, in memory; it passes the contract suite of the real store."""

from uuid import UUID

from portability.services.cases.shares.model import Share

__all__ = ["MemoryShares"]


class MemoryShares:
    """ShareBook."""

    def __init__(self) -> None:
        self._shares: dict[UUID, tuple[Share, ...]] = {}

    async def add(self, case_id: UUID, share: Share) -> None:
        self._shares[case_id] = (*self._shares.get(case_id, ()), share)

    async def last(self, case_id: UUID) -> Share | None:
        kept = self._shares.get(case_id, ())
        return kept[-1] if kept else None
