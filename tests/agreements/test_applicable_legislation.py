"""One legislation for each person: posting, several states, crews, officials, and what is refused."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from portability.agreements.applicable_legislation import applicable_legislation
from portability.agreements.calendar_months import last_day_of, months_after
from portability.agreements.catalogues import catalogue
from portability.agreements.errors import InputError, NoRuleInForceError
from portability.agreements.packaged import agreement
from portability.agreements.posting import posting_result
from portability.agreements.rules import Posting, Silence
from portability.agreements.sentences import sentence
from portability.agreements.silence import silence_result
from portability.agreements.work_facts import Activity, ActivityKind, AgreedException, PostingFacts, WorkFacts

EU = agreement("eu-883-2004")
DAY = date(2024, 6, 1)
SENT = PostingFacts("FR", "DE", date(2024, 1, 1), 24, replaces_another=False, insured_before=True)
IN_GERMANY = WorkFacts("FR", (Activity(ActivityKind.EMPLOYED, "DE", employer_seat="FR"),))


def two_states(at_home: Fraction) -> WorkFacts:
    return WorkFacts(
        "BE",
        (
            Activity(ActivityKind.EMPLOYED, "BE", at_home, "a", "NL"),
            Activity(ActivityKind.EMPLOYED, "NL", 1 - at_home, "a", "NL"),
        ),
    )


def rule_of_posting(**changed: object) -> Posting:
    stated = {"id": "p", "rule": "posting", "from": date(2000, 1, 1), "cite": "X Art. 1", "persons": ("employed",)}
    return Posting.model_validate(stated | changed)


@pytest.mark.parametrize(
    ("day", "state"),
    [(date(2023, 12, 31), "DE"), (date(2024, 1, 1), "FR"), (date(2025, 12, 31), "FR"), (date(2026, 1, 1), "DE")],
)
def test_a_posting_holds_from_its_first_to_its_last_day(day: date, state: str) -> None:
    work = replace(IN_GERMANY, posting=SENT)

    assert applicable_legislation(work, agreement=EU, on=day).state == state


def test_a_posting_that_does_not_hold_says_why() -> None:
    work = replace(IN_GERMANY, posting=replace(SENT, insured_before=False))

    result = applicable_legislation(work, agreement=EU, on=DAY)
    assert (result.state, result.steps[0].rule, result.steps[0].output) == (
        "DE",
        "posting_does_not_hold",
        "not_insured_before",
    )


def test_what_nobody_knows_of_a_posting_is_to_be_confirmed() -> None:
    work = replace(IN_GERMANY, posting=replace(SENT, replaces_another=None, insured_before=None))

    confirm = applicable_legislation(work, agreement=EU, on=DAY).to_confirm
    assert [(one.id, str(one.citation)) for one in confirm] == [
        ("not_sent_to_replace_another", "883/2004 Art. 12(1)"),
        ("insured_before", "987/2009 Art. 14(1)"),
        ("active_in_the_sending_state", "987/2009 Art. 14(2)"),
    ]


def test_a_posting_without_an_expected_duration_is_refused() -> None:
    work = replace(IN_GERMANY, posting=replace(SENT, expected_months=None))

    with pytest.raises(InputError, match="How long") as refused:
        applicable_legislation(work, agreement=EU, on=DAY)
    assert refused.value.field == "posting.expected_months"


@pytest.mark.parametrize(("extended_until", "against"), [(date(2027, 12, 31), ""), (date(2028, 1, 1), "expected")])
def test_a_posting_is_extended_as_far_as_the_agreement_lets_it(extended_until: date, against: str) -> None:
    rule = rule_of_posting(months=24, extension="by_consent", extension_to_months=48)
    sent = replace(SENT, expected_months=36, extended_until=extended_until)

    assert posting_result(sent, rule=rule, on=DAY).against.startswith(against)
    assert bool(posting_result(sent, rule=rule, on=DAY).against) == bool(against)


@pytest.mark.parametrize(("ended", "holds"), [(date(2022, 12, 31), True), (date(2023, 1, 1), False)])
def test_a_second_posting_waits_until_the_months_between_are_over(ended: date, *, holds: bool) -> None:
    sent = replace(SENT, previous_ended_on=ended)

    assert (posting_result(sent, rule=rule_of_posting(months_between=12), on=DAY).against == "") is holds


def test_where_the_real_length_counts_the_posting_ends_with_the_months_of_the_article() -> None:
    rule = rule_of_posting(months=12, measured_by="actual_duration")

    assert posting_result(replace(SENT, expected_months=30), rule=rule, on=DAY).until == date(2024, 12, 31)


@pytest.mark.parametrize(("share", "state"), [(Fraction(25, 100), "BE"), (Fraction(2499, 10000), "NL")])
def test_a_quarter_of_the_work_at_home_is_substantial(share: Fraction, state: str) -> None:
    assert applicable_legislation(two_states(share), agreement=EU, on=DAY).state == state


@pytest.mark.parametrize(("share", "marginal"), [(Fraction(5, 100), False), (Fraction(499, 10000), True)])
def test_work_under_a_twentieth_is_marginal(share: Fraction, *, marginal: bool) -> None:
    result = applicable_legislation(two_states(share), agreement=EU, on=DAY)

    assert ("marginal_activities" in [step.rule for step in result.steps]) is marginal


def test_a_share_that_nobody_states_is_asked_for() -> None:
    work = WorkFacts("BE", tuple(replace(one, share=None) for one in two_states(Fraction(1, 2)).activities))

    with pytest.raises(InputError, match="working time or pay falls on BE"):
        applicable_legislation(work, agreement=EU, on=DAY)


def test_several_states_are_determined_provisionally_and_one_state_is_not() -> None:
    assert applicable_legislation(two_states(Fraction(1, 2)), agreement=EU, on=DAY).provisional
    assert not applicable_legislation(IN_GERMANY, agreement=EU, on=DAY).provisional


def test_an_agreed_exception_goes_before_every_rule_until_it_ends() -> None:
    work = replace(IN_GERMANY, exception=AgreedException("FR", date(2024, 6, 30)))

    assert applicable_legislation(work, agreement=EU, on=date(2024, 6, 30)).state == "FR"
    assert applicable_legislation(work, agreement=EU, on=date(2024, 7, 1)).state == "DE"


def test_an_agreement_without_a_rule_on_several_states_says_so() -> None:
    work = WorkFacts("ES", (Activity(ActivityKind.EMPLOYED, "ES"), Activity(ActivityKind.EMPLOYED, "PH")))

    with pytest.raises(NoRuleInForceError, match="SeveralStates"):
        applicable_legislation(work, agreement=agreement("es-ph"), on=DAY)


def test_a_ship_under_the_flag_of_a_third_state_is_not_decided_here() -> None:
    work = WorkFacts("FR", (Activity(ActivityKind.SEAFARER, "FR", flag="PA", employer_seat="DE"),))

    with pytest.raises(NoRuleInForceError, match="leads to PA"):
        applicable_legislation(work, agreement=EU, on=DAY)


def test_work_outside_the_parties_alone_is_refused() -> None:
    with pytest.raises(InputError, match="No activity is in a state"):
        applicable_legislation(WorkFacts("FR", (Activity(ActivityKind.EMPLOYED, "US"),)), agreement=EU, on=DAY)


@pytest.mark.parametrize("kind", [ActivityKind.UNEMPLOYED, ActivityKind.NOT_WORKING])
def test_who_does_not_work_is_under_the_legislation_of_residence(kind: ActivityKind) -> None:
    assert applicable_legislation(WorkFacts("FR", (Activity(kind, "DE"),)), agreement=EU, on=DAY).state == "FR"


@pytest.mark.parametrize(
    ("on", "effect"), [(date(2024, 3, 31), ""), (date(2024, 4, 1), "becomes_definitive")], ids=["last day", "after"]
)
def test_two_months_of_silence_make_the_determination_definitive(on: date, effect: str) -> None:
    rule = next(one for one in EU.content.rules if isinstance(one, Silence) and one.about == "applicable_legislation")

    result = silence_result(rule, informed_on=date(2024, 1, 31), answered_on=None, on=on)
    assert (result.last_day, result.effect) == (date(2024, 3, 31), effect)


def test_an_answer_on_the_last_day_is_in_time() -> None:
    rule = next(one for one in EU.content.rules if isinstance(one, Silence))

    in_time = silence_result(rule, informed_on=date(2024, 1, 31), answered_on=date(2024, 3, 31), on=DAY)
    late = silence_result(rule, informed_on=date(2024, 1, 31), answered_on=date(2024, 4, 1), on=DAY)
    assert (in_time.effect, late.effect) == ("", rule.effect)


def test_months_end_on_the_last_day_where_the_month_is_shorter() -> None:
    assert months_after(date(2023, 12, 31), 2) == date(2024, 2, 29)
    assert last_day_of(date(2024, 3, 1), 12) == date(2025, 2, 28)


def test_the_steps_are_told_in_sentences_to_both_readers() -> None:
    result = applicable_legislation(replace(IN_GERMANY, posting=SENT), agreement=EU, on=DAY)

    said = [sentence(step, "caseworker", catalogue("en")) for step in result.steps]
    told = [sentence(step, "worker", catalogue("en")) for step in result.steps]
    assert said == [
        "The legislation of France goes on applying during the posting.",
        "Until 31 December 2025 at the latest.",
    ]
    assert told[0] == "You are insured in France, and there only."
