"""Every place of the catalogue where a person is named by a number is found, and whose case a message opens."""

from collections.abc import Iterator

import pytest

from portability.agreements.careers import PersonIdentifier
from portability.api.cases.v1 import claims_pb2 as claims
from portability.api.records.v1 import messages_pb2 as records
from portability.services.cases.mapping.kinds import CATALOGUE
from portability.services.cases.mapping.named import numbers_in, numbers_of_its_person, says_numbers
from portability.services.flows.load import packaged_flows

WIDOW, DEAD, CHILD = (PersonIdentifier("DE", "pension", f"65 0{number}0261 R 501") for number in (1, 2, 3))


def opening() -> Iterator[str]:
    yield from sorted({a.type for flow in packaged_flows().values() for a in flow.actions.values() if a.opens})


def add(to: object, number: PersonIdentifier) -> None:
    to.identifiers.add(country=number.country, sector=number.sector, value=number.value)  # type: ignore[attr-defined]


def test_a_survivors_case_is_of_who_claims_and_names_who_died_and_the_family() -> None:
    claim = claims.SurvivorClaim()
    add(claim.claim.claimant, WIDOW)
    add(claim.deceased, DEAD)
    add(claim.claim.family.add().person, CHILD)
    content = claim.SerializeToString()
    assert numbers_of_its_person("claim.survivor", content) == {WIDOW}
    assert numbers_in("claim.survivor", content) == {WIDOW, DEAD, CHILD}


def test_a_type_without_persons_and_a_note_of_the_clock_name_nobody() -> None:
    assert numbers_in("case.close", b"") == frozenset()
    assert not says_numbers("")


@pytest.mark.parametrize("kind", list(opening()))
def test_who_stands_in_an_opening_message_by_a_number_is_its_person(kind: str) -> None:
    """A new type that names its person somewhere else needs its path, or its cases would be found by nobody."""
    message = CATALOGUE[kind]()
    holder = getattr(message, "claim", message)
    name = next((one for one in ("person", "claimant") if one in holder.DESCRIPTOR.fields_by_name), None)
    if name is None:
        assert not says_numbers(kind), kind
        return
    add(getattr(holder, name), WIDOW)
    assert numbers_of_its_person(kind, message.SerializeToString()) == {WIDOW}


def test_a_statement_says_whose_account_it_rests_on() -> None:
    statement = records.RecordStatement()
    add(statement.person, WIDOW)
    assert numbers_in("record.statement", statement.SerializeToString()) == {WIDOW}
