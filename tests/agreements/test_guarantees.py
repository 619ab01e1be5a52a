"""Which basic guarantees a file serves, whom it leaves out of them, and by which article."""

from portability.agreements.equal_treatment import Ground
from portability.agreements.guarantees import treatment
from portability.agreements.guarantees_report import treatment_text
from portability.agreements.loading import Agreement, load_agreement
from portability.agreements.packaged import agreement

TEXT = """\
format: 1
id: aa-bb
title: Agreement between two states, invented for this test
kind: bilateral
parties: [DE, CA]
instruments:
  - {id: AB, title: The treaty, official: "https://example.org/treaty", read: complete}
status: drafted
branches: [old_age, sickness, survivors]
not_modelled:
  - {cite: AB Art. 20, what: family benefits}
rules:
  - {id: scope, rule: personal_scope, from: 2000-01-01, cite: AB Art. 3(1), persons: nationals_and_others, groups: [nationals, refugees, stateless, family, survivors], states: [CA]}
"""  # noqa: E501 - one rule a line, as people write them


def invented(text: str = TEXT) -> Agreement:
    return load_agreement(text, "aa-bb.yaml")


def test_a_guarantee_is_served_by_its_branches() -> None:
    extents = {one.name: one.extent for one in treatment(invented()).guarantees}
    assert extents == {"health care": "part", "children": "none", "active age": "part", "old age": "whole"}
    assert treatment(invented()).other_branches == ("survivors",)


def test_who_is_left_out_is_told_with_the_article_the_days_and_the_state() -> None:
    text = treatment_text(treatment(invented()))
    assert "  Not covered: everybody else who is or was insured, whatever the nationality\n" in text
    assert "    by AB Art. 3(1), from 2000-01-01, in CA, for old age, sickness, survivors\n" in text
    assert "  nationality  scope (AB Art. 3(1)): covers nationals of the parties" in text
    assert "  Income of children     not in this file: family\n" in text


def test_what_the_file_does_not_state_is_not_taken_for_granted() -> None:
    text = treatment_text(treatment(invented()))
    assert "The file has no rule on equal treatment" in text
    other = TEXT.replace("rule: personal_scope", "rule: equal_treatment").replace("persons: nationals_and_others, ", "")
    assert "The file has no rule on persons: it does not say who is left out." in treatment_text(
        treatment(invented(other))
    )


def test_nobody_is_left_out_where_all_insured_are_covered() -> None:
    found = treatment(agreement("ca-it"))
    assert found.left_out == ()
    assert "  Nobody who is insured is left out of the agreement.\n" in treatment_text(found)


def test_an_agreement_that_takes_over_the_rules_of_another_is_told_with_them() -> None:
    own, taken = treatment(agreement("nordic")), treatment(agreement("eu-883-2004"))
    assert 0 < own.counted(Ground.RESIDENCE) <= taken.counted(Ground.RESIDENCE)


def test_a_gap_that_speaks_of_nationality_is_shown_to_the_jurist() -> None:
    other = TEXT.replace("what: family benefits", "what: family benefits for nationals only")
    assert "  nationality  AB Art. 20: family benefits for nationals only\n" in treatment_text(
        treatment(invented(other))
    )
    assert "about one of these grounds (0)" in treatment_text(treatment(invented()))
