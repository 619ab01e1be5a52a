"""Three institutions in memory and a postman between them: Italy is the contact institution, Germany and Canada join.

The postman carries the real bytes; the determiner is a fake whose arithmetic a reader can do in the head.
"""

import copy
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from portability.adapters.clock.fake import ManualClock
from portability.adapters.memory.cases import MemoryCaseWork
from portability.agreements.careers import (
    Evidence,
    EvidenceLevel,
    InsuranceAccount,
    PersonIdentifier,
    RecordedPeriod,
    SchemeFact,
)
from portability.agreements.errors import NotYetError, PortabilityError
from portability.agreements.periods import DayRegime, Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.values import Branch, Citation, Money
from portability.services.access import Caller, Role
from portability.services.cases.commands import (
    AnswerRecordRequest,
    Decide,
    Determine,
    LodgeClaim,
    RecordAnswer,
    SendSummary,
)
from portability.services.cases.effects import apply_message
from portability.services.cases.handlers import CaseUseCases, CaseView
from portability.services.cases.messages import ArrivedMessage, CaseMessage
from portability.services.cases.model import (
    AgreementUsed,
    AwardBasis,
    Claim,
    DecisionResult,
    DeclaredPeriod,
    Explanation,
    Person,
    ProposedBenefit,
    Remedy,
)
from portability.services.cases.ports import DeterminationAnswer, DeterminationQuestion

INPS, DRV, SERVICE_CANADA = "it-inps", "de-drv", "ca-sc"
EXACT = (("own", '{"number":"118/3"}'), ("state", '"DE"'))
SCHEMES = {"IT": "it-pensione", "DE": "de-rente", "CA": "ca-oas"}
LODGED_ON = date(2025, 3, 3)
AWARD_ON = date(2025, 4, 1)
MORNING = datetime(2025, 3, 3, 9, 0, tzinfo=UTC)

FISCAL_CODE = PersonIdentifier("IT", "tax", "RSSMRA58C50H501X")
GERMAN_NUMBER = PersonIdentifier("DE", "pension", "12 100358 R 501")
CANADIAN_NUMBER = PersonIdentifier("CA", "social_insurance", "123-456-782")

MARIA = Person(
    family_name="Rossi",
    given_names="Maria",
    birth_date=date(1958, 3, 10),
    residence_state="IT",
    identifiers=(FISCAL_CODE, GERMAN_NUMBER, CANADIAN_NUMBER),
)
CLAIM = Claim(
    person=MARIA,
    lodged_on=LODGED_ON,
    award_on=AWARD_ON,
    declared=(
        DeclaredPeriod("DE", date(1980, 1, 1), date(1990, 1, 1), "factory"),
        DeclaredPeriod("CA", date(1991, 1, 1), date(2001, 1, 1), "bakery"),
        DeclaredPeriod("IT", date(2001, 2, 1), date(2025, 3, 1), "office"),
    ),
    asks_in_writing=True,
    language="it",
)
REMEDY = Remedy(text="objection", where="the institution that decided", period="one month from receipt")


class Directory:
    """Who is competent, and which agreements there are; a test may take some away."""

    def __init__(self) -> None:
        self.institutions = {"IT": INPS, "DE": DRV, "CA": SERVICE_CANADA}
        self.agreements = {
            frozenset({"DE", "IT"}): "eu-883-2004",
            frozenset({"CA", "DE"}): "ca-de",
            frozenset({"CA", "IT"}): "ca-it",
        }

    async def competent_institution(self, state: str, *, branch: Branch, on: date) -> str | None:
        return self.institutions.get(state)

    async def agreement_between(self, state: str, other: str, *, branch: Branch, on: date) -> str | None:
        return self.agreements.get(frozenset({state, other}))

    async def why_no_agreement(self, state: str, other: str, *, branch: Branch, on: date) -> str:
        return f"no agreement between {state} and {other} covers {branch} on {on}."


