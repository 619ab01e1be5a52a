"""Rounding where a cited rule rounds, and nowhere else."""

from fractions import Fraction

__all__ = ["half_up"]


def half_up(value: Fraction, decimals: int) -> Fraction:
    """To so many decimals, the last raised where the next would be 5 to 9 (SGB VI § 121(2)); value >= 0."""
    scale, numerator, denominator = 10**decimals, value.numerator, value.denominator
    # floor(value x scale + 1/2) in whole numbers: a determination rounds often, and fractions reduce at each step.
    return Fraction((2 * numerator * scale + denominator) // (2 * denominator), scale)
