"""Notices: once an event, outside of quiet hours, together where there are many, and nothing personal in them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import generate_latest

from portability.adapters.memory.notices import MemoryChoices, MemoryNotices
from portability.agreements.errors import GatewayError
from portability.app.metrics import NodeMetrics
from portability.app.wiring.happenings import (
    happenings_of,
    happenings_of_declaration,
    happenings_of_dispute,
    happenings_of_matter,
)
from portability.app.wiring.notices import NoticeGauges
from portability.app.wiring.preferences import AddressNotices
from portability.services.case_mark import case_mark
from portability.services.flows.model import case_reference
from portability.services.notices.handlers import IN_HAND, Notices
from portability.services.notices.model import (
    FRESH,
    SECURITY,
    Channel,
    Choice,
    Happening,
    Kind,
    Notice,
    Taken,
    Untold,
    event_of,
    may_go_at,
)
from portability.services.text_budget import SMS, SMS_PART, Coding, coding_of, for_phones, sms_parts, units
from portability.services.workers.declarations.model import Answer as ToldAnswer
from portability.services.workers.declarations.model import Declaration
from portability.services.workers.disputes.model import Answer, Dispute, Matter, Subject, local_progress
from portability.services.workers.remembered import RememberedDay
from portability.services.workers.views import Due
from portability.services.workers.words import languages, words_for
from tests.services.workers import samples

NOON = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)  # twelve in Rome
ROME = ZoneInfo("Europe/Rome")
ROSA = UUID("01890000-0000-7000-8000-000000000001")


@dataclass
class World:
    """One worker's happenings, a book, and a gateway that can be away."""

    clock: samples.StoppedClock = field(default_factory=lambda: samples.StoppedClock(NOON))
    book: MemoryNotices = field(default_factory=MemoryNotices)
    choices: MemoryChoices = field(default_factory=MemoryChoices)
    told: list[tuple[UUID, Kind, bool]] = field(default_factory=list)
    cases: list[UUID | None] = field(default_factory=list)
    happened: list[Happening] = field(default_factory=list)
    trouble: GatewayError | None = None
    away: set[UUID] = field(default_factory=set)
    tried: int = 0
    drawn: int = 0
    written: set[UUID] = field(default_factory=set)
    looked_through: list[UUID] = field(default_factory=list)

    @property
    def happenings(self) -> "World":
        return self

    async def workers_after(self, worker_id: UUID | None, *, limit: int) -> Sequence[UUID]:
        return [ROSA] if worker_id is None else []

    async def touched(self) -> Sequence[UUID]:
        touched, self.written = sorted(self.written), set()
        return touched

    async def of(self, worker_id: UUID) -> Sequence[Happening]:
        self.looked_through.append(worker_id)
        return self.happened if worker_id == ROSA else []

    async def send(self, worker_id: UUID, kind: Kind, *, several: bool, case_id: UUID | None) -> Channel | None:
        self.cases.append(case_id)
        self.tried += 1
        if worker_id in self.away:
            raise GatewayError("later", retryable=True)
        if self.trouble:
            raise self.trouble
        self.told.append((worker_id, kind, several))
        return Channel.PHONE

    @property
    def texts(self) -> MemoryNotices:
        return self.book

    @asynccontextmanager
    async def work(self) -> AsyncIterator["World"]:
        yield self

    def new_id(self) -> UUID:
        self.drawn += 1
        return UUID(int=self.drawn)

    @property
    def notices(self) -> Notices:
        return Notices(unit_of_work=self.work, sender=self, clock=self.clock, new_id=self.new_id, zone=ROME)

    async def round(self) -> int:
        await self.notices.note_all()
        return await self.notices.send_due()

    def happens(self, kind: Kind, key: str) -> None:
        self.happened.append(Happening(kind, key, self.clock.now()))


async def test_an_event_is_told_once_however_often_it_is_found() -> None:
    world = World()
    world.happens(Kind.DONE, "case:1")
    assert [await world.round() for _ in range(3)] == [1, 0, 0]
    assert world.told == [(ROSA, Kind.DONE, False)]


async def test_only_those_are_looked_through_in_whose_cases_something_was_written() -> None:
    world = World()
    world.happens(Kind.DONE, "case:1")
    assert await world.notices.note_new() == 0
    assert world.looked_through == []
    world.written = {UUID(int=number) for number in range(120)} | {ROSA}
    assert await world.notices.note_new() == 1
    assert len(world.looked_through) == 121
    assert await world.notices.note_new() == 0
    assert await world.notices.note_all() == 0  # found again, and known


FIRST, SECOND = UUID(int=10), UUID(int=11)


