"""Whether a statement is of the person of the case, by what the institution's register says of her."""

from dataclasses import replace
from datetime import date

import pytest

from portability.services.cases.mapping.wire import read_statement
from portability.services.persons.whose import StatedPerson, why_not_hers
from tests.services.cases.share_world import ShareWorld
from tests.services.cases.world import (
    CANADIAN_NUMBER,
    DRV,
    FISCAL_CODE,
    GERMAN_NUMBER,
    INPS,
    MARIA,
    SERVICE_CANADA,
)

HERS = StatedPerson(MARIA.birth_date, (GERMAN_NUMBER,))


def test_number_and_birth_date_agree_however_the_number_is_written() -> None:
    assert why_not_hers(MARIA, HERS) == ""
    assert why_not_hers(MARIA, replace(HERS, identifiers=(replace(GERMAN_NUMBER, value="12100358R501"),))) == ""


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        (replace(HERS, birth_date=date(1958, 10, 3)), "another birth date"),
        (replace(HERS, identifiers=(replace(GERMAN_NUMBER, value="12 100358 R 502"),)), "no number that the claim"),
        (replace(HERS, identifiers=(replace(GERMAN_NUMBER, country="AT"),)), "no number that the claim"),
    ],
)
def test_one_strong_key_is_not_enough(stated: StatedPerson, reason: str) -> None:
    assert reason in (why_not_hers(MARIA, stated) or "")


def test_who_does_not_say_whose_it_is_is_not_examined() -> None:
    assert why_not_hers(MARIA, None) is None


async def test_a_statement_tells_whose_account_it_rests_on(world: ShareWorld) -> None:
    case_id = await world.lodge()
    await world.state_all(case_id)
    stated = {}
    for document in (await world.inps.case(case_id)).case.documents:
        if document.type == "record.statement":
            stated[document.document.sender] = read_statement(document.content, case_id=case_id).person
    assert stated == {
        INPS: StatedPerson(MARIA.birth_date, (FISCAL_CODE,)),
        DRV: HERS,
        SERVICE_CANADA: StatedPerson(MARIA.birth_date, (CANADIAN_NUMBER,)),
    }
    assert {why_not_hers(MARIA, one) for one in stated.values()} == {""}
