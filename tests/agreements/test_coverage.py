"""Coverage counts what the files say: each provision with its citation, each example with its trust, each gap."""

import pytest

from portability.agreements.citations import article_of, names_a_place, names_a_subparagraph, place_in
from portability.agreements.coverage import Share, coverage, of_agreement, of_legislation
from portability.agreements.coverage_report import coverage_text, coverage_value, file_text
from portability.agreements.loading import Agreement, load_agreement
from portability.agreements.packaged import agreement, legislation, legislations, stated_agreements
from portability.agreements.rules import Instrument

TEXT = """\
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
  - {cite: AB Art. 21, what: special schemes, stops: calculation, states: [CA]}
rules:
  - {id: scope, rule: personal_scope, from: 2000-01-01, cite: AB Art. 3, persons: all_insured, groups: [others_insured]}
  - {id: posting, rule: posting, from: 2000-01-01, cite: AB (article not read), persons: [employed], months: 24, status: unverified}
  - {id: overlap, rule: overlap, from: 2000-01-01, cite: AB Art. 9}
examples:
  - {id: a, title: A, source: AB Art. 9, trust: derived, kind: pro_rata, given: {}, expect: {}}
  - {id: b, title: B, source: a court, trust: published, kind: pro_rata, given: {}, expect: {}, known_difference: The court rounded.}
"""  # noqa: E501 - one rule a line, as people write them


def invented() -> Agreement:
    return load_agreement(TEXT, "aa-bb.yaml")


def test_a_treaty_is_counted_as_its_file_says() -> None:
    found = of_agreement(invented())
    assert found.kinds == {"overlap": 1, "personal_scope": 1, "posting": 1}
    assert (found.cited, found.uncited) == (Share(2, 3), ("posting",))
    assert found.verified == Share(2, 3)
    assert found.known_differences == (("b", "The court rounded."),)


def test_all_together_are_the_sum_of_the_files() -> None:
    found = coverage([invented(), agreement("mercosur")], [legislation("CA")])
    one, two, three = of_agreement(invented()), of_agreement(agreement("mercosur")), of_legislation(legislation("CA"))
    assert found.tally.cited == one.cited + two.cited + three.cited
    assert found.states == ("AR", "BR", "CA", "DE", "PY", "UY")
    assert found.pairs == 1 + 6  # DE-CA, and four states two by two
    assert found.computed == ("CA",)
    assert found.statuses == {"drafted": 2}


def test_the_text_names_what_is_missing() -> None:
    text = coverage_text(coverage([invented()], []))
    assert "Cited: 66.6 %, 2 of 3 of the provisions (must be 100 %)." in text
    assert "  without a place in a text: aa-bb 'posting'" in text
    assert "      1 published by an authority, a court or the press" in text
    assert "      1 stop the calculation" in text
    assert "1 examples with a known difference:\n  aa-bb b: The court rounded." in text


def test_the_text_of_one_names_each_gap_with_what_it_stops() -> None:
    text = file_text(of_agreement(invented()))
    assert "  AB Art. 20: family benefits\n" in text
    assert "  AB Art. 21: special schemes  STOPS calculation for CA\n" in text


def test_programs_read_the_same_numbers() -> None:
    value = coverage_value(coverage([invented()], []))
    totals, (one,) = value["totals"], value["agreements"]  # type: ignore[misc]  # plain JSON
    assert totals["provisions_cited"] == one["provisions_cited"] == 2  # type: ignore[index]  # plain JSON
    assert totals["examples_by_trust"] == {"derived": 1, "published": 1}  # type: ignore[index]  # plain JSON
    assert one["not_modelled"][1] == {
        "cite": "AB Art. 21", "what": "special schemes", "stops": "calculation", "states": ["CA"],
    }  # fmt: skip


def test_what_an_agreement_takes_over_is_counted_where_it_stands() -> None:
    own = of_agreement(stated_agreements()["nordic"])
    assert sum(own.kinds.values()) < len(agreement("nordic").content.rules)


def test_every_verified_provision_that_ships_names_its_place() -> None:
    found = coverage(stated_agreements().values(), legislations().values())
    files = (*found.agreements, *found.legislations)
    assert [one.id for one in files if len(one.uncited) > one.verified.whole - one.verified.part] == []


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(0, 0, "none"), (3, 3, "100 %"), (2999, 3000, "99.9 %"), (1, 2, "50 %"), (2, 3, "66.6 %"), (0, 4, "0 %")],
)
def test_a_share_is_rounded_down_so_that_only_the_whole_is_a_hundred_per_cent(
    part: int, whole: int, shown: str
) -> None:
    assert str(Share(part, whole)) == shown


@pytest.mark.parametrize(
    ("place", "article", "to_the_subparagraph"),
    [
        ("Art. 13(2)(a)", "Art. 13", True),
        ("Art. 6", "Art. 6", False),
        ("Art. VIII(3)(b)", "Art. VIII", True),
        ("§ 77(2) No. 2(b)", "§ 77", True),
        ("s. 7.1", "s. 7.1", False),
        ("404.1908(a)(1)", "404.1908", True),
        ("Annex XI", "Annex XI", False),
        ("Art. 1(5), new Art. 14(a)(i)", "Art. 1", True),
        ("Art. 16(1), third sentence", "Art. 16", True),
        ("(article not read)", "", False),
        ("old-age pension", "", False),
        ("whole", "", False),
    ],
)
def test_the_shape_of_a_citation(place: str, article: str, to_the_subparagraph: bool) -> None:  # noqa: FBT001 (a table)
    assert article_of(place) == article
    assert names_a_place(place) is bool(article)
    assert names_a_subparagraph(place) is to_the_subparagraph


def test_the_id_of_an_instrument_may_hold_a_blank() -> None:
    texts = [Instrument(id=name, title="t", official="o", read="r") for name in ("SGB", "SGB VI")]
    assert place_in("SGB VI § 50(1)", texts) == "§ 50(1)"
    assert place_in("BGB § 1", texts) == ""
