"""Amounts under an agreement: theoretical, pro rata, the higher of two, caps and short periods. Pure arithmetic."""

from fractions import Fraction

from portability.agreements.values import Money, StateCode

__all__ = ["capped_total", "flat_rate_part", "higher_of", "minimum_period_share", "pro_rata_benefit", "relieved_states"]


def pro_rata_benefit(theoretical_amount: Money, *, own: Fraction, total: Fraction) -> Money:
    """Theoretical amount x own periods / all periods (883/2004 Art. 52(1)(b)(ii)); ValueError for own > total."""
    if not 0 <= own <= total or total == 0:
        raise ValueError(f"own periods {own} do not fit all periods {total}")
    return theoretical_amount * (own / total)


def higher_of(independent: Money | None, pro_rata: Money | None) -> Money | None:
    """The higher of the amounts that are due (883/2004 Art. 52(3)); None where neither is."""
    due = [amount for amount in (independent, pro_rata) if amount is not None]
    return max(due, key=lambda amount: amount.amount) if due else None


def capped_total(total: Fraction, *, own: Fraction, maximum: Fraction | None) -> Fraction:
    """All periods, or the maximum for a full benefit where they are longer (883/2004 Art. 56(1)(a)).

    Never less than own periods: the institution owes no more than its full benefit.
    """
    return total if maximum is None else max(min(total, maximum), min(own, total))


def relieved_states(
    time_by_state: tuple[tuple[StateCode, Fraction], ...], *, less_than: Fraction
) -> tuple[StateCode, ...]:
    """States whose periods are too short to oblige their institution (883/2004 Art. 57(1), first condition)."""
    return tuple(state for state, time in time_by_state if 0 < time < less_than)


def minimum_period_share(theoretical_amount: Money, *, own: Fraction, minimum: Fraction) -> Money:
    """Theoretical amount on the minimum period x own periods / minimum, at most all (Canada-Philippines Art. XIII)."""
    return theoretical_amount * min(Fraction(own, minimum), Fraction(1))


def flat_rate_part(full: Money, *, own: Fraction, minimum: Fraction) -> Money:
    """Flat-rate amount x own periods / minimum qualifying period, at most all of it (Canada-Italy Art. 18(b))."""
    return full * min(Fraction(own, minimum), Fraction(1))
