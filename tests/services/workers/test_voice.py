"""How a closed case went: asked once, of her alone, and counted so that no number tells of one answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from portability.adapters.clock.fake import ManualClock, counting_ids
from portability.adapters.memory.voices import MemoryVoiceWork
from portability.agreements.errors import CaseStateError, IdempotencyConflictError, InputError, NotFoundError
from portability.app.commands.indicators import mean
from portability.services.access import Caller, Role
from portability.services.workers.voice.handlers import SayHowItWent, VoiceDesk, VoiceUseCases
from portability.services.workers.voice.model import MINIMUM, Group, MyCase, Score

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
EU_PENSIONS = Group(("eu-883-2004",), "old_age_claim")
EU_CANADA_PENSIONS = Group(("ca-it", "eu-883-2004"), "old_age_claim")
ANNA = Caller("it-inps", Role.CASEWORKER, "anna")
VERA = Caller("it-inps", Role.CLEARED_CASEWORKER, "vera")


@dataclass
class Hers:
    mine: list[MyCase]

    async def cases(self) -> list[MyCase]:
        return self.mine


@dataclass
class VoiceWorld:
    """Worker n has case 100 + n; it is closed, of pensions under 883/2004, unless a test says something else."""

    minimum: int = MINIMUM
    work: MemoryVoiceWork = field(default_factory=MemoryVoiceWork)
    groups: dict[int, Group] = field(default_factory=dict)
    is_open: set[int] = field(default_factory=set)
    new_id: Any = field(default_factory=counting_ids)

    def __post_init__(self) -> None:
        clock = ManualClock(NOW)
        work = self.work.unit_of_work
        self.use_cases = VoiceUseCases(of_worker=self.of_worker, work=work, clock=clock, minimum=self.minimum)
        self.desk = VoiceDesk(work=work, clock=clock, new_id=self.new_id, minimum=self.minimum)

    @asynccontextmanager
    async def of_worker(self, worker_id: UUID) -> AsyncIterator[tuple[Hers, MemoryVoiceWork]]:
        number = worker_id.int
        group = self.groups.get(number, EU_PENSIONS)
        closed = number not in self.is_open
        yield Hers([MyCase(UUID(int=100 + number), "branch.old_age", group, closed)]), self.work

    def says(self, number: int, score: Score = Score.GOOD, **changes: Any) -> SayHowItWent:
        return replace(SayHowItWent(self.new_id(), UUID(int=number), UUID(int=100 + number), score), **changes)


@pytest.fixture
def world() -> VoiceWorld:
    return VoiceWorld()


async def published(world: VoiceWorld, agreement_id: str = "") -> dict[Group, tuple[int, ...]]:
    return {one.group: one.answers for one in await world.desk.figures(agreement_id=agreement_id)}


async def test_nothing_is_published_until_ten_have_answered_then_all_ten(world: VoiceWorld) -> None:
    for number in range(9):
        await world.use_cases.say(world.says(number, Score.VERY_GOOD if number < 6 else Score.BAD))
        assert await published(world) == {}
    await world.use_cases.say(world.says(9, Score.VERY_BAD))
    # 6 very good, 3 bad, 1 very bad
    assert await published(world) == {EU_PENSIONS: (1, 3, 0, 0, 6)}


async def test_two_readings_differ_by_ten_answers_or_by_none(world: VoiceWorld) -> None:
    sizes = []
    for number in range(35):
        await world.use_cases.say(world.says(number))
        sizes.append(sum(sum(answers) for answers in (await published(world)).values()))
    # 9 times nothing, then 10 for ten answers, 20 for ten, and 30 for the last six.
    assert sizes == [0] * 9 + [10] * 10 + [20] * 10 + [30] * 6


async def test_a_case_under_two_agreements_is_in_one_group_of_its_own(world: VoiceWorld) -> None:
    world.groups = dict.fromkeys(range(10, 20), EU_CANADA_PENSIONS)
    for number in range(20):
        await world.use_cases.say(world.says(number))
    assert await published(world) == {EU_PENSIONS: (0, 0, 0, 10, 0), EU_CANADA_PENSIONS: (0, 0, 0, 10, 0)}
    assert await published(world, "ca-it") == {EU_CANADA_PENSIONS: (0, 0, 0, 10, 0)}
    assert await published(world, "de-us") == {}


async def test_a_score_that_is_counted_stands_with_no_case_any_more(world: VoiceWorld) -> None:
    for number in range(10):
        await world.use_cases.say(world.says(number, words="Thank you." if number else "", may_read=True))
    said = await world.work.book.of_cases([UUID(int=100 + number) for number in range(10)])
    assert {one.score for one in said} == {None}
    assert [one.words for one in said] == ["", *["Thank you."] * 9]


async def test_she_says_it_once_and_repeating_the_request_changes_nothing() -> None:
    world = VoiceWorld(minimum=5)
    command = world.says(1)
    for _ in range(5):
        await world.use_cases.say(command)
    assert await published(world) == {}
    with pytest.raises(IdempotencyConflictError):
        await world.use_cases.say(replace(command, score=Score.BAD))
    with pytest.raises(CaseStateError, match="asked once"):
        await world.use_cases.say(world.says(1, Score.BAD))


async def test_nobody_answers_for_another_or_before_the_case_is_closed(world: VoiceWorld) -> None:
    with pytest.raises(NotFoundError):
        await world.use_cases.say(world.says(1, case_id=UUID(int=102)))
    world.is_open = {1}
    with pytest.raises(CaseStateError, match="not closed"):
        await world.use_cases.say(world.says(1))
    assert await world.use_cases.questions(UUID(int=1)) == ()
    world.is_open = set()
    ((case, answered),) = await world.use_cases.questions(UUID(int=1))
    assert (case.case_id, answered) == (UUID(int=101), False)
    await world.use_cases.say(world.says(1))
    ((_, answered),) = await world.use_cases.questions(UUID(int=1))
    assert answered


@pytest.mark.parametrize(
    ("changes", "field_name"),
    [
        ({"words": "Slow."}, "may_read"),
        ({"words": "ж" * 1001, "may_read": True}, "words"),
        ({"words": "\x00\x07", "may_read": True}, "words"),
    ],
)
async def test_words_that_nobody_may_read_or_that_are_none_are_not_kept(
    world: VoiceWorld, changes: dict[str, Any], field_name: str
) -> None:
    with pytest.raises(InputError) as refused:
        await world.use_cases.say(world.says(1, **changes))
    assert refused.value.field == field_name
    assert await world.work.book.of_cases([UUID(int=101)]) == []


async def test_caseworkers_read_words_each_look_is_kept_and_protected_persons_stay_hidden(world: VoiceWorld) -> None:
    for number, words in enumerate(("", "<b>Slow</b>\u0000\r\nbut kind", "Nobody told me anything.")):
        await world.use_cases.say(world.says(number, words=words, may_read=True))
    await world.work.protected.protect([UUID(int=102)])
    voices, token = await world.desk.page(size=10, after=None, caller=ANNA)
    # Kept as text, for whoever shows it to escape.
    assert [(one.case_id.int, one.words) for one in voices] == [(101, "<b>Slow</b>\nbut kind")]
    assert token is None
    assert [one.by for one in await world.work.looks.of([UUID(int=101)])] == ["anna"]
    assert [one.case_id.int for one in (await world.desk.page(size=10, after=None, caller=VERA))[0]] == [101, 102]
    first, token = await world.desk.page(size=1, after=None, caller=VERA)
    assert ([one.case_id.int for one in first], token) == ([101], UUID(int=101))
    last, token = await world.desk.page(size=1, after=token, caller=VERA)
    assert ([one.case_id.int for one in last], token) == ([102], None)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        # (1 x 1 + 3 x 2 + 6 x 5) / 10 = 3.7
        ((1, 3, 0, 0, 6), "3.7"),
        # 35 / 8 = 4.375
        ((0, 0, 1, 3, 4), "4.4"),
        ((0, 0, 0, 0, 10), "5.0"),
    ],
)
def test_a_mean_is_told_to_a_tenth(answers: tuple[int, ...], told: str) -> None:
    assert mean(answers) == told
