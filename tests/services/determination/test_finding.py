"""Which agreement applies between two states, as a case asks when it is lodged; and the answer to a case's question."""

from datetime import date
from uuid import UUID

import pytest

from portability.agreements.errors import NotBindingError
from portability.agreements.values import Branch
from portability.app.wiring.determiner import RatifiedRulesDeterminer
from portability.services.cases.ports import DeterminationQuestion
from portability.services.determination.treaties.in_force import AgreementFound, find_agreement

from .samples import AWARD, BORN, GERMAN, ITALIAN, facts
from .test_ratification import CA_DE, EU, SPRING, SUMMER, TEXT
from .treaty_world import World


async def between(world: World, *pair: str, on: date = SUMMER, branch: Branch = Branch.OLD_AGE) -> AgreementFound:
    return await find_agreement((pair[0], pair[1]), branch=branch, on=on, work=world.work, treaties=world.treaties)


async def test_an_agreement_applies_between_states_once_both_have_ratified_it() -> None:
    world = World()
    await world.put(TEXT)
    found = await between(world, "DE", "IT")
    assert found.agreement_id == ""
    assert "Agreement 'eu-883-2004' does not bind DE and IT: neither has ratified" in found.why_none
    await world.ratify_packaged(EU, CA_DE, since=SPRING)
    assert await between(world, "DE", "IT") == AgreementFound(EU)
    assert await between(world, "CA", "DE") == AgreementFound(CA_DE)
    assert (await between(world, "DE", "IT", on=date(2024, 2, 29))).agreement_id == ""


async def test_where_none_is_published_or_none_covers_the_branch_the_reason_says_so() -> None:
    world = World()
    await world.ratify_packaged(CA_DE, since=SPRING)
    none = "No agreement that is published here covers old_age between CA and IT on 2024-07-01."
    assert await between(world, "CA", "IT") == AgreementFound("", none)
    assert (await between(world, "CA", "DE", branch=Branch.UNEMPLOYMENT)).agreement_id == ""


def question(*agreements: str) -> DeterminationQuestion:
    given = facts()
    return DeterminationQuestion(
        case_id=UUID(int=1),
        institution="de-drv",
        state="DE",
        branch=Branch.OLD_AGE,
        birth_date=BORN,
        residence_state="IT",
        risk_materialised_on=AWARD,
        award_on=AWARD,
        periods=(GERMAN, ITALIAN),
        agreements={f"{number}": agreement for number, agreement in enumerate(agreements)},
        scheme_facts=given.scheme_facts,
        national_answers={},
        unsatisfied_states=frozenset(),
    )


async def test_a_case_is_determined_by_the_version_that_binds_and_its_answer_names_it() -> None:
    world = World()
    version = await world.put(TEXT)
    await world.ratify(EU, version, "DE", "IT", since=SPRING)
    answer = await RatifiedRulesDeterminer(world.law).determine(question(EU))
    (used,) = answer.agreements
    assert (used.agreement_id, used.sha256) == (EU, version.sha256)
    assert [one.rule for one in answer.explanation][-1] == "version_in_force"
    assert version.sha256 in answer.explanation[-1].text
    assert answer.banner


async def test_a_case_is_not_determined_by_leaving_out_an_agreement_that_does_not_bind() -> None:
    world = World()
    await world.ratify_packaged(EU, since=SPRING)
    determiner = RatifiedRulesDeterminer(world.law)
    assert (await determiner.determine(question(EU))).benefits
    with pytest.raises(NotBindingError) as caught:
        await determiner.determine(question(CA_DE, EU))
    assert caught.value.reason == "not_published"
