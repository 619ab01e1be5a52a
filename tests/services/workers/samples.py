"""An invented worker with one case in three countries."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from uuid import UUID

from portability.adapters.memory.correspondence import MemoryCorrespondence
from portability.adapters.memory.workers import MemoryCodeSender, MemoryMatters, MemoryProjector, MemoryWorkerWork
from portability.agreements.careers import AnswerStatus, EvidenceLevel
from portability.agreements.periods import DayRegime, Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.values import Branch, Citation, Money
from portability.services.access import Role
from portability.services.notices.model import Channel, Kind, Notice
from portability.services.notices.model import Outcome as TextOutcome
from portability.services.workers.correspondence.model import About, Letter, LetterState
from portability.services.workers.correspondence.use_cases import CorrespondenceUseCases
from portability.services.workers.matters.model import MatterStep, MatterView, Task
from portability.services.workers.matters.use_cases import MatterUseCases
from portability.services.workers.model import AskForCode, WorkerOnFile, parse_contact
from portability.services.workers.projections.model import Projected, Projection
from portability.services.workers.projections.use_cases import ProjectionUseCases
from portability.services.workers.remembered import RememberedDay
from portability.services.workers.use_cases import WorkerUseCases
from portability.services.workers.views import (
    AwardAmount,
    CareerInCountry,
    CareerPeriod,
    CareerView,
    CaseStep,
    CaseView,
    DecisionView,
    DeclaredTime,
    Due,
    Frequency,
    Institution,
    Outcome,
    Redress,
    SeenBy,
    StepKind,
    WhyStep,
)

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
KEY = bytes(range(32))

WORKER = UUID("01890000-0000-7000-8000-000000000001")
OTHER = UUID("01890000-0000-7000-8000-000000000002")
CASE = UUID("01890000-0000-7000-8000-00000000000a")
OTHER_CASE = UUID("01890000-0000-7000-8000-00000000000b")
MATTER = UUID("01890000-0000-7000-8000-00000000000c")
OTHER_MATTER = UUID("01890000-0000-7000-8000-00000000000d")

PHONE = "+39 333 1234567"
EMAIL = "Rosa.Esposito@example.org"

INPS = Institution("it-inps", "INPS", "IT")
DRV = Institution("de-drv", "Deutsche Rentenversicherung", "DE")
SERVICE_CANADA = Institution("ca-sc", "Service Canada", "CA")

ART_47 = Citation("Regulation (EC) No 987/2009", "Art. 47(5)")


class StoppedClock:
    """Shows the time it was set to."""

    def __init__(self, now: datetime = NOW) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def forward(self, by: timedelta) -> None:
        self.time += by


class CountingBytes:
    """Bytes that differ at each call and are the same in each run."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, count: int) -> bytes:
        self.calls += 1
        return (self.calls * 7_919_000_123).to_bytes(16, "big").rjust(count, b"\x5a")[-count:]


def day(year: int, month: int, of_month: int) -> datetime:
    return datetime(year, month, of_month, 10, 0, tzinfo=UTC)


def case(**changes: object) -> CaseView:
    steps = (
        CaseStep("1", StepKind.CLAIM, INPS, since=day(2026, 9, 1), done_at=day(2026, 9, 2)),
        CaseStep("2", StepKind.RECORDS, INPS, since=day(2026, 9, 2), done_at=day(2026, 9, 3)),
        CaseStep(
            "3",
            StepKind.RECORDS,
            SERVICE_CANADA,
            since=day(2026, 9, 2),
            due=Due(Citation("SI-2017-49", "Art. 22"), expected_on=date(2026, 11, 1)),
        ),
        CaseStep("4", StepKind.DECIDE, DRV, since=day(2026, 10, 20), done_at=day(2026, 11, 5)),
        CaseStep("5", StepKind.IDENTIFY, INPS, since=day(2026, 11, 10), due=Due(ART_47, by_law_on=date(2026, 12, 10))),
    )
    seen = (
        SeenBy(day(2026, 11, 10), INPS, Role.SYSTEM, "pension-claim"),
        SeenBy(day(2026, 9, 2), INPS, Role.CASEWORKER, "pension-claim"),
    )
    made = CaseView(CASE, WORKER, "IT-2026-0417", Branch.OLD_AGE, date(2026, 9, 1), INPS, steps, seen_by=seen)
    return replace(made, **changes)  # type: ignore[arg-type]


