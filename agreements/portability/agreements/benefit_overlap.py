"""Benefits of several states beside each other: how much of one a national rule may set against another.

Whether and how far a benefit is reduced is national law (883/2004 Art. 52(2)); here stand the limits to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from portability.agreements.errors import InputError
from portability.agreements.rules import BenefitOverlap, MutualReductions
from portability.agreements.values import Citation, Money

__all__ = ["AffectedBenefit", "Counted", "ForeignBenefit", "counted_against", "largest_reduction", "mutual_reductions"]


@dataclass(frozen=True, slots=True)
class AffectedBenefit:
    """A benefit to which a national rule against overlapping applies.

    `ratio` is that of 883/2004 Art. 52(1)(b)(ii), for a pro rata benefit or where national law counts by it already.
    The rule lists the schemes whose independent benefits may be reduced for one of the same kind.
    """

    id: str
    nature: Literal["independent", "pro_rata"]
    ratio: Fraction | None = None
    counts_by_ratio: bool = False
    scheme: str = ""


@dataclass(frozen=True, slots=True)
class ForeignBenefit:
    """A benefit or income of another state that the national rule looks at; amounts a month, before deductions."""

    gross: Money
    voluntary: Money | None = None  # the part that rests on voluntary or optional continued insurance
    net: Money | None = None  # after tax and contributions, where national law reckons so
    national_law_counts_foreign: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """How much of the foreign benefit may be taken into account against one benefit, and by which provision."""

    id: str
    amount: Money
    citation: Citation


def counted_against(
    foreign: ForeignBenefit, benefits: Sequence[AffectedBenefit], *, rule: BenefitOverlap
) -> tuple[Counted, ...]:
    """The amount to take into account for each benefit (883/2004 Art. 53(3), 54 and 55).

    Raises InputError for a pro rata benefit whose ratio is not stated.
    """
    if not foreign.national_law_counts_foreign:
        return tuple(_counted(one, _zero(foreign), rule.only_if_foreign_counts_cite) for one in benefits)
    base = foreign.net if foreign.net is not None else foreign.gross
    if foreign.voluntary is not None:
        base = base - foreign.voluntary
    if rule.benefits == "same_kind":
        return tuple(_same_kind(one, base, foreign, rule) for one in benefits)
    number = sum(1 for one in benefits if one.nature == "independent")
    return tuple(_different_kind(one, base, number, len(benefits), rule) for one in benefits)


def largest_reduction(wanted: Money, foreign: ForeignBenefit, *, states_that_reduce: int) -> Money:
    """One state alone reduces by no more than the foreign amounts (883/2004 Art. 53(3)(d))."""
    if states_that_reduce != 1 or wanted <= foreign.gross:
        return wanted
    return foreign.gross


def mutual_reductions(reductions: Mapping[str, Money], *, rule: MutualReductions) -> dict[str, Money]:
    """Each reduction divided by the number of benefits that are reduced (987/2009 Art. 10, or as `rule` cites)."""
    number = sum(1 for amount in reductions.values() if amount.amount > 0)
    if number < 2:
        raise InputError(f"{rule.cite} is about benefits that reduce each other: state two or more reductions.")
    return {name: amount * Fraction(1, number) for name, amount in reductions.items()}


def _same_kind(one: AffectedBenefit, base: Money, foreign: ForeignBenefit, rule: BenefitOverlap) -> Counted:
    """Never against a pro rata benefit; against an independent one only where an annex lists it (Art. 54)."""
    if one.nature == "pro_rata":
        return _counted(one, _zero(foreign), rule.pro_rata_cite)
    if one.scheme not in rule.listed:
        return _counted(one, _zero(foreign), rule.independent_cite)
    return _counted(one, base, rule.listed_cite or rule.independent_cite)


def _different_kind(one: AffectedBenefit, base: Money, number: int, all_: int, rule: BenefitOverlap) -> Counted:
    """Divided by the number of independent benefits, or by the ratio of a pro rata benefit (Art. 55(1) and (2))."""
    both = rule.both_cite if number < all_ and number else None
    if one.nature == "pro_rata":
        return _counted(one, base * _ratio(one), both or rule.pro_rata_cite)
    if one.counts_by_ratio and rule.already_by_ratio_cite is not None:
        return _counted(one, base * _ratio(one), rule.already_by_ratio_cite)
    return _counted(one, base * Fraction(1, number), both or rule.independent_cite)


def _ratio(one: AffectedBenefit) -> Fraction:
    if one.ratio is None:
        raise InputError(f"What is the ratio of periods of the benefit '{one.id}'?", field="benefits.ratio")
    return one.ratio


def _counted(one: AffectedBenefit, amount: Money, cite: str) -> Counted:
    return Counted(one.id, amount, Citation.of(cite))


def _zero(foreign: ForeignBenefit) -> Money:
    return Money(Fraction(0), foreign.gross.currency)
