"""Whether a statement is of the person of the case, by what the institution's register says of her."""

from dataclasses import replace
from datetime import date

import pytest

from portability.agreements.errors import DeterminationError
from portability.services.cases.ports import Reliance
from portability.services.persons.whose import StatedPerson, why_not_hers
from tests.services.cases.world import CANADIAN_NUMBER, FISCAL_CODE, GERMAN_NUMBER, MARIA, World

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


async def test_a_statement_tells_whose_account_it_rests_on(world: World) -> None:
    await world.fill_registers()
    case_id = await world.lodge()
    await world.deliver()
    await world.answer_all(case_id)
    for node in world.nodes.values():
        case = (await node.view(case_id)).case
        assert {each.institution: each.why_not_hers for each in case.participants} == dict.fromkeys(world.nodes, "")
    assert {FISCAL_CODE, GERMAN_NUMBER, CANADIAN_NUMBER} == set(MARIA.identifiers)


async def test_nothing_is_determined_while_a_period_waits_that_a_rule_asks_more_of(world: World) -> None:
    case_id = await world.lodge()
    await world.deliver()
    await world.answer_all(case_id)
    drv = world.drv
    assert case_id in drv.work.reviews.judged
    drv.work.reviews.relied[case_id] = Reliance(waiting=("CA, evidence: declared stands behind it.",))
    with pytest.raises(DeterminationError, match="1 periods wait for a caseworker: CA, evidence"):
        await drv.determine(case_id)
    drv.work.reviews.relied[case_id] = Reliance(left_out=frozenset({("DE", "d2")}))
    view = await drv.determine(case_id)
    assert [one.period_id for one in drv.determiner.asked[-1].periods if one.state == "DE"] == ["d1"]
    assert "Without 1 periods on which a caseworker does not rely." in view.timeline[-1].text
