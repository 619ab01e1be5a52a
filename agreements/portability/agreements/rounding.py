"""Rounding where a cited rule rounds, and nowhere else."""

from fractions import Fraction
from math import floor

__all__ = ["half_up"]


def half_up(value: Fraction, decimals: int) -> Fraction:
    """To so many decimals, the last raised where the next would be 5 to 9 (SGB VI § 121(2)); value >= 0."""
    scale = 10**decimals
    return Fraction(floor(value * scale + Fraction(1, 2)), scale)
