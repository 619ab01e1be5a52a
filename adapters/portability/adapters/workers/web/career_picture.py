"""The working life as bars on one time line: where each bar begins and how wide it is. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from portability.agreements.careers import EvidenceLevel
from portability.services.workers.views import CareerInCountry

__all__ = ["WIDTH", "Bar", "CareerPicture", "career_picture"]

WIDTH = 1000  # units of the drawing, stretched to the width of the page


@dataclass(frozen=True, slots=True)
class Bar:
    """One period. `x` and `width` are in units of the drawing; `last` is the last day, inclusive."""

    x: int
    width: int
    checked: bool
    first: date
    last: date

    @property
    def first_and_last(self) -> tuple[date, date]:
        return self.first, self.last


@dataclass(frozen=True, slots=True)
class CareerPicture:
    """All bars by position of the country, the years at both ends, and where decades begin."""

    bars: tuple[tuple[Bar, ...], ...]
    first_year: int
    last_year: int
    decades: tuple[int, ...]


def career_picture(countries: Sequence[CareerInCountry]) -> CareerPicture | None:
    """The picture, or None where no day is known of any period."""
    dated = [(first, until) for country in countries for first, until, _ in _spans(country)]
    if not dated:
        return None
    begin = date(min(start for start, _ in dated).year, 1, 1)
    last_day = max(end for _, end in dated).toordinal() - 1
    end = date(min(date.fromordinal(last_day).year + 1, date.max.year), 1, 1)
    span = max((end - begin).days, 1)

    def place(day: date) -> int:
        return max(0, min(WIDTH, round((day - begin).days * WIDTH / span)))

    def bar(first: date, until: date, *, checked: bool) -> Bar:
        # A bar of a single day still has to be seen.
        width = max(place(until) - place(first), 4)
        return Bar(place(first), width, checked, first, date.fromordinal(until.toordinal() - 1))

    decades = range(begin.year - begin.year % 10 + 10, end.year, 10)
    return CareerPicture(
        bars=tuple(
            tuple(bar(first, until, checked=checked) for first, until, checked in _spans(country))
            for country in countries
        ),
        first_year=begin.year,
        last_year=end.year - 1,
        decades=tuple(place(date(year, 1, 1)) for year in decades),
    )


def _spans(country: CareerInCountry) -> Iterator[tuple[date, date, bool]]:
    """Start, end and whether it is checked; what she told herself only where no record has days."""
    dated = [one for one in country.periods if one.period.start and one.period.end]
    for one in dated:
        if one.period.start and one.period.end:
            yield one.period.start, one.period.end, one.level is not EvidenceLevel.DECLARED
    if not dated:
        yield from ((time.start, time.end, False) for time in country.declared)
