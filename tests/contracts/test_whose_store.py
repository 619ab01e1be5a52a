"""What the stores that find a person's cases by her numbers must keep to: in memory and in PostgreSQL."""

from typing import Any
from uuid import UUID

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.memory.whose import MemoryWhose
from portability.adapters.postgres.whose_store import PostgresWhose
from portability.agreements.careers import PersonIdentifier
from tests.at_rest import AT_REST

MARIA = PersonIdentifier("DE", "pension", "65 030261 R 501")
MARIA_AGAIN = PersonIdentifier("DE", "pension", "65030261r501")
IN_ITALY = PersonIdentifier("IT", "pension", "RSSMRA61B43H501Z")
CARLO = PersonIdentifier("IT", "pension", "RSSCRL58C10H501A")


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Any:
    return MemoryWhose() if request.param == "memory" else PostgresWhose(request.getfixturevalue("connection"), AT_REST)


async def kept(store: Any, *hers: PersonIdentifier, others: tuple[PersonIdentifier, ...] = ()) -> UUID:
    case_id = time_ordered_id()
    await store.put(case_id, hers=hers, others=others)
    return case_id


async def test_cases_with_one_number_in_common_are_one_persons_however_it_is_written(store: Any) -> None:
    first, second = await kept(store, MARIA, IN_ITALY), await kept(store, MARIA_AGAIN)
    other = await kept(store, CARLO)
    for one in (first, second):
        assert (await store.scopes_of(one)).cases == (first, second)
    assert (await store.scopes_of(other)).cases == (other,)


async def test_a_case_that_only_names_her_is_beside_hers_and_not_hers(store: Any) -> None:
    hers, his = await kept(store, MARIA), await kept(store, CARLO, others=(MARIA,))
    found = await store.scopes_of(hers)
    assert (found.cases, found.named_in, found.all) == ((hers,), (his,), (hers,))
    assert await store.beside(his) == {hers}
    assert await store.beside(hers) == frozenset()
    # From his case nothing leads to hers: who is erased there is Carlo.
    assert (await store.scopes_of(his)).all == (his,)


async def test_cases_are_found_by_a_number_of_their_person_alone(store: Any) -> None:
    first, second = await kept(store, MARIA, IN_ITALY), await kept(store, MARIA_AGAIN)
    his = await kept(store, CARLO, others=(MARIA,))
    assert await store.of([MARIA]) == {first, second}
    assert await store.of([IN_ITALY, CARLO]) == {first, his}
    assert await store.of([PersonIdentifier("DE", "tax", MARIA.value)]) == frozenset()
    assert await store.of([]) == frozenset()


async def test_two_cases_that_name_the_same_third_person_have_nothing_in_common(store: Any) -> None:
    one, other = await kept(store, MARIA, others=(IN_ITALY,)), await kept(store, CARLO, others=(IN_ITALY,))
    assert (await store.scopes_of(one)).named_in == ()
    assert await store.beside(other) == frozenset()


async def test_numbers_that_were_corrected_take_the_place_of_those_before(store: Any) -> None:
    wrong, hers = await kept(store, CARLO), await kept(store, MARIA)
    await store.put(wrong, hers=[MARIA], others=[CARLO, MARIA])
    assert (await store.scopes_of(hers)).cases == (wrong, hers)
    assert (await store.scopes_of(await kept(store, CARLO))).named_in == (wrong,)


async def test_a_case_without_a_number_is_nobodys(store: Any) -> None:
    first, second = await kept(store), await kept(store)
    assert not set((await store.scopes_of(first)).all) & {second}
