"""Which agreements apply to a career, which give way to which, and which of several is the most favourable."""

from collections.abc import Mapping
from datetime import date

import pytest

from portability.agreements.errors import InputError
from portability.agreements.loading import Agreement, load_agreement
from portability.agreements.most_favourable import Choice, Offer, most_favourable
from portability.agreements.packaged import agreements, legislation
from portability.agreements.periods import InsurancePeriod, PeriodKind
from portability.agreements.selection import Person, Selection, national_choice, select_agreements
from portability.agreements.values import Branch, Money

DAY = date(2026, 7, 1)
FILE = """
format: 1
id: {id}
title: {id}
kind: {kind}
parties: [{parties}]
instruments: [{{id: T, title: A treaty, official: none, read: invented}}]
status: unverified
branches: [old_age]
{head}
not_modelled: []
rules:
  - {{id: scope, rule: personal_scope, from: 2000-01-01, cite: T Art. 1, persons: {persons}, groups: [{groups}]}}
  - {{id: sum, rule: aggregation, from: 2000-01-01, cite: T Art. 2, only: to_the_extent_necessary{third}}}
{rules}
"""


def treaty(
    name: str,
    parties: str,
    *,
    persons: str = "all_insured",
    groups: str = "others_insured",
    head: str = "",
    third: str = "",
    rules: str = "",
) -> Agreement:
    kind = "bilateral" if parties.count(",") == 1 else "multilateral"
    text = FILE.format(id=name, kind=kind, parties=parties, persons=persons, groups=groups, head=head, third=third,
                       rules=rules)  # fmt: skip
    return load_agreement(text, f"{name}.yaml")


def select(state: str, career: str, *known: Agreement, nationality: str = "", us: bool = False) -> Selection:
    periods = [InsurancePeriod(one, one, PeriodKind.COMPULSORY, one, None, None) for one in career.split()]
    mapping: Mapping[str, Agreement] = {one.id: one for one in known} or agreements()
    return select_agreements(
        Person(nationality),
        periods,
        DAY,
        for_state=state,
        branch=Branch.OLD_AGE,
        agreements=mapping,
        national=national_choice(legislation("US")) if us else None,
    )


def applying(selection: Selection) -> list[str]:
    return [one.agreement_id for one in selection.applies]


def reasons(selection: Selection) -> dict[str, str]:
    return {one.agreement_id: one.reason for one in selection.set_aside}


def test_an_agreement_must_bind_the_state_and_another_one_of_the_career() -> None:
    result = select("US", "US FR", treaty("us-fr", "FR, US"), treaty("us-de", "DE, US"), treaty("fr-de", "DE, FR"))

    assert (applying(result), result.how) == (["us-fr"], "one")
    assert reasons(result) == {"us-de": "joins_no_other_state_of_the_career", "fr-de": "does_not_bind_the_state"}


@pytest.mark.parametrize(
    ("nationality", "applies", "confirm"), [("US", ["us-fr"], ()), ("", ["us-fr"], ("personal_scope",)), ("BR", [], ())]
)
def test_a_person_must_be_covered_as_far_as_it_is_known_who_she_is(
    nationality: str, applies: list[str], confirm: tuple[str, ...]
) -> None:
    narrow = treaty("us-fr", "FR, US", persons="nationals_and_others", groups="nationals, refugees")

    result = select("US", "US FR", narrow, nationality=nationality)
    assert applying(result) == applies
    assert [one.to_confirm for one in result.applies] == [confirm] * len(applies)


def test_a_newer_agreement_stands_in_place_of_the_one_it_supersedes() -> None:
    old, new = treaty("us-fr-1987", "FR, US", head="superseded_by: us-fr"), treaty("us-fr", "FR, US")

    result = select("US", "US FR", old, new)
    assert (applying(result), reasons(result)) == (["us-fr"], {"us-fr-1987": "superseded"})


def test_an_agreement_between_fewer_states_goes_before_one_between_more() -> None:
    wide, narrow = treaty("wide", "DE, FR, US"), treaty("us-fr", "FR, US")

    assert reasons(select("US", "US FR", wide, narrow)) == {"wide": "less_specific"}
    # The wide one joins a state more, so neither stands for the other.
    assert applying(select("US", "US FR DE", wide, narrow)) == ["us-fr", "wide"]


def test_who_replaces_bilateral_conventions_leaves_other_conventions_alone() -> None:
    rule = "  - {id: p, rule: precedence, from: 2000-01-01, cite: T Art. 9, relation: replaces, among: bilateral_ones}"
    wide = treaty("wide", "AR, BR, UY", rules=rule)
    wider = treaty("wider", "AR, BR, CL, UY")

    result = select("AR", "AR UY", wide, wider, treaty("ar-uy", "AR, UY"))
    assert reasons(result) == {"ar-uy": "replaced", "wider": "less_specific"}


def test_what_stands_beside_the_regulation_is_not_replaced_by_it() -> None:
    result = select("SE", "SE FI", nationality="SE")

    assert (applying(result), result.how) == (["eu-883-2004", "nordic"], "person_decides")


def test_the_law_of_the_united_states_chooses_the_most_favourable_and_combines_two_systems() -> None:
    third = ", third_states_cite: T Art. 3"
    french, german = treaty("us-fr", "FR, US", third=third), treaty("us-de", "DE, US", third=third)

    result = select("US", "US FR DE", french, german, us=True)
    assert (result.how, str(result.citation)) == ("most_favourable", "20CFR 404.1910(b)")
    assert [one.third_states for one in result.applies] == [(), ()]


def test_third_states_bound_to_both_states_may_count_where_an_article_says_so() -> None:
    third = ", third_states_cite: T Art. 3"
    joins = treaty("us-fr", "FR, US", third=third)
    to_both = (treaty("us-de", "DE, US"), treaty("fr-de", "DE, FR"))

    result = select("FR", "US FR DE", joins, *to_both)
    (first, *_) = [one for one in result.applies if one.agreement_id == "us-fr"]
    assert (first.third_states, str(first.third_states_citation)) == (("DE",), "T Art. 3")
    (alone,) = select("FR", "US FR DE", joins, to_both[0]).applies
    assert alone.third_states == ()


def offer(name: str, amount: int, month: int, ready: int = 1) -> Offer:
    return Offer(name, Money.of(amount, "USD"), date(2026, month, 1), date(2026, 6, ready))


@pytest.mark.parametrize(
    ("offers", "choice"),
    [
        ([offer("a", 100, 3), offer("b", 120, 3)], Choice("b")),
        ([offer("a", 120, 3), offer("b", 120, 2)], Choice("b")),
        ([offer("a", 120, 3, ready=9), offer("b", 120, 3, ready=2)], Choice("b")),
        ([offer("a", 100, 1), offer("b", 120, 3)], Choice("b", "a", date(2026, 3, 1))),
        ([offer("a", 100, 4), offer("b", 120, 3)], Choice("b")),
    ],
    ids=["highest", "earliest month", "first ready", "the lower before", "nothing before"],
)
def test_the_most_favourable_agreement(offers: list[Offer], choice: Choice) -> None:
    assert most_favourable(offers) == choice
    assert most_favourable(list(reversed(offers))) == choice


def test_between_no_agreements_there_is_no_choice() -> None:
    with pytest.raises(InputError, match="at least one offer"):
        most_favourable([])
