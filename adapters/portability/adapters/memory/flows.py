"""Cases on flows in memory; they pass the contract suite of the real stores."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from portability.adapters.memory.looks import MemoryLooks, MemoryProtected
from portability.adapters.memory.records import MemoryCommands
from portability.adapters.memory.whose import MemoryWhose
from portability.agreements.errors import InputError
from portability.services.flows.changes import change_kind
from portability.services.flows.model import CaseFile, InstitutionId, KeptDocument
from portability.services.flows.ports import Agreements, CaseLine, CasePage, FlowMessage, OpenStep, Standing

__all__ = ["MemoryFlowSender", "MemoryFlowWork", "MemoryFlows"]


class MemoryFlows:
    """CaseShelf, StandingBook and CaseLines of one node."""

    def __init__(self) -> None:
        self._cases: dict[UUID, CaseFile] = {}
        self._standings: dict[UUID, Standing] = {}

    async def get(self, case_id: UUID, *, for_change: bool) -> CaseFile | None:
        found = self._cases.get(case_id)
        return found if found and found.documents else None

    async def add(self, case: CaseFile, documents: Sequence[KeptDocument]) -> None:
        known = self._cases.get(case.case_id) or replace(case, documents=())
        ids = {one.document.document_id for one in known.documents}
        fresh = tuple(one for one in documents if one.document.document_id not in ids)
        self._cases[case.case_id] = replace(known, documents=(*known.documents, *fresh))

    async def put(self, standing: Standing) -> None:
        self._standings[standing.case_id] = standing

    async def overdue(self, *, holder: InstitutionId, today: date, limit: int) -> Sequence[OpenStep]:
        found = [step for one in self._standings.values() for step in one.steps if step.due_on < today]
        found = [step for step in found if holder in {"", step.holder}]
        return sorted(found, key=lambda step: (step.due_on, step.case_id))[:limit]

    async def to_look_at(self, now: datetime, *, limit: int) -> Sequence[UUID]:
        due = [(one.look_at, one.case_id) for one in self._standings.values() if one.look_at and one.look_at <= now]
        return [case_id for _, case_id in sorted(due)[:limit]]

    async def page(self, *, size: int, after: str, open_only: bool, among: frozenset[UUID] | None = None) -> CasePage:
        lines = [
            CaseLine(one.case_id, one.flow_id, one.flow_version, self._standings[one.case_id].is_open, one.known_since)
            for one in sorted(self._cases.values(), key=lambda one: (one.known_since, one.case_id), reverse=True)
        ]
        wanted = [one for one in lines if among is None or one.case_id in among]
        shown = [one for one in wanted if one.is_open or not open_only]
        ids = [str(one.case_id) for one in shown]
        if after and after not in ids:
            raise InputError("The page token is not one of this list: start again without it.", field="page_token")
        start = ids.index(after) + 1 if after else 0
        page = shown[start : start + size]
        return CasePage(tuple(page), next=str(page[-1].case_id) if len(shown) > start + size else "")


class MemoryFlowSender:
    """Messages that would go to the exchange, in order; a key sent before is sent once."""

    def __init__(self) -> None:
        self.sent: list[FlowMessage] = []

    async def send(self, message: FlowMessage) -> None:
        if all(message.idempotency_key != other.idempotency_key for other in self.sent):
            self.sent.append(message)


@dataclass
class ReadCases:
    """Correspondence: which cases somebody has read."""

    cases: list[UUID] = field(default_factory=list)

    async def opened(self, case_id: UUID) -> None:
        self.cases.append(case_id)


@dataclass
class MemoryStated:
    """StatedRecords: the documents that counted last, by case; what they state is for the real ones to check."""

    counting: dict[UUID, tuple[KeptDocument, ...]] = field(default_factory=dict)

    async def keep(
        self, case_id: UUID, said: Sequence[KeptDocument], *, new: Sequence[KeptDocument], at: datetime
    ) -> None:
        self.counting[case_id] = tuple(said)


@dataclass
class MemoryCaseChanges:
    """CaseChanges: the kinds of events, by case."""

    me: str = ""
    kinds: dict[UUID, list[str]] = field(default_factory=dict)

    async def note(self, case_id: UUID, new: Sequence[KeptDocument], *, at: datetime) -> None:
        self.kinds.setdefault(case_id, []).extend(change_kind(one, me=self.me) for one in new)


@dataclass
class MemoryCasePersons:
    """CasePersons of a node that knows each person by one case only."""

    protected: MemoryProtected

    async def keep(self, case: CaseFile, *, opened_by: Sequence[KeptDocument], new: Sequence[KeptDocument]) -> None:
        """There is no other case of hers to be found."""

    async def protect_like_others(self, case_id: UUID) -> None:
        """There is none."""

    async def protect(self, case_id: UUID) -> None:
        await self.protected.protect([case_id])


@dataclass
class MemoryFlowWork:
    """The ports of one node, all in memory but for the agreements."""

    agreements: Agreements
    shelf: MemoryFlows = field(default_factory=MemoryFlows)
    commands: MemoryCommands = field(default_factory=MemoryCommands)
    looks: MemoryLooks = field(default_factory=MemoryLooks)
    protected: MemoryProtected = field(default_factory=MemoryProtected)
    sender: MemoryFlowSender = field(default_factory=MemoryFlowSender)
    correspondence: ReadCases = field(default_factory=ReadCases)
    records: MemoryStated = field(default_factory=MemoryStated)
    changes: MemoryCaseChanges = field(default_factory=MemoryCaseChanges)
    by_number: MemoryWhose = field(default_factory=MemoryWhose)

    @property
    def persons(self) -> MemoryCasePersons:
        return MemoryCasePersons(self.protected)

    @property
    def standings(self) -> MemoryFlows:
        return self.shelf

    @property
    def lines(self) -> MemoryFlows:
        return self.shelf
