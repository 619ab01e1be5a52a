"""Days until which: Regulation 1182/71, and the ladder of what follows."""

from datetime import UTC, date, datetime

import pytest

from portability.services.flows.clock import due_on, ends_at
from portability.services.flows.definition import After


def without_holidays(state: str, day: date) -> bool:
    return False


def test_the_day_of_the_event_does_not_count() -> None:
    # Monday 2 March and ten days: Thursday the 12th (Art. 3(1), (2)(b)).
    assert due_on(After(days=10), since=date(2026, 3, 2), state="DE", holidays=without_holidays) == date(2026, 3, 12)


def test_a_month_ends_on_the_same_date() -> None:
    # Art. 3(2)(c); 5 May 2026 is a Tuesday.
    assert due_on(After(months=2), since=date(2026, 3, 5), state="DE", holidays=without_holidays) == date(2026, 5, 5)


def test_a_month_without_that_date_ends_on_its_last_day() -> None:
    # 31 December 2026 and two months: 28 February 2027, a Sunday, so Monday 1 March (Art. 3(2)(c), 3(4)).
    found = due_on(After(months=2), since=date(2026, 12, 31), state="DE", holidays=without_holidays)
    assert found == date(2027, 3, 1)


def test_a_last_day_that_is_a_saturday_moves_to_monday() -> None:
    # 7 March 2026 is a Saturday (Art. 3(4)).
    assert due_on(After(days=5), since=date(2026, 3, 2), state="DE", holidays=without_holidays) == date(2026, 3, 9)


def test_a_public_holiday_is_one_where_the_answer_is_due() -> None:
    # 3 October 2026 is a Saturday and German Unity Day; take 2025, when it was a Friday. Art. 2(1): "in which action
    # is to be taken", so it moves the day in Germany and not in Italy.
    def holidays(state: str, day: date) -> bool:
        return state == "DE" and (day.month, day.day) == (10, 3)

    after = After(days=30)
    assert due_on(after, since=date(2025, 9, 3), state="DE", holidays=holidays) == date(2025, 10, 6)
    assert due_on(after, since=date(2025, 9, 3), state="IT", holidays=holidays) == date(2025, 10, 3)


def test_working_days_leave_out_weekends_and_holidays() -> None:
    def holidays(state: str, day: date) -> bool:
        return day == date(2026, 4, 6)  # Easter Monday

    # From Thursday 2 April: Friday 3, Tuesday 7, Wednesday 8.
    found = due_on(After(working_days=3), since=date(2026, 4, 2), state="DE", holidays=holidays)
    assert found == date(2026, 4, 8)


@pytest.mark.parametrize("hours_from_utc", [-12, 0, 14])
def test_a_day_is_over_when_it_is_over_everywhere(hours_from_utc: int) -> None:
    day = date(2026, 5, 5)
    last_second_there = datetime(2026, 5, 5, 23, 59, 59, tzinfo=UTC).timestamp() - hours_from_utc * 3600
    assert last_second_there < ends_at(day).timestamp()
