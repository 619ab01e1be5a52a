"""Months and days on the calendar, where a rule counts them from a day."""

from datetime import date, timedelta

__all__ = ["last_day_of", "months_after"]


def months_after(day: date, months: int) -> date:
    """The same day of the month so many months later; the last day of a month that has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    end = _first_of_next(date(year, month + 1, 1)) - timedelta(days=1)
    return end if day.day > end.day else date(year, month + 1, day.day)


def last_day_of(first_day: date, months: int) -> date:
    """The last day of a period of so many months that begins on a day."""
    return months_after(first_day, months) - timedelta(days=1)


def _first_of_next(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)
