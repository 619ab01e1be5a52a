"""Where the bars of a career stand."""

from dataclasses import replace
from datetime import date
from typing import Any

from portability.adapters.workers.web.career_picture import WIDTH, career_picture


def test_bars_stand_to_scale_between_full_years(samples: Any) -> None:
    countries = [country for country in samples.career().countries if country.state in ("DE", "CA")]
    picture = career_picture(countries)
    assert picture
    assert (picture.first_year, picture.last_year) == (1985, 2024)
    (canada,), (germany,) = picture.bars
    # 1985-01-01 to 2025-01-01 are 14610 days; 1985-04-01 is day 90, 1995-02-01 day 3683.
    assert (germany.x, germany.width) == (round(90 * WIDTH / 14610), round(3683 * WIDTH / 14610) - 6)
    assert germany.checked
    assert not canada.checked
    assert germany.last == date(1995, 1, 31)
    assert len(picture.decades) == 4


def test_a_single_day_can_still_be_seen(samples: Any) -> None:
    one = samples.CareerPeriod(
        samples.period("x", "DE", date(2000, 1, 1), date(2000, 1, 2), None), samples.EvidenceLevel.DECLARED
    )
    long = samples.CareerPeriod(
        samples.period("y", "DE", date(1960, 1, 1), date(2020, 1, 1), None), samples.EvidenceLevel.DECLARED
    )
    country = replace(samples.career().countries[0], periods=(long, one))
    picture = career_picture([country])
    assert picture
    assert picture.bars[0][1].width == 4


def test_a_career_without_days_has_no_picture(samples: Any) -> None:
    assert career_picture([]) is None
    assert career_picture([samples.CareerInCountry("TN", samples.AnswerStatus.NOT_ASKED)]) is None
