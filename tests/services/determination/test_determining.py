"""Determine under one agreement and under several, and explain again what was determined."""

import hashlib
from dataclasses import replace
from datetime import date

import pytest

from portability.agreements import packaged
from portability.agreements.errors import InputError, NoRuleInForceError, NotFoundError, VerificationError
from portability.agreements.values import Money
from portability.services.determination.handlers import determine_benefits, explain_again
from portability.services.determination.model import DetermineQuery, ExplainedDetermination
from portability.services.determination.trial import TrialLaw

from .samples import (
    CANADIAN,
    GERMAN,
    INDEPENDENT,
    ITALIAN,
    PRO_RATA,
    SHORT_GERMAN,
    THEORETICAL,
    facts,
)

EU = ("eu-883-2004",)
LAW = TrialLaw(packaged)
"""Amounts do not depend on who has ratified; that nothing is determined without is in test_ratification.py."""


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


async def under(*agreements: str, **given: object) -> ExplainedDetermination:
    periods = given.pop("periods", (GERMAN, ITALIAN))
    query = DetermineQuery(facts(*periods, **given), agreements)  # type: ignore[misc,arg-type]
    return await determine_benefits(query, law=LAW)


async def test_one_agreement_gives_the_amounts_of_the_articles() -> None:
    result = await under(*EU)
    (proposed,) = result.benefits
    assert proposed.agreement_id == "eu-883-2004"
    benefit = proposed.benefit
    assert (benefit.independent, benefit.theoretical) == (eur(INDEPENDENT), eur(THEORETICAL))
    assert (benefit.pro_rata, str(benefit.ratio)) == (eur(PRO_RATA), "2/5")
    assert benefit.award == eur("506.61")
    assert result.choice == ()


async def test_a_result_carries_the_weakest_review_status_and_its_warning() -> None:
    result = await under(*EU)
    assert result.review_status == "unverified"
    assert "This is a projection, not an award." in result.banner


async def test_a_trial_on_files_says_so_to_every_reader() -> None:
    result = await under(*EU)
    assert result.is_trial
    assert result.banner.startswith("Not ratified: a trial. No state is bound by these files. Encoding ")
    for audience in ("jurist", "caseworker", "worker"):
        assert result.rendered(audience).startswith("Not ratified: a trial.")  # type: ignore[arg-type]
    (step, *_) = result.determinations[0].steps
    assert (step.rule, step.value("sha256")) == ("not_ratified", packaged.agreement("eu-883-2004").sha256)


async def test_of_several_agreements_the_higher_award_is_proposed_and_the_choice_is_said() -> None:
    # 48 months alone stay under 60. With twelve of residence in Canada they reach 60 (CA-DE Art. 13(b)).
    # 4.8 x 1.035 = 4.968; x 40.79 = 202.64472
    result = await under(*EU, "ca-de", periods=(SHORT_GERMAN, CANADIAN), points="4.8")
    (proposed,) = result.benefits
    assert (proposed.agreement_id, proposed.benefit.award) == ("ca-de", eur("202.64"))
    (sentence,) = result.choice_said()
    assert sentence.startswith("de-rente: nothing under eu-883-2004 and €202.64 under ca-de. The highest is proposed")
    assert [one.agreement_id for one in result.determinations] == ["eu-883-2004", "ca-de"]


@pytest.mark.parametrize("order", [("eu-883-2004", "ca-de"), ("ca-de", "eu-883-2004")])
async def test_of_equal_awards_that_of_the_first_agreement_is_proposed(order: tuple[str, str]) -> None:
    result = await under(*order, periods=(GERMAN, CANADIAN))
    assert result.benefits[0].agreement_id == order[0]
    assert result.choice == ()


async def test_an_agreement_named_twice_is_applied_once() -> None:
    assert len((await under(*EU, *EU)).determinations) == 1


async def test_the_same_facts_give_the_same_bytes_and_others_do_not() -> None:
    first, again = await under(*EU), await under(*EU)
    assert first.trace == again.trace
    assert first.trace.count(b"\n") == 1
    assert (await under(*EU, points="12.0001")).trace != first.trace


@pytest.mark.parametrize("audience", ["jurist", "caseworker", "worker"])
async def test_the_explanation_is_written_for_each_reader(audience: str) -> None:
    text = (await under(*EU)).rendered(audience)  # type: ignore[arg-type]
    assert "€506.61" in text
    assert "projection, not an award" in text
    if audience == "worker":
        assert "You would get €506.61 a month." in text
        assert "theoretical amount" not in text
    else:
        assert "883/2004 Art. 52(1)(b)(ii)" in text


async def test_what_was_determined_is_explained_again_from_facts_and_hash() -> None:
    kept = hashlib.sha256((await under(*EU)).trace).hexdigest()
    again = await explain_again(DetermineQuery(facts(), EU), trace_sha256=kept.upper(), law=LAW)
    assert again.benefits[0].benefit.award == eur("506.61")
    without = await explain_again(DetermineQuery(facts(), EU), trace_sha256="", law=LAW)
    assert without.trace == again.trace


async def test_facts_that_are_not_those_of_then_are_refused_with_both_hashes() -> None:
    kept = hashlib.sha256((await under(*EU)).trace).hexdigest()
    with pytest.raises(VerificationError, match=f"{kept[:12]}.*eu-883-2004.yaml"):
        await explain_again(DetermineQuery(facts(points="13"), EU), trace_sha256=kept, law=LAW)


async def test_no_agreement_is_an_error_of_the_caller() -> None:
    with pytest.raises(InputError, match="No agreement is named"):
        await under()


async def test_an_unknown_agreement_is_named_with_those_that_there_are() -> None:
    with pytest.raises(NotFoundError, match=r"of that id\. Known: .*ca-de.*eu-883-2004"):
        await under("eu-883")


async def test_a_state_without_legislation_is_named() -> None:
    nowhere = replace(facts(), state="XX")
    with pytest.raises(NotFoundError, match=r"No legislation of XX is encoded\. Encoded: .*CA.*DE.*IT"):
        await determine_benefits(DetermineQuery(nowhere, EU), law=LAW)


async def test_where_one_agreement_gives_no_answer_there_is_no_answer() -> None:
    # Before 1 May 2010 there is no rule of 883/2004; leaving that agreement out would be a choice of ours.
    with pytest.raises(NoRuleInForceError, match="2010-05-01"):
        await under("ca-de", *EU, award_on=date(2010, 4, 30))
