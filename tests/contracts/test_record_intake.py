"""What imports into the register must keep to: in memory and in PostgreSQL."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.memory.records import MemoryImportWork
from portability.adapters.postgres.records_intake import PostgresImportWork
from portability.adapters.postgres.records_store import PostgresRegister
from portability.agreements.careers import PersonIdentifier
from portability.agreements.errors import IdempotencyConflictError, InputError
from portability.services.records.importing import open_import, take_batch
from portability.services.records.imports import ImportBatch, ImportItem, ImportOpening, InsuredPerson, ItemOutcome
from tests.at_rest import AT_REST
from tests.services.records.imported import content

MARIA = InsuredPerson("Rossi, Maria", date(1958, 3, 10), (PersonIdentifier("DE", "pension", "12 100358 R 501"),))
AS_OF = date(2025, 3, 1)
ACCEPTED, UNCHANGED, REFUSED, HELD = ItemOutcome


@dataclass
class Intake:
    """An import's ports, and the register that it fills."""

    imports: Any
    accounts: Any
    register: Any


@pytest.fixture(params=["memory", "postgres"])
def work(request: pytest.FixtureRequest) -> Intake:
    if request.param == "memory":
        memory = MemoryImportWork()
        return Intake(memory.imports, memory.accounts, memory.register)
    connection = request.getfixturevalue("connection")
    real = PostgresImportWork(connection, AT_REST)
    return Intake(real.imports, real.accounts, PostgresRegister(connection, AT_REST))


def opening(source: bytes = b"") -> ImportOpening:
    return ImportOpening(time_ordered_id(), source, AS_OF)


def item(number: int, year: int, *, account_id: str = "DE-1", person: InsuredPerson | None = MARIA) -> ImportItem:
    return ImportItem(number, account_id, f"y{year}", content(f"y{year}", year), person)


def batch(*items: ImportItem) -> ImportBatch:
    return ImportBatch(items[0].item, len(items), items, ())


async def years(work: Intake, account_id: str = "DE-1") -> list[int]:
    account = await work.register.get(account_id)
    return [each.period.start.year for each in account.periods] if account else []


async def test_an_account_is_opened_and_its_periods_are_kept(work: Intake) -> None:
    answer = await take_batch(opening(), batch(item(1, 2001), item(2, 2000)), work=work)
    assert (answer.held_up_to, list(answer.outcomes)) == (2, [ACCEPTED, ACCEPTED])
    account = await work.register.get("DE-1")
    assert (account.name, account.birth_date, account.as_of) == (MARIA.name, MARIA.birth_date, AS_OF)
    assert await years(work) == [2000, 2001]
    assert [each.account_id for each in await work.register.find(MARIA.identifiers)] == ["DE-1"]


async def test_the_same_items_again_change_nothing_even_where_another_import_came_between(work: Intake) -> None:
    first, second = opening(), opening()
    await take_batch(first, batch(item(1, 2000)), work=work)
    changed = item(1, 2000)._replace(content=content("y2000", 1999))
    assert list((await take_batch(second, batch(changed), work=work)).outcomes) == [ACCEPTED]
    assert list((await take_batch(first, batch(item(1, 2000)), work=work)).outcomes) == [HELD]
    assert await years(work) == [1999]


async def test_what_is_known_already_is_unchanged(work: Intake) -> None:
    await take_batch(opening(), batch(item(1, 2000)), work=work)
    answer = await take_batch(opening(), batch(item(1, 2000), item(2, 2001)), work=work)
    assert list(answer.outcomes) == [UNCHANGED, ACCEPTED]


async def test_an_import_goes_on_where_it_was_and_takes_no_gap(work: Intake) -> None:
    this = opening()
    await take_batch(this, batch(item(1, 2000), item(2, 2001)), work=work)
    answer = await take_batch(this, batch(item(2, 2001), item(3, 2002)), work=work)
    assert (answer.held_up_to, list(answer.outcomes)) == (3, [HELD, ACCEPTED])
    with pytest.raises(InputError, match="without a gap"):
        await take_batch(this, batch(item(5, 2004)), work=work)
    assert (await open_import(this, work=work)).held_up_to == 3


