"""A worker reads her own and nothing else."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from portability.agreements.errors import InputError, NotFoundError
from portability.services.workers.handlers import get_my_career, get_my_case, get_my_decisions, list_my_cases, page_of
from portability.services.workers.views import CareerView, CaseView, DecisionView


class LeakingViews:
    """Gives everybody's data to anybody: the handlers must hold even then."""

    def __init__(self, views: Any) -> None:
        self._views = views

    async def cases_of(self, worker_id: UUID) -> Sequence[CaseView]:
        return tuple(self._views.cases)

    async def case_of(self, worker_id: UUID, case_id: UUID) -> CaseView | None:
        return next((case for case in self._views.cases if case.case_id == case_id), None)

    async def career_of(self, worker_id: UUID) -> CareerView:
        return next(iter(self._views.careers.values()))  # type: ignore[no-any-return]

    async def decisions_of(self, worker_id: UUID) -> Sequence[DecisionView]:
        return tuple(self._views.decisions)


async def test_she_lists_her_own_cases_the_newest_first(desk: Any, samples: Any) -> None:
    newer = samples.case(case_id=UUID(int=7), lodged_on=samples.NOW.date())
    desk.work.views.cases.append(newer)
    found = await desk.use_cases.list_my_cases(samples.WORKER)
    assert [case.case_id for case in found] == [newer.case_id, samples.CASE]


async def test_another_workers_case_is_not_found_and_reads_like_none(desk: Any, samples: Any) -> None:
    with pytest.raises(NotFoundError) as of_another:
        await desk.use_cases.get_my_case(samples.WORKER, samples.OTHER_CASE)
    with pytest.raises(NotFoundError) as of_nobody:
        await desk.use_cases.get_my_case(samples.WORKER, UUID(int=0))
    assert of_another.value.message.replace(str(samples.OTHER_CASE), "") == of_nobody.value.message.replace(
        str(UUID(int=0)), ""
    )


async def test_a_leaking_store_shows_her_nothing_of_others(desk: Any, samples: Any) -> None:
    leaking = LeakingViews(desk.work.views)
    assert [case.case_id for case in await list_my_cases(samples.WORKER, cases=leaking)] == [samples.CASE]
    with pytest.raises(NotFoundError):
        await get_my_case(samples.WORKER, samples.OTHER_CASE, cases=leaking)
    with pytest.raises(NotFoundError):
        await get_my_career(samples.OTHER, career=leaking)
    decisions = await get_my_decisions(samples.WORKER, case_id=None, cases=leaking, decisions=leaking)
    assert [decision.decision_id for decision in decisions] == ["d-1"]


async def test_decisions_of_another_workers_case_are_not_found(desk: Any, samples: Any) -> None:
    with pytest.raises(NotFoundError):
        await desk.use_cases.get_my_decisions(samples.WORKER, case_id=samples.OTHER_CASE)


async def test_decisions_of_one_case_leave_out_those_of_another(desk: Any, samples: Any) -> None:
    second = samples.case(case_id=UUID(int=7))
    desk.work.views.cases.append(second)
    desk.work.views.decisions.append(samples.decision(decision_id="d-2", case_id=second.case_id))
    of_second = await desk.use_cases.get_my_decisions(samples.WORKER, case_id=second.case_id)
    assert [decision.decision_id for decision in of_second] == ["d-2"]
    both = await desk.use_cases.get_my_decisions(samples.WORKER)
    assert {decision.decision_id for decision in both} == {"d-1", "d-2"}


async def test_the_career_is_in_the_order_of_the_first_day_there(desk: Any, samples: Any) -> None:
    career = await desk.use_cases.get_my_career(samples.WORKER)
    assert [country.state for country in career.countries] == ["DE", "IT", "CA", "TN"]
    # A period whose days are not known comes after those with days.
    assert [period.period.period_id for period in career.countries[0].periods] == ["d1", "d2"]


async def test_nothing_on_file_is_an_empty_career(desk: Any, samples: Any) -> None:
    assert (await desk.use_cases.get_my_career(samples.OTHER)).countries == ()


def test_pages_follow_each_other_without_gap_or_overlap(samples: Any) -> None:
    cases = [replace(samples.case(), case_id=UUID(int=number)) for number in range(1, 6)]
    seen: list[CaseView] = []
    token = ""
    for _ in range(3):
        page, token = page_of(cases, size=2, token=token)
        seen += page
    assert seen == cases
    assert token == ""


def test_a_page_token_from_elsewhere_is_refused(samples: Any) -> None:
    with pytest.raises(InputError) as refused:
        page_of([samples.case()], size=2, token=str(samples.OTHER_CASE))
    assert refused.value.field == "page_token"
