"""What a rule means and what it gives is said in words, for every kind that the files use."""

from typing import get_args

import pytest

from portability.agreements.packaged import agreement, agreements
from portability.agreements.rule_meaning import meaning
from portability.agreements.rule_words import joined, kind_of, parameters, value_in_words
from portability.agreements.rules import Rule, RuleBase, Units

KINDS = get_args(get_args(Rule)[0])


def rule(agreement_id: str, rule_id: str) -> RuleBase:
    return next(one for one in agreement(agreement_id).content.rules if one.id == rule_id)


def test_every_rule_of_every_file_is_said_in_words() -> None:
    for one in agreements().values():
        for entry in one.content.rules:
            said = meaning(entry)
            assert said.endswith("."), entry.id
            assert "_" not in said.replace(entry.id, ""), (one.id, entry.id, said)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__ for kind in KINDS])
def test_every_kind_says_what_it_is(kind: type[RuleBase]) -> None:
    assert kind.__doc__ and kind.__doc__ != RuleBase.__doc__


def test_a_meaning_that_turns_on_a_parameter_follows_the_parameter() -> None:
    assert meaning(rule("ca-it", "aggregation")) == (
        "Other states' periods count where own periods are not enough for a right."
    )
    assert meaning(rule("eu-883-2004", "aggregation")) == "Other states' periods count as own, to the extent necessary."
    assert meaning(rule("ca-it", "italian-weeks-for-cpp")) == (
        "Each calendar year of at least 13 weeks of time in IT counts as 1 year for ca-cpp."
    )


def test_everybody_stands_for_nationals_too_where_the_rule_does_not_name_them() -> None:
    assert meaning(rule("ca-it", "personal-scope")) == (
        "The agreement covers members of the family, survivors and everybody who is or was insured, "
        "whatever the nationality."
    )
    assert "nationals of the parties" in meaning(rule("eu-883-2004", "personal-scope"))


def test_a_citation_joins_the_parameter_that_it_is_about() -> None:
    instruments = agreement("ca-it").content.instruments
    short = {one.name: one for one in parameters(rule("ca-it", "short-periods-in-canada"), instruments)}
    assert (short["others_count_for"].text, short["others_count_for"].cite) == (
        "entitlement and amount",
        "CA-IT Art. 15",
    )
    assert "others_count_cite" not in short
    amounts = {one.name: one for one in parameters(rule("ca-it", "canada-pension-plan"), instruments)}
    assert (amounts["cap"].text, amounts["cap"].cite) == ("", "CA-IT Art. 18(b)(ii)")


def test_a_kind_that_cites_without_the_suffix_is_cited_all_the_same() -> None:
    eu = agreement("eu-883-2004")
    overlap = next(one for one in eu.content.rules if kind_of(one) == "overlap")
    cites = {one.name: one.cite for one in parameters(overlap, eu.content.instruments)}
    assert cites["compulsory_before_voluntary"] == "987/2009 Art. 12(3)"


def test_values_are_written_as_people_say_them() -> None:
    assert value_in_words(Units(amount=1, unit="years")) == "1 year"
    assert value_in_words(Units(amount=312, unit="days", day_regime="6")) == "312 days of a 6-day week"
    assert value_in_words(("as_soon_as_possible", "CA")) == "as soon as possible, CA"
    assert joined(["a"]) == "a"
    assert joined(["a", "b", "c"]) == "a, b and c"
