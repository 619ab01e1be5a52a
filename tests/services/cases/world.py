"""What claims of tests are about: Maria, her numbers and periods in three states, and who is competent there.

The determiner is a fake whose arithmetic a reader can do in the head.
"""

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from portability.agreements.careers import (
    Evidence,
    EvidenceLevel,
    InsuranceAccount,
    PersonIdentifier,
    RecordedPeriod,
    SchemeFact,
)
from portability.agreements.periods import DayRegime, Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.values import Branch, Citation, Money
from portability.services.cases.model import (
    AgreementUsed,
    Claim,
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
