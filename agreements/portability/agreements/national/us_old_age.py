"""A United States old-age benefit, alone and under an agreement, to the dime and the dollar.

Under an agreement: a theoretical amount from the worker's own place among all earners, its share by coverage
lifetime, the age, the rounding (20 CFR 404.1918). The agency's own program stops there; what the regulation says
beyond it stands apart, in `regulation`.
"""

from dataclasses import dataclass
from fractions import Fraction

from portability.agreements.national.us_age import AgeAdjustment, adjusted_benefit, age_adjustment
from portability.agreements.national.us_parameters import UsParameters
from portability.agreements.national.us_pia import PrimaryInsuranceAmount, down_to_dime, primary_insurance_amount
from portability.agreements.national.us_record import UsRecord, counted_quarters
from portability.agreements.national.us_theoretical import EarningsPosition, earnings_position, theoretical_earnings

__all__ = ["Payable", "RegularBenefit", "TotalizedBenefit", "insured_quarters", "regular_benefit", "totalized_benefit"]


@dataclass(frozen=True, slots=True)
class Payable:
    """A primary insurance amount with the age applied: down to the dime, then to the dollar that is paid."""

    amount: Fraction
    dime: Fraction
    monthly: Fraction

    @property
    def accumulates(self) -> bool:
        """Less than $1 a month may be accumulated until it reaches $5 (20 CFR 404.1921)."""
        return self.dime < 1


@dataclass(frozen=True, slots=True)
class RegularBenefit:
    """The benefit on own quarters alone."""

    pia: PrimaryInsuranceAmount
    adjustment: AgeAdjustment
    payable: Payable


@dataclass(frozen=True, slots=True)
class TotalizedBenefit:
    """The benefit under an agreement, each stage of it.

    `program` is what the agency's program prints; `regulation` is at most the regular amount (404.1918(a)(4)).
    """

    position: EarningsPosition
    theoretical_earnings: dict[int, Fraction]
    theoretical: PrimaryInsuranceAmount
    own_quarters: int
    lifetime_quarters: int
    pro_rata: Fraction
    adjustment: AgeAdjustment
    program: Payable
    regular: PrimaryInsuranceAmount
    regulation: Payable

    @property
    def fraction(self) -> Fraction:
        return Fraction(self.own_quarters, self.lifetime_quarters)


def regular_benefit(record: UsRecord, law: UsParameters) -> RegularBenefit:
    """The benefit on the worker's own earnings, as though no agreement stood (42 USC 415(a)(1), 402(a))."""
    pia = _regular_amount(record, law)
    adjustment = age_adjustment(record, law)
    return RegularBenefit(pia, adjustment, _payable(pia.at_benefit, adjustment))


def totalized_benefit(record: UsRecord, law: UsParameters) -> TotalizedBenefit:
    """Theoretical amount with its increases x own quarters / quarters of the coverage lifetime, to the dime.

    20 CFR 404.1918(a)(1) to (3); a coverage lifetime is four quarters a computation year.
    """
    position = earnings_position(record, law)
    earnings = theoretical_earnings(record, position, law)
    theoretical = primary_insurance_amount(record, earnings, law)
    own, lifetime = position.total_quarters, 4 * record.computation_years
    pro_rata = down_to_dime(theoretical.at_benefit * Fraction(own, lifetime))
    adjustment, regular = age_adjustment(record, law), _regular_amount(record, law)
    return TotalizedBenefit(
        position=position,
        theoretical_earnings=earnings,
        theoretical=theoretical,
        own_quarters=own,
        lifetime_quarters=lifetime,
        pro_rata=pro_rata,
        adjustment=adjustment,
        program=_payable(pro_rata, adjustment),
        regular=regular,
        regulation=_payable(min(pro_rata, regular.at_benefit), adjustment),
    )


def insured_quarters(record: UsRecord, law: UsParameters) -> int:
    """Own quarters of coverage up to that of entitlement, which is counted (42 USC 413(a)(2)(B)(v), 414(a))."""
    return sum(counted_quarters(record, law).values())


def _regular_amount(record: UsRecord, law: UsParameters) -> PrimaryInsuranceAmount:
    """On actual earnings, each year at most the base (42 USC 415(e)(1))."""
    counted = {year: min(earned, law.base(year)) for year, earned in record.earnings.items()
               if year <= record.last_year}  # fmt: skip
    return primary_insurance_amount(record, counted, law)


def _payable(amount: Fraction, adjustment: AgeAdjustment) -> Payable:
    dime, monthly = adjusted_benefit(amount, adjustment.factor)
    return Payable(amount, dime, monthly)