class TenEurosAYear:
    """A determiner with simple arithmetic: ten euros a month for each own period, and nothing for others'."""

    def __init__(self) -> None:
        self.asked: list[DeterminationQuestion] = []

    async def determine(self, question: DeterminationQuestion) -> DeterminationAnswer:
        self.asked.append(question)
        own = [period for period in question.periods if period.state == question.state]
        citation = Citation("Regulation (EC) No 883/2004", "Art. 52(1)(b)(ii)")
        award = Money.of(10 * len(own), "EUR")
        detail = Explanation("count", None, f"{len(own)} own periods", output=str(len(own)))
        return DeterminationAnswer(
            benefits=(
                ProposedBenefit(
                    SCHEMES[question.state],
                    "eu-883-2004",
                    award,
                    pro_rata=award,
                    theoretical=Money.of(Fraction(100, 3), "EUR"),
                    ratio=Fraction(len(own), len(question.periods)),
                ),
            ),
            citations=(citation,),
            explanation=(Explanation("pro_rata", citation, "Own share", "Your share", "10", (detail,), EXACT),),
            summary=(f"{award.shown()} a month",),
            agreements=(AgreementUsed("eu-883-2004", "ab" * 32),),
            review_status="unverified",
            banner="Encoding unverified.",
            trace=b'{"own":%d}' % len(own),
        )


class Node:
    """One institution."""

    def __init__(self, me: str, *, directory: Directory, clock: ManualClock, new_id: Callable[[], UUID]) -> None:
        self.me, self.clock, self.new_id = me, clock, new_id
        self.determiner = TenEurosAYear()
        self.work = MemoryCaseWork(directory=directory, determiner=self.determiner)
        self.use_cases = CaseUseCases(me=me, clock=clock, new_id=new_id)
        self.set_aside: list[tuple[CaseMessage, PortabilityError]] = []
        self.held: list[tuple[CaseMessage, str]] = []  # and who has sent it
        self.unchecked: list[str] = []

    @property
    def clerk(self) -> Caller:
        return Caller(self.me, Role.CASEWORKER, f"clerk of {self.me}")

    @property
    def state(self) -> str:
        return self.me[:2].upper()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryCaseWork]:
        """Undoes everything on an error, as the real stores do."""
        stores = [self.work.accounts, self.work.careers, self.work.commands, self.work.cases, self.work.timeline]
        stores += [self.work.sender, self.work.looks, self.work.protected]  # type: ignore[list-item]  # each is a store of its own kind
        before = [{name: copy.copy(value) for name, value in vars(store).items()} for store in stores]
        try:
            yield self.work
        except BaseException:
            for store, kept in zip(stores, before, strict=True):
                vars(store).update(kept)
            raise

    async def receive(self, message: CaseMessage, *, sender: str) -> None:
        """What the exchange does with a verified message: apply it, hold it, or set it aside with the reason."""
        arrived = ArrivedMessage(
            message.message_id,
            sender,
            message.case_id,
            message.type,
            message.schema_version,
            message.record,
            self.clock.now(),
        )
        try:
            async with self.transaction() as work:
                said = await apply_message(arrived, work=work, me=self.me, clock=self.clock, new_id=self.new_id)
        except NotYetError:
            self.held.append((message, sender))
        except PortabilityError as error:
            self.set_aside.append((message, error))
        else:
            self.unchecked += [said.code] if said else []
            again, self.held = self.held, []
            for held, by in again:
                await self.receive(held, sender=by)

    async def do(self, use_case: str, command: Any, *, caller: Caller | None = None) -> CaseView:
        async with self.transaction() as work:
            view: CaseView = await getattr(self.use_cases, use_case)(command, caller=caller or self.clerk, work=work)
            return view

    async def view(self, case_id: UUID) -> CaseView:
        return await self.use_cases.get_case(case_id, caller=self.clerk, work=self.work)

    async def answer(self, case_id: UUID, answer: RecordAnswer = RecordAnswer.FROM_OWN_RECORDS) -> CaseView:
        command = AnswerRecordRequest(self.new_id(), case_id, answer, "looked by hand")
        return await self.do("answer_record_request", command)

    async def determine(self, case_id: UUID) -> CaseView:
        return await self.do("determine", Determine(self.new_id(), case_id, date(2025, 3, 10)))

    async def decide(self, case_id: UUID, **changes: Any) -> CaseView:
        view = await self.view(case_id)
        made = view.case.determination
        facts = {
            "request_id": self.new_id(),
            "case_id": case_id,
            "determination_id": made.determination_id if made else None,
            "result": DecisionResult.GRANTED,
            "basis": AwardBasis.WORK,
            "effective_on": AWARD_ON,
            "remedy": REMEDY,
        }
        return await self.do("decide", Decide(**(facts | changes)))


