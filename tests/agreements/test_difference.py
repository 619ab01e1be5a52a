"""Two versions of a treaty: what changes for whom, said with both citations, dates and the examples."""

from fractions import Fraction

import pytest

from portability.agreements.difference import difference
from portability.agreements.difference_model import Change, ChangeKind, Difference
from portability.agreements.difference_text import difference_text
from portability.agreements.loading import load_agreement
from portability.agreements.packaged import legislations

BASE = """\
format: 1
id: aa-bb
title: Agreement between two states, invented for this test
kind: bilateral
parties: [DE, CA]
instruments:
  - {id: AB, title: The treaty, official: "https://example.org/treaty", read: complete}
status: drafted
branches: [old_age]
not_modelled:
  - {cite: AB Art. 20, what: family benefits}
rules:
  - {id: scope, rule: personal_scope, from: 2000-01-01, cite: AB Art. 3, persons: all_insured, groups: [others_insured, family]}
  - {id: posting, rule: posting, from: 2000-01-01, cite: AB Art. 6(1), persons: [employed], months: 24}
  - {id: short, rule: short_periods, from: 2000-01-01, cite: AB Art. 9, less_than: {amount: 12, unit: months}, others_count_for: theoretical_amount, others_count_cite: AB Art. 9(2)}
examples:
  # 1000 x 120/131: the 11 months are short and stay out: 120/120
  - id: eleven-months
    title: Eleven months are short
    source: AB Art. 9
    trust: derived
    kind: short_period
    given: {theoretical: "1000.00", own: {amount: 120, unit: months}, others: [{state: CA, amount: 11, unit: months}]}
    expect: {relieved: [CA]}
"""  # noqa: E501 - one rule a line, as people write them


def compared(*replacements: tuple[str, str]) -> Difference:
    changed = BASE
    for old, new in replacements:
        assert old in changed
        changed = changed.replace(old, new)
    return difference(load_agreement(BASE, "old.yaml"), load_agreement(changed, "new.yaml"), legislations())


def only(found: Difference, kind: ChangeKind) -> Change:
    (change,) = [one for one in found.changes if one.kind is kind]
    return change


def test_a_version_does_not_differ_from_itself() -> None:
    found = compared()
    assert (found.changes, found.outcomes) == ((), ())
    assert "Nobody: no rule, party, branch or gap differs." in difference_text(found)
    assert "1 run under both, 0 otherwise" in difference_text(found)


def test_a_parameter_is_told_with_both_values_citations_and_the_day() -> None:
    found = compared(("cite: AB Art. 6(1), persons: [employed], months: 24",
                      "cite: AB Art. 6(1a), persons: [employed], months: 60"))  # fmt: skip
    change = next(one for one in found.changes if one.parameter == "months")
    assert (change.before, change.after) == ("24", "60")
    assert (change.old_cite, change.new_cite) == ("AB Art. 6(1)", "AB Art. 6(1a)")
    assert "from 2000-01-01: months was 24 (AB Art. 6(1)), is 60 (AB Art. 6(1a))." in change.said
    assert change.affected.states == ("DE", "CA")


def test_an_example_that_comes_out_otherwise_is_told_with_both_results() -> None:
    # Under six months as the limit eleven months are not short: 1000 x 120/131.
    found = compared(("less_than: {amount: 12,", "less_than: {amount: 6,"))
    (outcome,) = found.outcomes
    results = {one.name: (one.before, one.after) for one in outcome.results}
    assert outcome.case_id == "eleven-months"
    assert results["relieved"] == ("CA", "")
    assert results["pro_rata"] == ("1000", str(Fraction(1000 * 120, 131)))
    assert next(one.by for one in outcome.results if one.name == "pro_rata") == Fraction(120_000, 131) - 1000
    assert "pro_rata: 1000 -> 120000/131  (11000/131 less)" in difference_text(found)


def test_an_example_that_can_no_longer_be_determined_is_told_with_the_reason() -> None:
    line = next(one for one in BASE.splitlines(keepends=True) if "id: short" in one)
    found = compared((line, ""))
    results = {one.name: one.after for one in found.outcomes[0].results}
    assert results["error"] == "NO_RULE_IN_FORCE"
    assert results["message"].startswith("Agreement 'aa-bb' has no rule 'short_periods'")


