"""What the register, the careers and the command log must keep to: in memory and in PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction

import psycopg
import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.memory.records import MemoryRecordWork
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.records_store import PostgresRecordWork
from portability.agreements.careers import (
    AnswerStatus,
    CareerRecord,
    Evidence,
    EvidenceLevel,
    InsuranceAccount,
    PersonIdentifier,
    RecordedPeriod,
    SchemeFact,
)
from portability.agreements.errors import InputError
from portability.agreements.periods import DayRegime, Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.services.idempotency import KnownCommand
from portability.services.persons.births import BirthDate
from portability.services.persons.likeness import PersonFacts
from portability.services.persons.search_keys import search_keys
from portability.services.records.ports import RecordWork
from portability.services.records.reviews import Review, Settlement
from tests.at_rest import AT_REST
from tests.conftest import NewDatabase

MORNING, EVENING = datetime(2025, 3, 3, 9, tzinfo=UTC), datetime(2025, 3, 3, 18, 30, 5, tzinfo=UTC)
PENSION = PersonIdentifier("DE", "pension", "12 100358 R 501")
TAX = PersonIdentifier("IT", "tax", "RSSMRA58C50H501X")
DAYS = Duration(Fraction("12.5"), PeriodUnit.DAYS, DayRegime.SIX)
ACCOUNT = InsuranceAccount(
    account_id="DE-1",
    name="Rossi, Maria",
    birth_date=date(1958, 3, 10),
    identifiers=(PENSION, TAX),
    periods=(
        RecordedPeriod(
            InsurancePeriod("d1", "DE", PeriodKind.COMPULSORY, "de-rente", date(1980, 1, 1), date(1985, 1, 1), DAYS),
            Evidence(EvidenceLevel.FINAL_ACCOUNT, "contribution account", "de-drv", date(2025, 1, 15)),
        ),
        RecordedPeriod(
            InsurancePeriod(
                "d2", "DE", PeriodKind.EQUIVALENT, "de-rente", None, None, Duration(Fraction(1, 3), PeriodUnit.YEARS)
            ),
            Evidence(EvidenceLevel.DECLARED),
        ),
    ),
    as_of=date(2025, 3, 1),
    scheme_facts=(SchemeFact("de-rente", "earnings_points", Fraction("31.5012")),),
)


@pytest.fixture(params=["memory", "postgres"])
def work(request: pytest.FixtureRequest) -> RecordWork:
    if request.param == "memory":
        return MemoryRecordWork()
    return PostgresRecordWork(request.getfixturevalue("connection"), AT_REST)


async def test_an_account_comes_back_exactly(work: RecordWork) -> None:
    await work.register.put([ACCOUNT])
    assert await work.register.get("DE-1") == ACCOUNT
    assert await work.register.get("DE-2") is None


async def test_an_account_is_found_by_each_of_its_identifiers_however_they_are_written(work: RecordWork) -> None:
    await work.register.put([ACCOUNT])
    assert list(await work.register.find([TAX])) == [ACCOUNT]
    assert list(await work.register.find([replace(PENSION, value="12-100358-r-501")])) == [ACCOUNT]
    assert list(await work.register.find([PENSION, TAX])) == [ACCOUNT]


@pytest.mark.parametrize(
    "other",
    [
        replace(PENSION, value="12 100358 R 502"),
        replace(PENSION, country="AT"),
        replace(PENSION, sector="tax"),
        replace(PENSION, value="12 100358 R 50"),
    ],
)
async def test_almost_the_same_identifier_finds_nobody(work: RecordWork, other: PersonIdentifier) -> None:
    await work.register.put([ACCOUNT])
    assert list(await work.register.find([other])) == []


async def test_accounts_that_share_an_identifier_are_all_found(work: RecordWork) -> None:
    second = replace(ACCOUNT, account_id="DE-0", identifiers=(PENSION,))
    await work.register.put([ACCOUNT, second])
    assert [each.account_id for each in await work.register.find([PENSION])] == ["DE-0", "DE-1"]


async def test_an_account_is_filed_under_the_search_keys_of_its_person(work: RecordWork) -> None:
    await work.register.put([ACCOUNT, replace(ACCOUNT, account_id="DE-0", name="Maria Rossi", identifiers=(TAX,))])
    sought = PersonFacts(("Росси",), "Мария", BirthDate(1958, 3, 10))
    assert [each.account_id for each in await work.people.like(search_keys(sought))] == ["DE-0", "DE-1"]
    assert list(await work.people.like(search_keys(replace(sought, birth=BirthDate(1971))))) == []
    # Put again under another name, she is filed anew.
    await work.register.put([replace(ACCOUNT, name="Bianchi, Maria", birth_date=date(1960, 1, 2))])
    assert [each.account_id for each in await work.people.like(search_keys(sought))] == ["DE-0"]


async def test_an_account_put_again_replaces_the_whole_one(work: RecordWork) -> None:
    await work.register.put([ACCOUNT])
    changed = replace(ACCOUNT, identifiers=(TAX,), periods=())
    await work.register.put([changed])
    assert await work.register.get("DE-1") == changed
    assert list(await work.register.find([PENSION])) == []


async def test_careers_are_one_a_country_in_the_order_of_states(work: RecordWork) -> None:
    case_id, other = time_ordered_id(), time_ordered_id()
    asked = CareerRecord("IT", "it-inps", AnswerStatus.ASKED_NO_ANSWER, asked_on=date(2025, 3, 3))
    known = CareerRecord(
        "DE", "de-drv", AnswerStatus.KNOWN, date(2025, 3, 3), date(2025, 3, 9), date(2025, 3, 1), ACCOUNT.periods
    )
    await work.careers.put(case_id, asked, at=MORNING)
    await work.careers.put(case_id, known, at=MORNING)
    await work.careers.put(other, replace(asked, status=AnswerStatus.NOT_FOUND), at=MORNING)
    assert list(await work.careers.of_case(case_id)) == [known, asked]
    answered = replace(asked, status=AnswerStatus.NONE, answered_on=date(2025, 4, 1))
    await work.careers.put(case_id, answered, at=EVENING)
    assert list(await work.careers.of_case(case_id)) == [known, answered]


async def test_what_was_known_of_a_career_before_is_kept_as_history(work: RecordWork) -> None:
    case_id = time_ordered_id()
    asked = CareerRecord("IT", "it-inps", AnswerStatus.ASKED_NO_ANSWER, asked_on=date(2025, 3, 3))
    answered = replace(asked, status=AnswerStatus.NONE, answered_on=date(2025, 3, 3))
    await work.careers.put(case_id, asked, at=MORNING)
    await work.careers.put(case_id, answered, at=EVENING)

    assert list(await work.careers.history(case_id)) == [(MORNING, asked), (EVENING, answered)]
    assert list(await work.careers.history(time_ordered_id())) == []


async def test_a_command_is_known_once_it_has_begun(work: RecordWork) -> None:
    command = KnownCommand(time_ordered_id(), "aa" * 32)
    assert await work.commands.begin(command) == command
    assert (await work.commands.begin(replace(command, fingerprint="bb" * 32))).fingerprint != "bb" * 32
    await work.commands.finish(command.request_id, answer="7")
    assert await work.commands.begin(command) == replace(command, answer="7")


async def test_text_that_no_database_keeps_is_refused_before_anything_is_written(
    connection: psycopg.AsyncConnection,
) -> None:
    store = PostgresRecordWork(connection, AT_REST)
    with pytest.raises(InputError):
        await store.register.put([replace(ACCOUNT, name="Rossi\0Maria")])
    # The transaction still works.
    assert await store.register.get("DE-1") is None


async def test_a_command_that_another_transaction_carries_out_is_waited_for(new_database: NewDatabase) -> None:
    database = await Database.open(new_database(), pool_size=3)
    command = KnownCommand(time_ordered_id(), "aa" * 32)
    begun = asyncio.Event()

    async def first() -> None:
        async with database.transaction() as connection:
            log = PostgresRecordWork(connection, AT_REST).commands
            await log.begin(command)
            begun.set()
            await asyncio.sleep(0.3)
            await log.finish(command.request_id, answer="done")

    async def second() -> KnownCommand:
        await begun.wait()
        async with database.transaction() as connection:
            return await PostgresRecordWork(connection, AT_REST).commands.begin(command)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(first())
        waited = tasks.create_task(second())
    await database.close()
    assert waited.result().answer == "done"


async def test_what_waits_for_a_person_comes_the_longest_waiting_first_and_what_is_settled_waits_no_more(
    work: RecordWork,
) -> None:
    case_id, other = time_ordered_id(), time_ordered_id()
    early = Review(case_id, "DE", "de-drv", "d1", ("plausible: It ends before it begins.",), MORNING, "Art. 9(2)")
    late = Review(case_id, "CA", "ca-sc", "c1", ("identified: no number", "evidence: declared"), EVENING)
    elsewhere = replace(late, case_id=other)
    await work.reviews.put(case_id, [late, early])
    await work.reviews.put(other, [elsewhere])
    assert list(await work.reviews.of_case(case_id)) == [late, early]
    assert list(await work.reviews.waiting(limit=10)) == [early, late, elsewhere]
    assert list(await work.reviews.waiting(limit=1)) == [early]
    settled = replace(early, settled=Settlement(stands=False, by="anna.berg", at=EVENING, reason="asked"))
    await work.reviews.put(case_id, [settled, late])
    assert list(await work.reviews.of_case(case_id)) == [late, settled]
    assert list(await work.reviews.waiting(limit=10)) == [late, elsewhere]
    await work.reviews.put(case_id, [])
    assert list(await work.reviews.waiting(limit=10)) == [elsewhere]