@pytest.mark.parametrize(
    ("cases", "said"),
    [([FIRST], FIRST), ([FIRST, FIRST], FIRST), ([FIRST, SECOND], None), ([FIRST, None], None), ([None], None)],
)
async def test_a_text_is_about_the_case_that_all_in_it_are_about_and_else_about_none(
    cases: list[UUID | None], said: UUID | None
) -> None:
    world = World()
    world.happened = [Happening(Kind.DONE, str(number), NOON, case_id) for number, case_id in enumerate(cases)]
    assert await world.round() == 1
    assert world.cases == [said]


async def test_several_events_are_one_text() -> None:
    world = World()
    for kind in set(Kind) - SECURITY:
        world.happens(kind, "case:1")
    assert await world.round() == 1
    assert world.told == [(ROSA, Kind.DUE, True)]


async def test_what_concerns_her_safety_takes_no_other_news_with_it() -> None:
    """Each goes to an address of its own and has words of its own: what was taken with it would be told nobody."""
    world = World()
    for kind in Kind:
        world.happens(kind, "case:1")
    assert await world.round() == 3
    assert world.told == [(ROSA, Kind.CONTACT, False), (ROSA, Kind.MOVED, False), (ROSA, Kind.DUE, True)]
    assert await world.round() == 0


async def test_what_concerns_her_safety_is_told_and_the_news_beside_it_that_she_does_not_want_is_not() -> None:
    world = World()
    await world.choices.keep(ROSA, Choice(wanted=False))
    for kind in (Kind.DECIDED, Kind.MOVED):
        world.happens(kind, "case:1")
    await world.round()
    assert world.told == [(ROSA, Kind.MOVED, False)]


async def test_where_a_process_dies_with_what_concerns_her_safety_the_other_news_still_goes() -> None:
    world = World()
    for kind in (Kind.DECIDED, Kind.CONTACT):
        world.happens(kind, "case:1")
    await world.notices.note_all()
    text_id = UUID(int=90)
    assert await world.book.take(text_id, at=NOON) == Taken(text_id, ROSA, frozenset({Kind.CONTACT}))
    assert await world.round() == 1
    assert world.told == [(ROSA, Kind.DECIDED, False)]


async def test_a_flood_of_events_is_four_texts_a_day() -> None:
    world = World()
    for number in range(40):
        world.happens(Kind.LOOKED, f"case:{number}")
        await world.round()
    assert len(world.told) == 4
    world.clock.forward(timedelta(days=1))
    await world.round()
    assert len(world.told) == 5


async def test_nothing_goes_out_by_night_in_her_time_zone() -> None:
    world = World()
    world.clock.time = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)  # eight in the evening in Rome
    world.happens(Kind.LATE, "case:1")
    assert await world.round() == 0
    world.clock.time = datetime(2026, 11, 22, 6, 59, 59, tzinfo=UTC)
    assert await world.round() == 0
    world.clock.time = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
    assert await world.round() == 1


async def test_what_concerns_her_safety_goes_out_by_night_and_beside_the_four_of_the_day() -> None:
    world = World()
    for number in range(9):
        world.happens(Kind.LOOKED, f"case:{number}")
        await world.round()
    world.clock.time = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)  # midnight in Rome
    news = AddressNotices(world.book)
    await news.contact_changed(ROSA, at=world.clock.time)
    world.happens(Kind.MOVED, "address")
    await world.round()
    assert world.told[4:] == [(ROSA, Kind.CONTACT, False), (ROSA, Kind.MOVED, False)]
    # They have used up nothing: the next morning's news is not put off by them.
    world.clock.forward(timedelta(days=1, hours=9))
    assert await world.round() == 1


async def test_what_was_due_before_the_night_and_missed_waits_for_the_morning() -> None:
    world = World()
    world.trouble = GatewayError("away", retryable=True)
    world.clock.time = datetime(2026, 11, 21, 18, 55, tzinfo=UTC)
    world.happens(Kind.DONE, "case:1")
    assert await world.round() == 0
    world.trouble = None
    world.clock.time = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
    assert await world.round() == 0
    world.clock.time = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
    assert await world.round() == 1


async def test_that_news_goes_elsewhere_is_told_whatever_was_chosen_since() -> None:
    world = World()
    await world.choices.keep(ROSA, Choice(wanted=False))
    await AddressNotices(world.book).moved(ROSA, at=NOON)
    assert await world.notices.send_due() == 1
    assert world.told == [(ROSA, Kind.MOVED, False)]


async def test_that_she_signs_in_by_another_contact_is_told_before_all_else_whatever_she_chose() -> None:
    world = World()
    await world.choices.keep(ROSA, Choice(wanted=False))
    news = AddressNotices(world.book)
    await news.moved(ROSA, at=NOON)
    await news.contact_changed(ROSA, at=NOON)
    assert await world.notices.send_due() == 2
    assert world.told == [(ROSA, Kind.CONTACT, False), (ROSA, Kind.MOVED, False)]