def test_a_rule_that_ends_concerns_the_days_after() -> None:
    found = compared(("posting, from: 2000-01-01,", "posting, from: 2000-01-01, until: 2025-12-31,"))
    ended = only(found, ChangeKind.RULE_ENDED)
    assert ended.said.startswith("Ends on 2025-12-31, rule 'posting' (posting, AB Art. 6(1))")
    assert str(ended.affected.since) == "2026-01-01"


def test_a_rule_that_takes_the_place_of_another_is_compared_with_it() -> None:
    says = "rule: posting, from: 2026-01-01, cite: AB-2025 Art. 1, persons: [employed], months: 60"
    successor = f"  - {{id: posting-2026, {says}}}\n"
    found = compared(
        ("posting, from: 2000-01-01,", "posting, from: 2000-01-01, until: 2025-12-31,"),
        ("  - {id: short,", f"{successor}  - {{id: short,"),
        ("instruments:\n", "instruments:\n  - {id: AB-2025, title: Protocol, official: none yet, read: complete}\n"),
    )
    added = only(found, ChangeKind.RULE_ADDED)
    assert added.said.endswith("It takes the place of 'posting' (AB Art. 6(1)).")
    change = only(found, ChangeKind.PARAMETER)
    assert (change.parameter, change.before, change.after) == ("months", "24", "60")
    assert "from 2026-01-01" in change.said
    assert only(found, ChangeKind.RECORD).said == "Legal text AB-2025: new (Protocol)."


def test_another_citation_of_the_same_rule_affects_nobody() -> None:
    found = compared(("cite: AB Art. 6(1)", "cite: AB Art. 6(2)"))
    assert found.of_the_law == ()
    assert only(found, ChangeKind.RECORD).said.endswith("the rule was cited as AB Art. 6(1), is cited as AB Art. 6(2).")


def test_a_rule_with_a_new_id_is_the_same_rule() -> None:
    assert compared(("id: posting,", "id: sent-workers,")).of_the_law == ()


def test_a_removed_rule_is_told_with_what_it_meant() -> None:
    line = next(one for one in BASE.splitlines(keepends=True) if "id: posting" in one)
    removed = only(compared((line, "")), ChangeKind.RULE_REMOVED)
    assert "stay under the sending state's law for up to 24 months" in removed.said
    assert (removed.old_cite, removed.new_cite) == ("AB Art. 6(1)", "")


def test_groups_that_are_left_out_are_those_affected() -> None:
    found = compared(("groups: [others_insured, family]", "groups: [nationals, family]"))
    change = only(found, ChangeKind.PARAMETER)
    assert change.affected.groups == ("nationals", "others_insured")
    assert "other insured persons of any nationality" in difference_text(found).rpartition("Who is affected")[2]


@pytest.mark.parametrize(
    ("old", "new", "kind", "said"),
    [
        ("parties: [DE, CA]", "parties: [DE, CA, FR]", ChangeKind.PARTY_ADDED, "FR becomes a party."),
        ("branches: [old_age]", "branches: [old_age, survivors]", ChangeKind.BRANCH_ADDED, "covers survivors now"),
        ("what: family benefits}", "what: family benefits, stops: everything}", ChangeKind.GAP_CHANGED,
         "which stops everything for every state"),
        ("AB Art. 20, what", "AB Art. 21, what", ChangeKind.GAP_OPENED, "Newly listed as not modelled: family"),
        ("status: drafted", "status: reviewed", ChangeKind.RECORD, "Status was drafted, is reviewed."),
        ("status: drafted", "bound: [{state: CA, until: 2030-12-31, cite: AB Art. 40}]\nstatus: drafted",
         ChangeKind.PARTY_DATES, "CA is bound until 2030-12-31 (AB Art. 40)"),
    ],
)  # fmt: skip
def test_parties_branches_gaps_and_the_files_own_record(old: str, new: str, kind: ChangeKind, said: str) -> None:
    assert said in only(compared((old, new)), kind).said


def test_what_a_file_says_of_itself_affects_nobody() -> None:
    found = compared(("status: drafted", "status: reviewed"))
    assert found.of_the_law == ()
    assert "Nobody" in difference_text(found)