def period(
    period_id: str, state: str, start: date | None, end: date | None, duration: Duration | None
) -> InsurancePeriod:
    return InsurancePeriod(period_id, state, PeriodKind.COMPULSORY, f"{state.lower()}-scheme", start, end, duration)


def career() -> CareerView:
    germany = CareerInCountry(
        "DE",
        AnswerStatus.KNOWN,
        DRV,
        asked_on=date(2026, 9, 2),
        answered_on=date(2026, 10, 1),
        periods=(
            CareerPeriod(
                period("d1", "DE", date(1985, 4, 1), date(1995, 2, 1), Duration(Fraction(118), PeriodUnit.MONTHS)),
                EvidenceLevel.FINAL_ACCOUNT,
                DRV,
                date(2026, 9, 28),
                "contribution account",
            ),
            CareerPeriod(
                period("d2", "DE", None, None, Duration(Fraction(14), PeriodUnit.DAYS, DayRegime.SEVEN)),
                EvidenceLevel.EMPLOYER_REPORT,
                DRV,
            ),
        ),
    )
    italy = CareerInCountry(
        "IT",
        AnswerStatus.KNOWN,
        INPS,
        answered_on=date(2026, 9, 3),
        periods=(
            CareerPeriod(
                period("i1", "IT", date(1995, 6, 1), date(2011, 1, 1), Duration(Fraction(811), PeriodUnit.WEEKS)),
                EvidenceLevel.CONTRIBUTION_SEEN,
                INPS,
                date(2026, 9, 3),
            ),
        ),
    )
    canada = CareerInCountry(
        "CA",
        AnswerStatus.ASKED_NO_ANSWER,
        SERVICE_CANADA,
        asked_on=date(2026, 9, 2),
        declared=(DeclaredTime(RememberedDay(2011, 3, 1), RememberedDay(2024, 6, 30), "work in a restaurant"),),
    )
    tunisia = CareerInCountry("TN", AnswerStatus.NOT_ASKED)
    return CareerView(WORKER, (canada, tunisia, germany, italy))


def eur(amount: str) -> tuple[str, str]:
    return "output", f'{{"money":"{Fraction(amount)}","currency":"EUR"}}'


