"""The day of a claim, time limits, what messages must say, earlier rights, and payment in another state."""

from dataclasses import replace
from datetime import date

import pytest

from portability.agreements.applicable_rules import LawOn
from portability.agreements.claim_date import Claim, claim_day
from portability.agreements.errors import AgreementError, InputError, NoRuleInForceError
from portability.agreements.export import paid_abroad
from portability.agreements.packaged import agreement
from portability.agreements.required_fields import missing_fields
from portability.agreements.rules import ClaimDate, Export, RequiredFields, TimeLimit, Transition
from portability.agreements.time_limits import due_day
from portability.agreements.transition import earlier_period_counts, falls_under, review_from, transitional_amount
from portability.agreements.values import Branch, Money

EU = agreement("eu-883-2004")
LAW = LawOn(EU, date(2024, 1, 1))
FIRST_DAY = date(2010, 5, 1)
FILED = Claim(date(2024, 3, 4), "DE")


def rule_of_claims(protected: str) -> ClaimDate:
    return ClaimDate.model_validate(
        {"id": "c", "rule": "claim_date", "from": date(2000, 1, 1), "cite": "X Art. 1", "protected": protected}
    )


def rule_of_time(**limit: object) -> TimeLimit:
    stated = {"id": "t", "rule": "time_limit", "from": date(2000, 1, 1), "cite": "X Art. 1", "action": "decide"}
    return TimeLimit.model_validate(stated | limit)


def transition(**cites: object) -> Transition:
    stated = {
        "id": "t",
        "rule": "transition",
        "from": FIRST_DAY,
        "cite": "X Art. 1",
        "no_rights_before_cite": "X Art. 1(1)",
    }
    return Transition.model_validate(stated | cites)


@pytest.mark.parametrize(
    ("protected", "claim", "day"),
    [
        ("when_requested_or_periods_named", FILED, None),
        ("when_requested_or_periods_named", replace(FILED, named_states=frozenset({"CA"})), FILED.filed_on),
        ("when_requested_or_periods_named", replace(FILED, asked_for_other_state=True), FILED.filed_on),
        ("when_requested_in_writing", replace(FILED, asked_for_other_state=True), None),
        ("when_requested_in_writing", replace(FILED, asked_in_writing=True), FILED.filed_on),
        ("when_requested_in_writing", replace(FILED, completed_on=date(2024, 9, 2)), date(2024, 9, 2)),
        ("in_all_institutions", FILED, FILED.filed_on),
        ("in_all_institutions", replace(FILED, asked_to_wait=True), None),
    ],
)
def test_the_first_day_is_protected_as_the_agreement_says(protected: str, claim: Claim, day: date | None) -> None:
    assert claim_day(claim, state="CA", rule=rule_of_claims(protected)).day == day


def test_the_state_of_the_first_claim_has_its_day_whatever_the_claimant_asked() -> None:
    waiting = replace(FILED, asked_to_wait=True)

    assert claim_day(waiting, state="DE", rule=rule_of_claims("when_requested_in_writing")).day == FILED.filed_on


@pytest.mark.parametrize(
    ("event", "due"), [(date(2024, 6, 30), date(2025, 6, 30)), (date(2024, 7, 1), date(2025, 12, 31))]
)
def test_costs_are_claimed_within_twelve_months_of_their_half_year(event: date, due: date) -> None:
    assert due_day(event, rule=LAW.rule(TimeLimit, subject="claim_costs")) == due


def test_days_and_months_run_from_the_event() -> None:
    assert due_day(date(2024, 1, 31), rule=rule_of_time(limit="days", days=30)) == date(2024, 3, 1)
    assert due_day(date(2024, 1, 15), rule=rule_of_time(limit="months", months=3)) == date(2024, 4, 15)
    assert due_day(date(2024, 1, 15), rule=rule_of_time(limit="as_soon_as_possible")) is None
    with pytest.raises(AgreementError, match="names no number"):
        due_day(date(2024, 1, 15), rule=rule_of_time(limit="days"))


def test_what_a_message_lacks_comes_with_its_citation() -> None:
    rules = [rule for rule in EU.content.rules if isinstance(rule, RequiredFields)]

    missing = missing_fields("decision", {"decision", "amount"}, rules=rules)
    assert [(one.field, str(one.citation)) for one in missing] == [("overlapping-benefits", "987/2009 Art. 47(6)")]
    assert missing_fields("summary", (), rules=rules) == ()