class World:
    """The three nodes and the messages between them."""

    def __init__(self, new_id: Callable[[], UUID]) -> None:
        self.clock = ManualClock(MORNING)
        self.new_id = new_id
        self.directory = Directory()
        self.nodes = {
            me: Node(me, directory=self.directory, clock=self.clock, new_id=new_id)
            for me in (INPS, DRV, SERVICE_CANADA)
        }
        self.inps, self.drv, self.canada = self.nodes.values()
        self._carried = dict.fromkeys(self.nodes, 0)

    async def fill_registers(self) -> None:
        """Each institution knows Maria by its own number."""
        await self.inps.work.accounts.put([account("IT-1", FISCAL_CODE, italian_periods())])
        await self.drv.work.accounts.put([account("DE-1", GERMAN_NUMBER, german_periods())])
        await self.canada.work.accounts.put([account("CA-1", CANADIAN_NUMBER, canadian_periods())])

    def waiting(self) -> list[tuple[str, CaseMessage]]:
        """Take what was sent since the last time, with its sender."""
        taken = []
        for me, node in self.nodes.items():
            taken += [(me, message) for message in node.work.sender.sent[self._carried[me] :]]
            self._carried[me] = len(node.work.sender.sent)
        return taken

    async def deliver(self, messages: list[tuple[str, CaseMessage]] | None = None) -> None:
        for sender, message in self.waiting() if messages is None else messages:
            await self.nodes[message.recipient].receive(message, sender=sender)

    async def lodge(self, claim: Claim = CLAIM) -> UUID:
        view = await self.inps.do("lodge_claim", LodgeClaim(self.new_id(), claim))
        return view.case.case_id

    async def answer_all(self, case_id: UUID) -> None:
        for node in self.nodes.values():
            await node.answer(case_id)
        await self.deliver()

    async def decide_all(self, case_id: UUID) -> None:
        for node in self.nodes.values():
            await node.determine(case_id)
            await node.decide(case_id)
        await self.deliver()

    async def send_summary(self, case_id: UUID) -> CaseView:
        view = await self.inps.do("send_summary", SendSummary(self.new_id(), case_id))
        await self.deliver()
        return view


def account(
    account_id: str, identifier: PersonIdentifier, periods: tuple[RecordedPeriod, ...], **changes: Any
) -> InsuranceAccount:
    facts = {
        "account_id": account_id,
        "name": "Rossi Maria",
        "birth_date": MARIA.birth_date,
        "identifiers": (identifier,),
        "periods": periods,
        "as_of": date(2025, 3, 1),
        "scheme_facts": (SchemeFact("de-rente", "earnings_points", Fraction("12.3456")),),
    }
    return InsuranceAccount(**(facts | changes))


def period(period_id: str, state: str, start: date, end: date, duration: Duration | None = None) -> RecordedPeriod:
    return RecordedPeriod(
        InsurancePeriod(period_id, state, PeriodKind.COMPULSORY, SCHEMES[state], start, end, duration, "10"),
        Evidence(
            EvidenceLevel.FINAL_ACCOUNT,
            "contribution account",
            f"{state.lower()}-{'inps' if state == 'IT' else 'drv' if state == 'DE' else 'sc'}",
            date(2025, 1, 15),
        ),
    )


def german_periods() -> tuple[RecordedPeriod, ...]:
    return (
        period("d1", "DE", date(1980, 1, 1), date(1985, 1, 1), Duration(Fraction(60), PeriodUnit.MONTHS)),
        period("d2", "DE", date(1985, 1, 1), date(1990, 1, 1)),
    )


def canadian_periods() -> tuple[RecordedPeriod, ...]:
    return (period("c1", "CA", date(1991, 1, 1), date(2001, 1, 1), Duration(Fraction(10), PeriodUnit.YEARS)),)


def italian_periods() -> tuple[RecordedPeriod, ...]:
    weeks = Duration(Fraction(1250), PeriodUnit.WEEKS)
    days = Duration(Fraction("12.5"), PeriodUnit.DAYS, DayRegime.SIX)
    return (
        period("i1", "IT", date(2001, 2, 1), date(2025, 2, 1), weeks),
        period("i2", "IT", date(2025, 2, 1), date(2025, 3, 1), days),
    )
