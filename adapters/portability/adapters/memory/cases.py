"""Cases and their timeline in memory; they pass the contract suite of the real stores."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from portability.adapters.memory.looks import MemoryLooks, MemoryProtected
from portability.adapters.memory.records import MemoryCareers, MemoryCommands, MemoryRegister, identifier_key
from portability.agreements.errors import InputError
from portability.services.cases.messages import CaseMessage
from portability.services.cases.model import Case, CaseEvent
from portability.services.cases.ports import CasePage, CaseQuery, Determiner, InstitutionDirectory, Reliance

__all__ = [
    "MemoryCaseReviews",
    "MemoryCaseWork",
    "MemoryCases",
    "MemoryCorrespondence",
    "MemoryOpenSteps",
    "MemoryPeople",
    "MemorySender",
    "MemoryTimeline",
]

MANY = 1_000


class MemoryCases:
    """Cases by id."""

    def __init__(self) -> None:
        self._cases: dict[UUID, Case] = {}

    async def get(self, case_id: UUID, *, for_change: bool) -> Case | None:
        return self._cases.get(case_id)

    async def save(self, case: Case) -> None:
        self._cases[case.case_id] = case

    async def page(self, query: CaseQuery) -> CasePage:
        wanted = {identifier_key(identifier) for identifier in query.identifiers}
        found = [
            case
            for case in self._cases.values()
            if not (query.open_only and case.is_closed)
            and (not wanted or wanted & {identifier_key(each) for each in case.claim.person.identifiers})
        ]
        found.sort(key=lambda case: (case.known_since, case.case_id), reverse=True)
        if query.after:
            before = [index for index, case in enumerate(found) if str(case.case_id) == query.after]
            if not before:
                raise InputError("The page token is not one of this list: start again without it.", field="page_token")
            found = found[before[0] + 1 :]
        page = tuple(found[: query.size])
        return CasePage(page, next=str(page[-1].case_id) if len(found) > len(page) else "")


class MemoryTimeline:
    """Lines of the timelines of all cases."""

    def __init__(self) -> None:
        self._events: list[CaseEvent] = []

    async def add(self, events: Sequence[CaseEvent]) -> None:
        self._events += events

    async def of_case(self, case_id: UUID) -> Sequence[CaseEvent]:
        return [event for event in self._events if event.case_id == case_id]


class MemoryOpenSteps:
    """Cases whose open steps are known, as they were last kept."""

    def __init__(self) -> None:
        self.kept: dict[UUID, Case] = {}

    async def put(self, case: Case) -> None:
        self.kept[case.case_id] = case


class MemorySender:
    """Messages that would go to the exchange, in order; a key sent before is sent once."""

    def __init__(self) -> None:
        self.sent: list[CaseMessage] = []

    async def send(self, message: CaseMessage) -> None:
        if all(message.idempotency_key != other.idempotency_key for other in self.sent):
            self.sent.append(message)


class MemoryCorrespondence:
    """Cases whose messages somebody has read, as often as they were."""

    def __init__(self) -> None:
        self.read: list[UUID] = []

    async def opened(self, case_id: UUID) -> None:
        self.read.append(case_id)


class MemoryCaseReviews:
    """RecordReviews: what a test says of a case; nothing waits otherwise."""

    def __init__(self) -> None:
        self.judged: list[UUID] = []
        self.relied: dict[UUID, Reliance] = {}

    async def judge(self, case_id: UUID, *, at: datetime) -> None:
        self.judged.append(case_id)

    async def reliance(self, case_id: UUID) -> Reliance:
        return self.relied.get(case_id, Reliance())


class MemoryPeople:
    """People: whose cases share an identifier."""

    def __init__(self, cases: MemoryCases) -> None:
        self._cases = cases

    async def kept_of(self, case_id: UUID) -> Sequence[UUID]:
        case = await self._cases.get(case_id, for_change=False)
        if case is None:
            return []
        page = await self._cases.page(CaseQuery(size=MANY, identifiers=case.claim.person.identifiers))
        return [one.case_id for one in page.cases]


@dataclass
class MemoryCaseWork:
    """The ports of one node, all in memory but for the directory and the determiner."""

    directory: InstitutionDirectory
    determiner: Determiner
    accounts: MemoryRegister = field(default_factory=MemoryRegister)
    careers: MemoryCareers = field(default_factory=MemoryCareers)
    reviews: MemoryCaseReviews = field(default_factory=MemoryCaseReviews)
    commands: MemoryCommands = field(default_factory=MemoryCommands)
    looks: MemoryLooks = field(default_factory=MemoryLooks)
    protected: MemoryProtected = field(default_factory=MemoryProtected)
    cases: MemoryCases = field(default_factory=MemoryCases)
    timeline: MemoryTimeline = field(default_factory=MemoryTimeline)
    open_steps: MemoryOpenSteps = field(default_factory=MemoryOpenSteps)
    sender: MemorySender = field(default_factory=MemorySender)
    correspondence: MemoryCorrespondence = field(default_factory=MemoryCorrespondence)

    @property
    def people(self) -> MemoryPeople:
        return MemoryPeople(self.cases)
