"""Which state pays family benefits first, what the others add, and from when another state pays."""

from datetime import date
from fractions import Fraction

import pytest

from portability.agreements.errors import InputError, NoRuleInForceError, UnmodelledProvisionError
from portability.agreements.family_benefits import FamilyRight, family_benefits
from portability.agreements.family_changes import orphans_state, pays_from
from portability.agreements.packaged import agreement
from portability.agreements.rules import CompetenceChange, FamilyPriority, OrphansBenefits
from portability.agreements.values import Money

RULES = agreement("eu-883-2004").content.rules
PRIORITY = next(rule for rule in RULES if isinstance(rule, FamilyPriority))
CHANGE = next(rule for rule in RULES if isinstance(rule, CompetenceChange))
ORPHANS = next(rule for rule in RULES if isinstance(rule, OrphansBenefits))


def right(state: str, basis: str, amount: int, insured: int | None = None) -> FamilyRight:
    length = Fraction(insured) if insured is not None else None
    return FamilyRight(state, basis, Money.of(amount, "EUR"), length)  # type: ignore[arg-type]  # the tests name bases


def test_activity_goes_before_pension_and_pension_before_residence() -> None:
    rights = [right("PL", "residence", 500), right("DE", "pension", 200), right("FR", "activity", 100)]

    result = family_benefits(rights[:2], rule=PRIORITY, children_residence="PL")
    assert (result.priority, str(result.citation)) == ("DE", "883/2004 Art. 68(1)(a)")
    assert family_benefits(rights[1:], rule=PRIORITY, children_residence="PL").priority == "FR"


def test_residence_in_the_childrens_state_owes_a_supplement() -> None:
    # 250 - 200 = 50: the exception is for children who live elsewhere (Art. 68(2), third sentence).
    rights = [right("DE", "activity", 200), right("SE", "residence", 250)]

    at_home = family_benefits(rights, rule=PRIORITY, children_residence="SE").payments[1]
    elsewhere = family_benefits(rights, rule=PRIORITY, children_residence="DE").payments[1]
    assert (at_home.amount.amount, elsewhere.amount.amount) == (50, 0)


@pytest.mark.parametrize(("other", "repaid"), [(120, 120), (150, 150), (200, 150)])
def test_half_of_the_highest_amount_is_repaid_up_to_the_others_amount(other: int, repaid: int) -> None:
    # Half of 300 is 150 (987/2009 Art. 58).
    rights = [right("BE", "activity", 300), right("NL", "activity", other)]

    result = family_benefits(rights, rule=PRIORITY, children_residence="PL")
    assert result.repaid is not None
    assert (result.priority, result.repaid.state, result.repaid.amount.amount) == ("BE", "NL", repaid)


def test_nothing_is_repaid_where_the_childrens_residence_decides() -> None:
    rights = [right("BE", "activity", 100), right("NL", "activity", 300)]

    result = family_benefits(rights, rule=PRIORITY, children_residence="BE")
    assert (result.priority, result.repaid, result.payments[1].amount.amount) == ("BE", None, 200)


def test_states_that_stand_level_are_not_ordered_by_us() -> None:
    with pytest.raises(NoRuleInForceError, match="stand level"):
        family_benefits(
            [right("BE", "activity", 100), right("NL", "activity", 100)], rule=PRIORITY, children_residence="PL"
        )


def test_two_supplements_are_for_a_person_to_determine() -> None:
    rights = [right("PL", "activity", 100), right("DE", "activity", 200), right("BE", "activity", 300)]

    with pytest.raises(UnmodelledProvisionError, match="does not say how their supplements add up"):
        family_benefits(rights, rule=PRIORITY, children_residence="PL")


def test_the_length_of_the_periods_is_asked_for_between_pensions() -> None:
    with pytest.raises(InputError, match="How long are the periods"):
        family_benefits(
            [right("BE", "pension", 100, 10), right("NL", "pension", 100)], rule=PRIORITY, children_residence="PL"
        )


def test_residence_of_two_states_without_the_childrens_has_no_order() -> None:
    with pytest.raises(NoRuleInForceError, match="names no order between rights on residence"):
        family_benefits(
            [right("BE", "residence", 100), right("NL", "residence", 90)], rule=PRIORITY, children_residence="PL"
        )


@pytest.mark.parametrize(
    ("changed", "pays"),
    [
        (date(2024, 5, 1), date(2024, 5, 1)),
        (date(2024, 5, 2), date(2024, 6, 1)),
        (date(2024, 12, 31), date(2025, 1, 1)),
    ],
)
def test_who_pays_as_a_month_begins_pays_to_its_end(changed: date, pays: date) -> None:
    assert pays_from(changed, rule=CHANGE) == pays


def test_orphans_turn_to_the_longest_period_that_gives_a_right() -> None:
    periods = {"FR": Fraction(20), "DE": Fraction(10), "BE": Fraction(5)}

    assert orphans_state(periods, acquired=frozenset({"DE", "BE"}), rule=ORPHANS) == "DE"
    assert orphans_state(periods, acquired=frozenset(), rule=ORPHANS) is None
    with pytest.raises(NoRuleInForceError, match="as long"):
        orphans_state({"DE": Fraction(1), "BE": Fraction(1)}, acquired=frozenset({"DE", "BE"}), rule=ORPHANS)
