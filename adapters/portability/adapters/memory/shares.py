"""What was determined in cases on flows, in memory, and what people have judged of their records."""

from uuid import UUID

from portability.services.cases.ports import Reliance
from portability.services.cases.shares.model import Share

__all__ = ["MemoryJudged", "MemoryShares"]


class MemoryShares:
    """ShareBook; it passes the contract suite of the real store."""

    def __init__(self) -> None:
        self._shares: dict[UUID, tuple[Share, ...]] = {}

    async def add(self, case_id: UUID, share: Share) -> None:
        self._shares[case_id] = (*self._shares.get(case_id, ()), share)

    async def last(self, case_id: UUID) -> Share | None:
        kept = self._shares.get(case_id, ())
        return kept[-1] if kept else None


class MemoryJudged:
    """Judged: what a test says of a case; nothing waits otherwise."""

    def __init__(self) -> None:
        self.relied: dict[UUID, Reliance] = {}

    async def reliance(self, case_id: UUID) -> Reliance:
        return self.relied.get(case_id, Reliance())
