"""What holds for coinciding periods of any number of states, under the rules of every agreement."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portability.agreements.overlap import resolve_overlaps
from portability.agreements.packaged import agreements
from portability.agreements.periods import InsurancePeriod, PeriodKind
from portability.agreements.rules import Overlap
from portability.agreements.spans import Span, days_of, union

FIRST = date(2000, 1, 1)
STATES = ("DE", "FR", "IT")
RULES = list(
    {
        tuple(value is None for value in rule.model_dump(exclude={"id", "cite"}).values()): rule
        for one in agreements().values()
        for rule in one.content.rules
        if isinstance(rule, Overlap)
    }.values()
)
"""One rule of each shape that the files have."""


@st.composite
def careers(draw: st.DrawFn, kinds: tuple[PeriodKind, ...] = tuple(PeriodKind)) -> list[InsurancePeriod]:
    """Up to eight short periods within two months, so that they coincide in every way."""
    career = []
    for number in range(draw(st.integers(1, 8))):
        start = FIRST + timedelta(days=draw(st.integers(0, 60)))
        end = start + timedelta(days=draw(st.integers(1, 40)))
        state, kind = draw(st.sampled_from(STATES)), draw(st.sampled_from(kinds))
        career.append(InsurancePeriod(f"p{number}", state, kind, f"{state}-scheme", start, end))
    return career


def spans_of(entries: list[Any], period: InsurancePeriod) -> list[Span]:
    return [span for entry in entries if entry.period == period for span in entry.spans]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
@given(career=careers(), state=st.sampled_from((*STATES, "AT")))
def test_each_day_of_a_period_counts_or_is_set_aside_once(
    rule: Overlap, career: list[InsurancePeriod], state: str
) -> None:
    counted, aside = resolve_overlaps(career, rule=rule, applying_state=state)

    for period in career:
        assert period.start
        assert period.end
        spans = [*spans_of(counted, period), *spans_of(aside, period)]
        assert sum((end - start).days for start, end in spans) == (period.end - period.start).days
        assert union(spans) == [(period.start, period.end)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
@given(career=careers(), state=st.sampled_from((*STATES, "AT")))
def test_no_day_counts_in_two_states_and_none_is_lost(rule: Overlap, career: list[InsurancePeriod], state: str) -> None:
    counted, _ = resolve_overlaps(career, rule=rule, applying_state=state)

    by_state = [union(span for one in counted if one.period.state == each for span in one.spans) for each in STATES]
    everything = union((one.start, one.end) for one in career if one.start and one.end)
    assert sum(days_of(spans) for spans in by_state) == days_of(everything)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
@given(career=careers(), state=st.sampled_from(STATES), day=st.integers(0, 99))
def test_a_day_is_judged_by_the_periods_of_that_day_alone(
    rule: Overlap, career: list[InsurancePeriod], state: str, day: int
) -> None:
    """But for Art. 12(5) of Regulation 987/2009, which looks before and after."""
    alone = rule.model_copy(update={"equivalent_in_one_state": None})
    start, end = FIRST + timedelta(days=day), FIRST + timedelta(days=day + 1)
    running = [one for one in career if one.start and one.end and one.start <= start and end <= one.end]
    that_day = [replace(one, start=start, end=end) for one in running]

    counted, _ = resolve_overlaps(career, rule=alone, applying_state=state)
    judged, _ = resolve_overlaps(that_day, rule=alone, applying_state=state)
    on_the_day = {one.period.period_id for one in counted for first, until in one.spans if first <= start < until}
    assert on_the_day == {one.period.period_id for one in judged}


@given(career=careers(), state=st.sampled_from(STATES))
def test_own_compulsory_time_never_gives_way(career: list[InsurancePeriod], state: str) -> None:
    """987/2009 Art. 12(2): others' periods are added provided that they do not overlap."""
    for rule in RULES:
        _, aside = resolve_overlaps(career, rule=rule, applying_state=state)
        assert [e for e in aside if e.period.state == state and e.period.kind == PeriodKind.COMPULSORY] == []


@given(career=careers(), state=st.sampled_from((*STATES, "AT")), chance=st.randoms(use_true_random=False))
def test_the_order_of_arrival_and_a_second_copy_change_nothing(
    career: list[InsurancePeriod], state: str, chance: Any
) -> None:
    again = [*career, *career[:3]]
    chance.shuffle(again)

    for rule in RULES:
        assert resolve_overlaps(again, rule=rule, applying_state=state) == resolve_overlaps(
            career, rule=rule, applying_state=state
        )
