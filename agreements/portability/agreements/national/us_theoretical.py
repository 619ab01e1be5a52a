"""The relative earnings position and the theoretical earnings of a United States totalization benefit.

20 CFR 404.1918(a)(1), (b); the roundings are those of the agency's own program, in its order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from portability.agreements.national.us_parameters import UsParameters
from portability.agreements.national.us_record import UsRecord, quarters_of
from portability.agreements.rounding import half_up

__all__ = ["EarningsPosition", "earnings_position", "theoretical_earnings"]


@dataclass(frozen=True, slots=True)
class EarningsPosition:
    """The worker's earnings beside everybody's: the ratio of each year, the quarters, and their average."""

    ratios: Mapping[int, Fraction]
    quarters: Mapping[int, int]
    value: Fraction

    @property
    def total_quarters(self) -> int:
        return sum(self.quarters.values())


def earnings_position(record: UsRecord, law: UsParameters) -> EarningsPosition:
    """4 x the sum of the yearly ratios / the quarters of coverage of those years (20 CFR 404.1918(b), Example 1).

    A ratio is the year's earnings, at most the base x quarters / 4, over the average wage (GN 01701.200 B.1); years
    without a quarter drop out. Each ratio and the position have seven decimals: five of the regulation's percentage.
    """
    years = sorted(year for year in {*record.earnings, *record.posted_quarters} if year <= record.last_year)
    quarters = {year: count for year in years if (count := quarters_of(record, year, law))}
    ratios = {year: _ratio(record, year, count, law) for year, count in quarters.items()}
    if not quarters:
        return EarningsPosition(ratios, quarters, Fraction(0))
    value = half_up(4 * sum(ratios.values(), Fraction(0)) / sum(quarters.values()), 7)
    return EarningsPosition(ratios, quarters, value)


def theoretical_earnings(record: UsRecord, position: EarningsPosition, law: UsParameters) -> dict[int, Fraction]:
    """The position x the average wage of each base year, to the cent, at most the base (20 CFR 404.1918(a)(1)).

    Base years are those from age 22 to the year before age 62, and every other year with a quarter of coverage.
    """
    years = {*range(record.age_22_year, record.eligibility_year), *position.quarters}
    ceiling = _last_wages(record)
    return {
        year: min(half_up(position.value * law.wages(min(year, ceiling)), 2), law.base(year)) for year in sorted(years)
    }


def _ratio(record: UsRecord, year: int, quarters: int, law: UsParameters) -> Fraction:
    counted = min(record.earnings.get(year, Fraction(0)), law.base(year) * Fraction(quarters, 4))
    return half_up(counted / law.wages(min(year, _last_wages(record))), 7)


def _last_wages(record: UsRecord) -> int:
    """The last year whose average wage is known when the benefit is computed; a later year takes its wage.

    Two years before eligibility, or before entitlement where that is later; each recomputation for a year with
    earnings moves it to the year before that one.
    """
    entitled, last = record.entitled.year, min(record.benefit_month.year - 1, record.last_year)
    ceiling = max(record.eligibility_year, entitled) - 2
    recomputed = [year for year in range(entitled, last + 1) if record.earnings.get(year)]
    return max(recomputed) - 1 if recomputed else ceiling