async def test_one_period_given_twice_in_an_import_is_refused_where_it_differs(work: Intake) -> None:
    this = opening()
    other = item(2, 2000)._replace(content=content("y2000", 1990))
    answer = await take_batch(this, batch(item(1, 2000), other, item(3, 2000)), work=work)
    assert list(answer.outcomes) == [ACCEPTED, REFUSED, UNCHANGED]
    # Also where the two are in different batches.
    answer = await take_batch(this, batch(other._replace(item=4), item(5, 2000)), work=work)
    assert list(answer.outcomes) == [REFUSED, UNCHANGED]
    assert await years(work) == [2000]
    known = await open_import(this, work=work)
    assert [(one.item, one.code) for one in await work.imports.refused(known, after=0, limit=9)] == [
        (2, "GIVEN_TWICE"),
        (4, "GIVEN_TWICE"),
    ]
    assert [one.item for one in await work.imports.refused(known, after=2, limit=9)] == [4]


async def test_a_line_for_nobody_and_a_line_for_another_person_are_refused(work: Intake) -> None:
    other = replace(MARIA, birth_date=date(1958, 10, 3))
    this = opening()
    answer = await take_batch(
        this,
        batch(item(1, 2000, person=None), item(2, 2000), item(3, 2001, person=None), item(4, 2002, person=other)),
        work=work,
    )
    assert list(answer.outcomes) == [REFUSED, ACCEPTED, ACCEPTED, REFUSED]
    assert [one.code for one in answer.refused] == ["ACCOUNT_UNKNOWN", "OTHER_PERSON"]
    answer = await take_batch(this, batch(item(5, 2003, person=other), item(6, 2004)), work=work)
    assert list(answer.outcomes) == [REFUSED, ACCEPTED]
    assert await years(work) == [2000, 2001, 2004]


async def test_an_import_is_of_one_source(work: Intake) -> None:
    this = opening(b"a" * 32)
    await open_import(this, work=work)
    await open_import(replace(this, source=b""), work=work)
    with pytest.raises(IdempotencyConflictError):
        await open_import(replace(this, source=b"b" * 32), work=work)


async def test_an_account_put_as_a_whole_forgets_what_was_imported(work: Intake) -> None:
    await take_batch(opening(), batch(item(1, 2000)), work=work)
    account = await work.register.get("DE-1")
    await work.register.put([replace(account, periods=())])
    assert await years(work) == []


async def test_an_older_import_does_not_say_that_less_is_complete(work: Intake) -> None:
    await take_batch(opening(), batch(item(1, 2000)), work=work)
    await take_batch(replace(opening(), as_of=date(2020, 1, 1)), batch(item(1, 2001)), work=work)
    assert (await work.register.get("DE-1")).as_of == AS_OF
    await take_batch(replace(opening(), as_of=date(2025, 6, 1)), batch(item(1, 2002)), work=work)
    assert (await work.register.get("DE-1")).as_of == date(2025, 6, 1)


async def test_an_erased_account_is_not_known_and_begins_anew(connection: Any) -> None:
    from portability.adapters.clock.system import SystemClock
    from tests.at_rest import at_rest_in_memory

    at_rest = at_rest_in_memory()
    real, register = PostgresImportWork(connection, at_rest), PostgresRegister(connection, at_rest)
    await take_batch(opening(), batch(item(1, 2000)), work=real)
    await at_rest.destroy([register.scope_of("DE-1")], made_before=SystemClock().now())
    assert list((await take_batch(opening(), batch(item(1, 2001, person=None)), work=real)).outcomes) == [REFUSED]
    again = await take_batch(opening(), batch(item(1, 2002), item(2, 2000)), work=real)
    assert list(again.outcomes) == [ACCEPTED, ACCEPTED]
    account = await register.get("DE-1")
    assert account is not None
    assert [each.period.period_id for each in account.periods] == ["y2000", "y2002"]
