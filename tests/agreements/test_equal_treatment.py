"""A rule that can treat people otherwise by nationality, sex or residence is found, with its article or without."""

from typing import Literal

import pytest
from pydantic import BaseModel

from portability.agreements import equal_treatment
from portability.agreements.equal_treatment import Ground, Proof, findings_of, groups_left_out, proof_of
from portability.agreements.loading import load_agreement
from portability.agreements.packaged import agreement, legislation, legislations, stated_agreements
from portability.agreements.rules import AgreementFile

HEAD = """\
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
  - {cite: AB Art. 20(1), what: family benefits}
rules:
"""


def stated(*rules: str) -> AgreementFile:
    return load_agreement(HEAD + "".join(f"  - {{from: 2000-01-01, {rule}}}\n" for rule in rules), "f.yaml").content


@pytest.mark.parametrize(
    ("rule", "ground", "what"),
    [
        ("id: a, rule: personal_scope, cite: AB Art. 3(1), persons: nationals_and_others, groups: [nationals, family]",
         Ground.NATIONALITY, "leaves out refugees, stateless persons and everybody else"),
        ("id: a, rule: equal_treatment, cite: AB Art. 4, groups: [nationals, refugees, stateless]",
         Ground.NATIONALITY, "leaves out everybody else who is or was insured"),
        ("id: a, rule: export, cite: AB Art. 5, to: parties", Ground.RESIDENCE, "owed in the parties only"),
        ("id: a, rule: government_service, cite: AB Art. 7, persons: nationals_of_the_employing_state",
         Ground.NATIONALITY, "persons: nationals of the employing state"),
        ("id: a, rule: place_of_work, cite: AB Art. 6, persons: [self_employed], legislation: residence",
         Ground.RESIDENCE, "legislation: residence"),
        ("id: a, rule: own_periods_only, cite: AB Art. 9, eligibility_cite: AB Art. 9(1), abroad_cite: AB Art. 9(2)",
         Ground.RESIDENCE, "all periods together open payment abroad too"),
    ],
)  # fmt: skip
def test_what_a_rule_distinguishes_is_found(rule: str, ground: Ground, what: str) -> None:
    (finding,) = findings_of(stated(rule))
    assert finding.ground is ground
    assert what in finding.what


@pytest.mark.parametrize(
    "rule",
    [
        "id: a, rule: personal_scope, cite: AB Art. 3, persons: all_insured, groups: [others_insured, family]",
        "id: a, rule: export, cite: AB Art. 5, to: parties_and_third_states",
        "id: a, rule: government_service, cite: AB Art. 7, persons: sent",
        "id: a, rule: posting, cite: AB Art. 6, persons: [employed], months: 24",
    ],
)
def test_a_rule_that_is_the_same_for_everybody_is_not_found(rule: str) -> None:
    assert findings_of(stated(rule)) == ()


def test_a_finding_is_cited_by_the_provision_of_its_own_parameter() -> None:
    (finding,) = findings_of(stated(
        "id: a, rule: own_periods_only, cite: AB Art. 9, eligibility_cite: AB Art. 9(1), abroad_cite: AB Art. 9(2)"
    ))  # fmt: skip
    assert finding.cite == "AB Art. 9(2)"


@pytest.mark.parametrize(
    ("cite", "proof"),
    [
        ("AB Art. 5(1)", Proof.SUBPARAGRAPH),
        ("AB Art. 5", Proof.WHOLE_ARTICLE),
        # The gap cites paragraph 1 of this article, so it has paragraphs.
        ("AB Art. 20", Proof.MISSING),
        ("AB preamble", Proof.MISSING),
    ],
)
def test_how_exactly_a_difference_is_cited(cite: str, proof: Proof) -> None:
    content = stated(f"id: a, rule: export, cite: {cite}, to: parties")
    assert proof_of(findings_of(content)[0], content) is proof


def test_ages_by_sex_are_found_wherever_they_stand() -> None:
    class Age(BaseModel):
        sex: Literal["women", "men"]
        cite: str

    class Scheme(BaseModel):
        id: str
        age: tuple[Age, ...]

    scheme = Scheme(id="xx", age=(Age(sex="women", cite="L Art. 1(1)"), Age(sex="men", cite="L Art. 1(2)")))
    found = list(equal_treatment._examined(scheme, ("schemes", 0), ""))
    assert [(one.ground, one.cite) for one in found] == [
        (Ground.SEX, "L Art. 1(1)"),
        (Ground.SEX, "L Art. 1(2)"),
    ]
    assert found[0].path == ("schemes", 0, "age", 0)


def test_residence_conditions_of_a_national_law_are_found_with_their_sections() -> None:
    cites = {one.cite for one in findings_of(legislation("CA").content) if one.ground is Ground.RESIDENCE}
    assert {"OAS s. 3(3)", "OAS s. 9(4)"} <= cites


def test_everybody_insured_covers_every_nationality() -> None:
    assert groups_left_out(["others_insured", "family", "survivors"]) == ()
    assert groups_left_out(["others_insured"]) == ("family", "survivors")
    assert groups_left_out(["nationals"]) == ("refugees", "stateless", "family", "survivors", "others_insured")


def test_no_difference_that_ships_with_the_package_is_without_its_article() -> None:
    contents = [one.content for one in (*stated_agreements().values(), *legislations().values())]
    without = [
        (content.id, finding.rule, finding.cite)
        for content in contents
        for finding in findings_of(content)
        if proof_of(finding, content) is Proof.MISSING
    ]
    assert without == []


def test_the_regulation_distinguishes_by_nationality_and_by_residence() -> None:
    grounds = {(one.rule, one.ground) for one in findings_of(agreement("eu-883-2004").content)}
    assert ("personal-scope", Ground.NATIONALITY) in grounds
    assert ("export", Ground.RESIDENCE) in grounds