@pytest.mark.parametrize(
    ("event", "right", "awarded", "law", "pays_from", "cite"),
    [
        (FIRST_DAY, FIRST_DAY, None, "this_agreement", FIRST_DAY, "883/2004 Art. 87"),
        (date(2009, 1, 1), date(2010, 6, 1), None, "this_agreement", date(2010, 6, 1), "883/2004 Art. 87(3)"),
        (date(2009, 1, 1), date(2009, 1, 1), None, "both", FIRST_DAY, "987/2009 Art. 94(1)"),
        (date(2009, 1, 1), date(2009, 1, 1), date(2009, 6, 1), "earlier_law", None, "883/2004 Art. 87(5)"),
    ],
    ids=["new event", "new claim", "open claim", "awarded before"],
)
def test_a_right_falls_under_one_law_or_both(
    *, event: date, right: date, awarded: date | None, law: str, pays_from: date | None, cite: str
) -> None:
    result = falls_under(
        event_on=event, right_from=right, awarded_on=awarded, applies_from=FIRST_DAY, rule=LAW.rule(Transition)
    )

    assert (result.law, result.pays_from, str(result.citation)) == (law, pays_from, cite)


def test_an_agreement_that_ignores_earlier_events_gives_nothing_for_them() -> None:
    early = date(2009, 1, 1)

    bare = falls_under(event_on=early, right_from=early, awarded_on=None, applies_from=FIRST_DAY, rule=transition())
    with_events = transition(earlier_events_cite="X Art. 1(3)")
    open_claim = falls_under(
        event_on=early, right_from=early, awarded_on=None, applies_from=FIRST_DAY, rule=with_events
    )
    assert (bare.law, bare.pays_from) == ("earlier_law", None)
    assert (open_claim.pays_from, str(open_claim.citation)) == (FIRST_DAY, "X Art. 1(1)")


def test_earlier_periods_count_only_where_the_agreement_says_so() -> None:
    before = date(2009, 12, 31)

    assert earlier_period_counts(completed_on=before, applies_from=FIRST_DAY, rule=LAW.rule(Transition))
    assert not earlier_period_counts(completed_on=before, applies_from=FIRST_DAY, rule=transition())
    assert earlier_period_counts(completed_on=FIRST_DAY, applies_from=FIRST_DAY, rule=transition())


def test_no_review_where_the_agreement_knows_none() -> None:
    with pytest.raises(NoRuleInForceError, match="no review"):
        review_from(FIRST_DAY, applies_from=FIRST_DAY, rule=transition())


def test_the_earlier_amount_stays_where_it_is_higher() -> None:
    low, high = Money.of(480, "EUR"), Money.of(510, "EUR")

    assert transitional_amount(earlier=high, now=low, rule=LAW.rule(Transition)) == high
    assert transitional_amount(earlier=low, now=high, rule=LAW.rule(Transition)) == high
    assert transitional_amount(earlier=high, now=low, rule=transition()) == low


@pytest.mark.parametrize(
    ("on", "answer"), [(date(2024, 4, 30), "paid"), (date(2024, 5, 1), "not_paid")], ids=["last day", "after"]
)
def test_unemployment_benefits_end_three_months_after_leaving(on: date, answer: str) -> None:
    rule = LAW.rule(Export, branch=Branch.UNEMPLOYMENT)

    def ask(left_on: date | None) -> str:
        return paid_abroad(
            "unemployment-benefit",
            rule=rule,
            parties=LAW.parties,
            paying_state="DE",
            residence_state="PT",
            left_on=left_on,
            on=on,
        ).answer

    assert ask(date(2024, 2, 1)) == answer
    with pytest.raises(InputError, match="when was that"):
        ask(None)


@pytest.mark.parametrize(
    ("to", "residence", "answer"),
    [("parties", "PT", "paid"), ("parties", "US", "national_law"), ("parties_and_third_states", "US", "paid"),
     ("parties", "DE", "paid")],
)  # fmt: skip
def test_where_a_pension_is_paid(to: str, residence: str, answer: str) -> None:
    rule = Export.model_validate({"id": "e", "rule": "export", "from": FIRST_DAY, "cite": "X Art. 1", "to": to})

    result = paid_abroad("old-age-pension", rule=rule, parties=LAW.parties, paying_state="DE",
                         residence_state=residence, left_on=None, on=FIRST_DAY)  # fmt: skip
    assert result.answer == answer