def decision(**changes: object) -> DecisionView:
    # 1212.00 x 118/300 = 476.72, higher than 455.10 (883/2004 Art. 52(3))
    why = (
        WhyStep(
            "aggregation",
            Citation("Regulation (EC) No 883/2004", "Art. 6"),
            "Aggregated periods.",
            (("output", '{"number":"300"}'), ("unit", '"months"')),
        ),
        WhyStep(
            "pro_rata_benefit",
            Citation("Regulation (EC) No 883/2004", "Art. 52(1)(b)(ii)"),
            "Theoretical amount x own periods / all periods.",
            (("own", '{"number":"118"}'), ("total", '{"number":"300"}'), ("unit", '"months"'), eur("476.72")),
            children=(
                WhyStep(
                    "theoretical_amount",
                    Citation("Regulation (EC) No 883/2004", "Art. 52(1)(b)(i)"),
                    "Theoretical amount over all periods.",
                    (eur("1212"),),
                ),
                WhyStep("no_sentence_for_this", None, "A step that has only an English sentence."),
            ),
        ),
    )
    made = DecisionView(
        decision_id="d-1",
        case_id=CASE,
        worker_id=WORKER,
        institution=DRV,
        outcome=Outcome.GRANTED,
        decided_on=date(2026, 11, 5),
        decided_by="J. Albrecht",
        amounts=(AwardAmount(Money.of("476.72", "EUR"), Frequency.MONTH, date(2026, 10, 1), scheme="de-rente"),),
        why=why,
        redress=Redress("Deutsche Rentenversicherung, 10704 Berlin", date(2026, 12, 5)),
        agreement_name="Regulation (EC) No 883/2004",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def matter(**changes: object) -> MatterView:
    """A disputed record: the German institution looks at it again, and is late."""
    steps = (
        MatterStep(DRV, Task.LOOK_AGAIN, day(2026, 9, 10), Due(None, expected_on=date(2026, 11, 9))),
        MatterStep(INPS, Task.QUESTION, day(2026, 11, 12), Due(ART_47, by_law_on=date(2026, 12, 12))),
    )
    seen = tuple(SeenBy(day(2026, 9, 10), INPS, Role.CASEWORKER, "pension-claim") for _ in range(3))
    made = MatterView(MATTER, WORKER, "IT-7F3K-29QM", "dispute", INPS, day(2026, 9, 10), True, steps, seen)
    return replace(made, **changes)  # type: ignore[arg-type]


def projection(**changes: object) -> Projection:
    made = Projection(
        CASE,
        WORKER,
        "IT-2026-0417",
        DRV,
        date(2028, 10, 1),
        is_known=True,
        benefits=(Projected("de-rente", Money.of("512.40", "EUR")), Projected("de-none", None)),
        why=decision().why,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


ABOUT = About(CASE, "branch.old_age", "IT-2026-0417", is_matter=False)
ABOUT_OTHER = About(OTHER_CASE, "branch.old_age", "IT-2026-0999", is_matter=False)


def messages() -> MemoryCorrespondence:
    """A question to Germany that was opened, its answer, and one to Canada on its way; and one about another worker."""
    asked, answered, second, others = (UUID(int=number) for number in range(601, 605))
    on_way = LetterState.ON_WAY
    return MemoryCorrespondence(
        cases={WORKER: [ABOUT], OTHER: [ABOUT_OTHER]},
        kept=[
            Letter((day(2026, 9, 2), asked), ABOUT, "record.request", sent=True, sender=INPS, recipient=DRV,
                   state=LetterState.OPENED, arrived_at=day(2026, 9, 2), opened_at=day(2026, 9, 4)),
            Letter((day(2026, 9, 9), answered), ABOUT, "record.statement", sent=False, sender=DRV, recipient=INPS,
                   state=LetterState.ARRIVED, arrived_at=day(2026, 9, 9)),
            Letter((day(2026, 11, 18), second), ABOUT, "record.request", True, INPS, SERVICE_CANADA, on_way),
            Letter((day(2026, 9, 3), others), ABOUT_OTHER, "claim.withdraw", True, INPS, SERVICE_CANADA, on_way),
        ],
    )  # fmt: skip


async def tell(kept: MemoryCorrespondence) -> None:
    """She was told of a decision by text, somebody's look is not known to have gone, and one thing waits."""
    book = kept.book
    for number, (kind, at) in enumerate([(Kind.DECIDED, day(2026, 11, 5)), (Kind.LOOKED, day(2026, 11, 10))]):
        await book.add(WORKER, [Notice(bytes([number + 1]) * 32, kind, at, at)])
        taken = await book.take(UUID(int=700 + number), at=at)
        assert taken is not None
    await book.settle(UUID(int=700), TextOutcome.SENT, channel=Channel.PHONE)
    at = day(2026, 11, 19)
    await book.add(WORKER, [Notice(bytes([3]) * 32, Kind.LATE, at, at, CASE)])
    await book.add(OTHER, [Notice(bytes([4]) * 32, Kind.BEGUN, at, at)])


class Desk:
    """The use cases over memory, with everything a test wants to look at or change."""

    def __init__(self) -> None:
        self.clock = StoppedClock()
        self.sender = MemoryCodeSender()
        self.work = MemoryWorkerWork()
        self.use_cases = WorkerUseCases(
            unit_of_work=self.work.unit_of_work,
            sender=self.sender,
            clock=self.clock,
            random_bytes=CountingBytes(),
            key=KEY,
        )
        self.work.views.cases += [
            case(),
            case(case_id=OTHER_CASE, worker_id=OTHER, reference="IT-2026-0999"),
        ]
        self.work.views.careers[WORKER] = career()
        self.work.views.decisions += [
            decision(),
            decision(decision_id="d-9", case_id=OTHER_CASE, worker_id=OTHER, decided_by="Somebody else"),
        ]

        self.kept_matters = MemoryMatters()
        self.kept_matters.kept += [
            matter(),
            matter(case_id=OTHER_MATTER, worker_id=OTHER, reference="IT-9999-9999"),
        ]
        self.matters = MatterUseCases(self.kept_matters.unit_of_work)

        self.kept_messages = messages()
        self.correspondence = CorrespondenceUseCases(self.kept_messages.unit_of_work)

        self.projector = MemoryProjector()
        self.projector.made += [projection(), projection(worker_id=OTHER, reference="IT-2026-0999")]
        self.projections = ProjectionUseCases(self.projector)

    def ask(self, contact: str) -> AskForCode:
        return AskForCode(str(UUID(int=1)), contact)

    async def register(self) -> None:
        await tell(self.kept_messages)
        numbers = ("XX0000000001", "DE65110485E021")
        await self.work.directory.keep(WorkerOnFile(WORKER, parse_contact(PHONE), numbers))
        await self.work.directory.keep(WorkerOnFile(OTHER, parse_contact("other@example.org")))