async def test_who_wants_none_gets_none() -> None:
    world = World()
    await world.choices.keep(ROSA, Choice(wanted=False))
    world.happens(Kind.DONE, "case:1")
    assert await world.round() == 0
    assert world.told == []


@pytest.mark.parametrize(("retryable", "told"), [(True, 1), (False, 0)])
async def test_only_what_certainly_did_not_go_is_sent_again(*, retryable: bool, told: int) -> None:
    world = World()
    world.trouble = GatewayError("trouble", retryable=retryable)
    world.happens(Kind.DONE, "case:1")
    assert await world.round() == 0
    world.trouble = None
    world.clock.forward(timedelta(minutes=10))
    assert await world.round() == told


async def test_an_address_that_has_to_wait_holds_nobody_else_up() -> None:
    """A server answers 450 for one recipient (RFC 5321 4.2.3); after three in a row the way is taken to be shut."""
    world = World()
    readers = [UUID(int=number) for number in range(1, 9)]
    for worker_id in readers:
        await world.book.add(worker_id, [Notice(bytes(32), Kind.DONE, NOON, NOON)])
    world.away = {readers[0], readers[2], readers[3]}
    assert await world.notices.send_due() == 5
    assert [one for one, _, _ in world.told] == [one for one in readers if one not in world.away]
    world.clock.forward(timedelta(minutes=10))
    world.away = set()
    assert await world.notices.send_due() == 3
    for worker_id in readers:
        await world.book.add(worker_id, [Notice(bytes([1]) * 32, Kind.DONE, NOON, NOON)])
    world.away, world.tried = set(readers), 0
    assert await world.notices.send_due() == 0
    assert world.tried == 3


async def test_what_reached_nobody_is_counted_for_three_days() -> None:
    world = World()
    gauges = NoticeGauges(metrics := NodeMetrics())
    world.trouble = GatewayError("refused", retryable=False)
    world.happens(Kind.DONE, "case:1")
    await world.round()
    world.happens(Kind.LATE, "case:1")
    await world.notices.note_all()
    await world.book.take(UUID(int=99), at=world.clock.now())  # by a process that is killed now
    assert await world.notices.untold() == Untold(0, 0)
    world.clock.forward(IN_HAND + timedelta(seconds=1))
    gauges.show(await world.notices.untold())
    shown = generate_latest(metrics.registry).decode()
    assert "portability_notices_lost 1.0" in shown
    assert "portability_notices_refused 1.0" in shown
    world.clock.forward(FRESH)
    assert await world.notices.untold() == Untold(0, 0)


async def test_old_events_are_not_told() -> None:
    world = World()
    world.happens(Kind.DONE, "case:1")
    world.clock.forward(FRESH + timedelta(seconds=1))
    assert await world.round() == 0


@pytest.mark.parametrize(
    ("choice", "at", "goes"),
    [
        (Choice(), time(19, 59), time(19, 59)),
        (Choice(), time(7, 59), time(8)),
        (Choice(), time(8), time(8)),
        (Choice(quiet_from=time(12), quiet_until=time(14)), time(12), time(14)),
        (Choice(quiet_from=time(12), quiet_until=time(14)), time(14), time(14)),
        (Choice(quiet_from=time(8), quiet_until=time(8)), time(3), time(3)),
        # Eight in the evening in New York is two at night in Rome, and eight in the morning there is two.
        (Choice(zone="America/New_York"), time(1, 59), time(1, 59)),
        (Choice(zone="America/New_York"), time(2), time(14)),
        (Choice(zone="America/New_York"), time(21), time(21)),
        (Choice(zone="Nowhere/Ever"), time(19, 59), time(19, 59)),
    ],
)
def test_quiet_hours_end_on_their_minute(choice: Choice, at: time, goes: time) -> None:
    day = datetime(2026, 11, 21, tzinfo=ROME).date()
    assert may_go_at(datetime.combine(day, at, tzinfo=ROME), choice, ROME) == datetime.combine(day, goes, tzinfo=ROME)


