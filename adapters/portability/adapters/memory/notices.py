"""Notices in memory; they pass the contract suite of the real store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from portability.services.notices.model import (
    FRESH,
    SECURITY,
    SECURITY_TEXTS_AN_HOUR,
    TEXTS_A_DAY,
    Channel,
    Choice,
    Kind,
    Notice,
    Outcome,
    Taken,
    Untold,
    case_of_all,
    security_of,
    told_together,
)

__all__ = ["MemoryChoices", "MemoryNotices"]


class MemoryNotices:
    """NoticeBook and UntoldTexts."""

    def __init__(self) -> None:
        self.kept: dict[tuple[UUID, bytes], tuple[Notice, UUID | None]] = {}
        self.texts: dict[UUID, tuple[UUID, datetime, Outcome, Channel | None]] = {}
        self.security: dict[UUID, Kind | None] = {}

    async def add(self, worker_id: UUID, notices: Sequence[Notice]) -> int:
        before = len(self.kept)
        for notice in notices:
            self.kept.setdefault((worker_id, notice.event), (notice, None))
        return len(self.kept) - before

    async def take(self, text_id: UUID, *, at: datetime) -> Taken | None:
        may_go = {
            key: notice
            for key, (notice, taken) in self.kept.items()
            if taken is None and notice.due_at <= at and at - notice.noted_at < FRESH
            and self._has_room(key[0], notice.kind, at)
        }  # fmt: skip
        waiting = [(notice.kind not in SECURITY, notice.due_at, key[0]) for key, notice in may_go.items()]
        if not waiting:
            return None
        worker_id = min(waiting)[2]
        due = {key: notice for key, notice in may_go.items() if key[0] == worker_id}
        kinds = told_together(notice.kind for notice in due.values())
        told = {key: notice for key, notice in due.items() if notice.kind in kinds}
        self.kept |= {key: (notice, text_id) for key, notice in told.items()}
        self.texts[text_id] = (worker_id, at, Outcome.TAKEN, None)
        self.security[text_id] = security_of(kinds)
        return Taken(text_id, worker_id, kinds, case_of_all(notice.case_id for notice in told.values()))

    async def settle(
        self, text_id: UUID, outcome: Outcome, *, channel: Channel | None = None, again_at: datetime | None = None
    ) -> None:
        if again_at is None:
            worker_id, at, *_ = self.texts[text_id]
            self.texts[text_id] = (worker_id, at, outcome, channel)
            return
        del self.texts[text_id]
        for key, (notice, taken) in self.kept.items():
            if taken == text_id:
                self.kept[key] = (replace(notice, due_at=again_at), None)

    async def untold(self, *, since: datetime, before: datetime) -> Untold:
        late = [outcome for _, taken, outcome, _ in self.texts.values() if since <= taken < before]
        return Untold(late.count(Outcome.TAKEN), late.count(Outcome.FAILED))

    def _has_room(self, worker_id: UUID, kind: Kind, at: datetime) -> bool:
        """Whether she has not had as many texts of late as may be: of this kind, or of ordinary news."""
        security = kind if kind in SECURITY else None
        span, most = (timedelta(days=1), TEXTS_A_DAY)
        if security:
            span, most = (timedelta(hours=1), SECURITY_TEXTS_AN_HOUR)
        had = [
            text_id for text_id, (whose, taken, *_) in self.texts.items() if whose == worker_id and at - taken < span
        ]
        return sum(self.security[text_id] == security for text_id in had) < most


class MemoryChoices:
    """Choices."""

    def __init__(self) -> None:
        self.kept: dict[UUID, Choice] = {}

    async def of(self, worker_id: UUID) -> Choice:
        return self.kept.get(worker_id, Choice())

    async def keep(self, worker_id: UUID, choice: Choice) -> None:
        self.kept[worker_id] = choice
