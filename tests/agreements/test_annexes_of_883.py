"""Annex VI, VIII and IX of Regulation 883/2004, and the branches beside old age."""

from datetime import date
from fractions import Fraction

from portability.agreements.applicable_rules import LawOn
from portability.agreements.determination import determine
from portability.agreements.invalidity_route import Insured, invalidity_route
from portability.agreements.model import DeterminationFacts, NationalAnswer
from portability.agreements.national.legislation import Legislation, load_legislation
from portability.agreements.packaged import agreement
from portability.agreements.periods import Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.rules import InvalidityTypes
from portability.agreements.values import Branch, Money

EU = agreement("eu-883-2004")
DAY = date(2024, 7, 1)
TYPES = LawOn(EU, DAY).rule(InvalidityTypes)
LAW_OF_SURVIVORS = """
format: 1
id: sk
title: Slovak survivors' pensions
state: SK
instruments: [{id: SK-1, title: Act 461/2003, official: Zbierka zakonov, read: not read}]
status: unverified
not_modelled: []
schemes:
  - {id: SCHEME, name: Survivors' pension, law: answered_by_institution, branch: survivors, unit: months, currency: EUR,
     conditions: answered, why: The institution answers.}
"""


def months(state: str, scheme: str, first: date, end: date, amount: int) -> InsurancePeriod:
    time = Duration(Fraction(amount), PeriodUnit.MONTHS)
    return InsurancePeriod(f"{state}-1", state, PeriodKind.COMPULSORY, scheme, first, end, time)


def law(scheme: str) -> Legislation:
    return load_legislation(LAW_OF_SURVIVORS.replace("SCHEME", scheme), "sk.yaml", sha256="0" * 64)


def survivors(scheme: str, *, months_elsewhere: int, **answer: Money) -> DeterminationFacts:
    elsewhere = date(1990 + months_elsewhere // 12, 1 + months_elsewhere % 12, 1)
    return DeterminationFacts(
        "SK", Branch.SURVIVORS, date(1957, 3, 10), "SK", DAY, DAY,
        (
            months("DE", "de-rente", date(1990, 1, 1), elsewhere, months_elsewhere),
            months("SK", scheme, date(2000, 1, 1), date(2010, 1, 1), 120),
        ),
        national_answers={scheme: NationalAnswer(scheme, "sk", **answer)},  # type: ignore[arg-type]  # amounts only
    )  # fmt: skip


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def test_survivors_pensions_are_shared_by_periods_like_old_age_pensions() -> None:
    facts = survivors("sk-dochodok", months_elsewhere=60, theoretical_amount=eur("600"))

    (benefit,) = determine(facts, agreement=EU, legislation=law("sk-dochodok")).benefits
    # 600 x 120/180 = 400
    assert (benefit.award, benefit.ratio) == (eur("400"), Fraction(120, 180))


def test_a_listed_pension_with_a_right_of_its_own_needs_no_theoretical_amount() -> None:
    scheme = "sk-pozostalostny-dochodok"
    facts = survivors(scheme, months_elsewhere=60, independent_amount=eur("420"))

    (benefit,) = determine(facts, agreement=EU, legislation=law(scheme)).benefits
    assert (benefit.award, benefit.pro_rata) == (eur("420"), None)
    assert str(benefit.steps[-1].citation) == "883/2004 Annex VIII Part 1 Slovakia"


def test_beside_a_period_under_a_year_the_share_is_calculated_all_the_same() -> None:
    # Art. 52(4)(iii): eleven German months make Art. 57 applicable, so the theoretical amount is needed.
    scheme = "sk-pozostalostny-dochodok"
    facts = survivors(scheme, months_elsewhere=11, independent_amount=eur("420"), theoretical_amount=eur("430"))

    (benefit,) = determine(facts, agreement=EU, legislation=law(scheme)).benefits
    # 430 x 120/120, the eleven months stay out of the divisor (Art. 57(2)).
    assert (benefit.pro_rata, benefit.award) == (eur("430"), eur("430"))


def test_a_listed_pension_without_a_right_of_its_own_is_shared_by_periods() -> None:
    scheme = "sk-pozostalostny-dochodok"
    facts = survivors(scheme, months_elsewhere=60, theoretical_amount=eur("600"))

    (benefit,) = determine(facts, agreement=EU, legislation=law(scheme)).benefits
    assert benefit.award == eur("400")


def test_without_a_right_at_the_place_of_incapacity_the_other_legislations_pay() -> None:
    czech = Insured("CZ", "cz-full-disability-before-18", opens_right=True)
    irish = Insured("IE", "ie-invalidity-type-a", opens_right=False)

    route = invalidity_route([czech, irish], incapacity_under="ie-invalidity-type-a", claims_old_age=False, rule=TYPES)
    assert (route.way, route.states, str(route.citation)) == ("other_states", ("CZ",), "883/2004 Art. 44(3)")


def test_incapacity_under_type_b_is_always_shared_by_periods() -> None:
    german = Insured("DE", "de-rente", opens_right=True, without_type_b=True)
    irish = Insured("IE", "ie-invalidity-type-a", opens_right=True)

    route = invalidity_route([german, irish], incapacity_under="de-rente", claims_old_age=False, rule=TYPES)
    assert (route.way, route.states) == ("by_periods", ("DE", "IE"))