def test_quiet_hours_follow_the_clock_that_is_put_forward() -> None:
    # 29 March 2026, two o'clock is three in Rome: eight o'clock is six in UTC, not seven.
    at = datetime(2026, 3, 28, 21, 0, tzinfo=UTC)
    assert may_go_at(at, Choice(), ROME) == datetime(2026, 3, 29, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize("language", languages())
def test_a_notice_is_one_short_message_and_names_nobody(language: str) -> None:
    words = words_for([language])
    for name in [*Kind, "several"]:
        text = for_phones(f"{words.text(f'notice.{name}')} {words.text('notice.read')}")
        assert "{" not in text
        assert not any(sign.isdigit() for sign in text)
        coding = coding_of(text)
        assert units(text) <= (SMS.gsm7 if coding is Coding.GSM7 else SMS_PART.ucs2), (name, units(text))
        assert sms_parts(for_phones(f"{words.text(f'notice.{name}')} (29QM)")) == 1


def test_a_case_tells_what_is_done_late_and_awaited_from_her_and_looks_of_people() -> None:
    found = [
        (one.kind, one.key.removeprefix(f"{samples.CASE}:")) for one in happenings_of(samples.case(), now=samples.NOW)
    ]
    assert found == [
        (Kind.DONE, "1"),
        (Kind.DONE, "2"),
        (Kind.DONE, "4"),
        (Kind.DUE, "5"),
        (Kind.LATE, "3:2026-11-01"),
        (Kind.LOOKED, "2026-09-02"),  # a caseworker; the look of the institution's own program is not told
    ]


def test_the_mark_of_a_case_is_the_end_of_its_reference() -> None:
    for number in (1, 2**39 + 7, 0xABCDEF0123):
        assert case_reference(UUID(int=number), "it-inps").endswith(f"-{case_mark(UUID(int=number))}")


def test_the_name_of_an_event_says_nothing_and_is_the_same_everywhere() -> None:
    one: Any = Happening(Kind.DONE, "case:1", NOON)
    assert event_of(one) == event_of(Happening(Kind.DONE, "case:1", NOON + timedelta(days=1)))
    assert event_of(one) != event_of(Happening(Kind.LATE, "case:1", NOON))
    assert len(event_of(one)) == 32


def test_time_that_she_declares_is_told_when_it_comes_in_and_when_it_is_answered() -> None:
    told = Declaration(
        ROSA, ROSA, samples.CASE, "DE", RememberedDay.of(NOON.date()), RememberedDay.of(NOON.date()), NOON
    )
    answer = ToldAnswer(on_record=True, at=NOON + timedelta(days=1), by="anna", reason="It is there.")
    assert [(one.kind, one.at) for one in happenings_of_declaration(told)] == [(Kind.DECLARED, NOON)]
    assert [(one.kind, one.at) for one in happenings_of_declaration(replace(told, answer=answer))] == [
        (Kind.DECLARED, NOON),
        (Kind.CHECKED, NOON + timedelta(days=1)),
    ]


def test_of_a_case_that_is_over_she_is_asked_once_how_it_went() -> None:
    closed = samples.case(closed_on=NOON.date())
    found = [one for one in happenings_of(closed, now=samples.NOW) if one.kind is Kind.ASKED]
    assert [one.key for one in found] == [str(samples.CASE)]
    assert not [one for one in happenings_of(samples.case(), now=samples.NOW) if one.kind is Kind.ASKED]


def dispute(**changes: Any) -> Dispute:
    made = Dispute(ROSA, ROSA, samples.CASE, Subject(Matter.DETAILS), "It is wrong.", "it-inps", NOON)
    return replace(made, **changes)


def test_a_dispute_tells_that_it_came_in_and_was_answered_or_is_late() -> None:
    def found(one: Dispute, *, days: int = 0) -> list[Kind]:
        now = NOON + timedelta(days=days)
        return [happening.kind for happening in happenings_of_dispute(one, local_progress(one), now=now)]

    assert found(dispute()) == [Kind.DISPUTED]
    assert found(dispute(), days=60) == [Kind.DISPUTED]
    assert found(dispute(), days=61) == [Kind.DISPUTED, Kind.LATE]
    answer = Answer(upheld=True, at=NOON, by="Maria", reason="You are right.")
    assert found(dispute(answer=answer), days=61) == [Kind.DISPUTED, Kind.ANSWERED]


def test_a_case_on_a_flow_tells_that_it_began_went_on_is_late_and_ended() -> None:
    matter = samples.matter()
    step = replace(matter.steps[0], since=NOON, due=Due(None, expected_on=NOON.date()))
    on = replace(matter, kind="record_request", begun_at=NOON - timedelta(days=9), steps=(step,), moved_at=NOON)
    later = NOON + timedelta(days=1)
    assert [one.kind for one in happenings_of_matter(on, now=NOON)] == [Kind.BEGUN, Kind.DONE]
    assert [one.kind for one in happenings_of_matter(on, now=later)] == [Kind.BEGUN, Kind.DONE, Kind.LATE]
    over = replace(on, steps=(), is_open=False)
    assert [one.kind for one in happenings_of_matter(over, now=later)] == [Kind.BEGUN, Kind.DONE, Kind.ASKED]
    # A dispute is told as such, once, and not as the case in which another institution answers it.
    assert list(happenings_of_matter(replace(on, kind="dispute"), now=later)) == []
