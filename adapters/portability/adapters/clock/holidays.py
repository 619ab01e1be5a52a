"""Public holidays of states, from the library that keeps them for all countries."""

from datetime import date
from functools import lru_cache

import holidays

from portability.agreements.values import StateCode

__all__ = ["is_public_holiday"]


def is_public_holiday(state: StateCode, day: date) -> bool:
    """Whether a day is a public holiday in the whole of a state; of a state that the library does not have, none is.

    Not modelled: holidays of regions, and those that a state's list for Regulation 1182/71 Art. 2(1) adds.
    """
    calendar = _calendar(state, day.year)
    return calendar is not None and day in calendar


@lru_cache(maxsize=1024)
def _calendar(state: StateCode, year: int) -> frozenset[date] | None:
    try:
        return frozenset(holidays.country_holidays(state, years=year))
    except NotImplementedError:
        return None
