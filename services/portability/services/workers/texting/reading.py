"""What a signed-in worker reads: the facts and sentences of her pages, one screen a place."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from portability.agreements.errors import NotFoundError
from portability.services.workers import handlers
from portability.services.workers.story import (
    WhyLine,
    career_phrase,
    case_has_late_step,
    decision_phrases,
    next_phrases,
    said_steps,
    seen_phrases,
    where_phrase,
    why_lines,
    you_can_phrases,
)
from portability.services.workers.texting.hearing import VOICE, messages_screen, voice_case_screen, voice_screen
from portability.services.workers.texting.reader import Reader, screen_for
from portability.services.workers.texting.screens import MENU, Screen
from portability.services.workers.views import CareerInCountry, CareerPeriod, CaseView, DecisionView
from portability.services.workers.words import Words

__all__ = ["reading_screen"]

LOOKS_SHOWN: Final = 10


async def reading_screen(place: str, reader: Reader) -> Screen | None:
    """The screen of a place; None where there is no such place, or what it names is not hers."""
    name, _, what = place.partition(":")
    make = _SCREENS.get(name)
    if make is None:
        return None
    try:
        return await make(what, reader)
    except (NotFoundError, ValueError):  # another's, erased meanwhile, or no id at all
        return None


async def _menu(_: str, reader: Reader) -> Screen:
    say = reader.words.text
    return Screen(
        (say("text.menu"),),
        (
            (say("nav.cases"), "cases"),
            (say("nav.decisions"), "decisions"),
            (say("nav.career"), "career"),
            (say("text.settings"), "settings"),
            (say("nav.messages"), "messages"),
            (say("nav.voice"), VOICE),
        ),
        back="out",
        back_label=say("sign_out"),
    )


async def _cases(_: str, reader: Reader) -> Screen:
    words = reader.words
    cases = await handlers.list_my_cases(reader.worker_id, cases=reader.work.cases)
    ways = []
    for case in cases:
        late = f" ({words.text('cases.late')})" if case_has_late_step(case, today=reader.today) else ""
        ways.append((f"{case.reference} {words.text(f'branch.{case.branch}')}{late}", f"case:{case.case_id}"))
    return screen_for(reader, [words.text("nav.cases" if cases else "cases.none")], ways, back=MENU)


async def _case(what: str, reader: Reader) -> Screen:
    words, work, case = reader.words, reader.work, await _case_named(what, reader)
    decisions = await handlers.get_my_decisions(
        reader.worker_id, case_id=case.case_id, cases=work.cases, decisions=work.decisions
    )
    lines = [words.text("cases.reference", {"reference": case.reference}), words.say(where_phrase(case))]
    about = ("who", "case.who"), ("next", "case.next"), ("can", "case.you_can")
    ways = [(words.text(key), f"{name}:{what}") for name, key in about if case.closed_on is None or name == "can"]
    ways += [*_decision_ways(decisions, reader), (words.text("case.seen"), f"looked:{what}")]
    return screen_for(reader, lines, ways, back="cases")


async def _who(what: str, reader: Reader) -> Screen:
    words, case = reader.words, await _case_named(what, reader)
    lines = []
    for said in said_steps(case, today=reader.today):
        if said.step.done_at is None:
            lines.append(f"{words.say(said.what)} {words.text('case.since')}: {words.show(said.step.since)}.")
            lines += [words.say(said.due)] if said.due else []
    return screen_for(reader, lines or [words.say(where_phrase(case))], (), back=f"case:{what}")


async def _next(what: str, reader: Reader) -> Screen:
    words, case = reader.words, await _case_named(what, reader)
    lines = [words.say(phrase) for phrase in next_phrases(case)] or [words.say(where_phrase(case))]
    return screen_for(reader, lines, (), back=f"case:{what}")


async def _can(what: str, reader: Reader) -> Screen:
    words, case = reader.words, await _case_named(what, reader)
    lines = [words.say(phrase) for phrase in you_can_phrases(case, today=reader.today)]
    return screen_for(reader, lines, (), back=f"case:{what}")


async def _looked(what: str, reader: Reader) -> Screen:
    words, case = reader.words, await _case_named(what, reader)
    lines = [words.text("case.seen")] if case.seen_by else [words.text("case.not_seen")]
    for seen in case.seen_by[:LOOKS_SHOWN]:
        who, why = (words.say(phrase) for phrase in seen_phrases(seen))
        lines.append(f"{words.short_day(words.local_day(seen.at))}: {who} {why}")
    return screen_for(reader, lines, (), back=f"case:{what}")


async def _decisions(_: str, reader: Reader) -> Screen:
    work = reader.work
    decisions = await handlers.get_my_decisions(
        reader.worker_id, case_id=None, cases=work.cases, decisions=work.decisions
    )
    title = "nav.decisions" if decisions else "decisions.none"
    return screen_for(reader, [reader.words.text(title)], _decision_ways(decisions, reader), back=MENU)


async def _decision(what: str, reader: Reader) -> Screen:
    words, decision = reader.words, await _decision_named(what, reader)
    lines = [words.say(phrase) for phrase in decision_phrases(decision)]
    if decision.amounts:
        lines.insert(-1, words.text("decision.before_tax"))  # the last line says how to have it looked at again
    if not decision.agreement_reviewed:
        lines.append(words.text("decision.not_reviewed", {"agreement": decision.agreement_name}))
    why = words.text("decision.why" if decision.amounts else "decision.why_refused")
    return screen_for(reader, lines, [(why, f"why:{what}")], back=f"case:{decision.case_id}")


async def _why(what: str, reader: Reader) -> Screen:
    words, decision = reader.words, await _decision_named(what, reader)
    lines = list(_reasons(why_lines(decision), words)) or [words.text("decision.why_none")]
    return screen_for(reader, lines, (), back=f"decision:{what}")


async def _career(_: str, reader: Reader) -> Screen:
    words = reader.words
    view = await handlers.get_my_career(reader.worker_id, career=reader.work.career)
    ways = [(words.state(country.state), f"country:{country.state}") for country in view.countries]
    return screen_for(reader, [words.text("career.intro" if ways else "career.nothing")], ways, back=MENU)


async def _country(what: str, reader: Reader) -> Screen:
    words = reader.words
    view = await handlers.get_my_career(reader.worker_id, career=reader.work.career)
    country = next((one for one in view.countries if one.state == what), None)
    if country is None:
        raise NotFoundError("There is no such country in this career.")
    return screen_for(
        reader, [words.state(what), words.say(career_phrase(country)), *_times(country, words)], (), "career"
    )


async def _case_named(what: str, reader: Reader) -> CaseView:
    return await handlers.get_my_case(reader.worker_id, UUID(what), cases=reader.work.cases)


async def _decision_named(what: str, reader: Reader) -> DecisionView:
    work = reader.work
    mine = await handlers.get_my_decisions(reader.worker_id, case_id=None, cases=work.cases, decisions=work.decisions)
    found = next((decision for decision in mine if decision.decision_id == what), None)
    if found is None:
        raise NotFoundError("You have no such decision.")
    return found


def _decision_ways(decisions: Sequence[DecisionView], reader: Reader) -> list[tuple[str, str]]:
    words = reader.words
    return [(f"{one.institution.name}, {words.short_day(one.decided_on)}", f"decision:{one.decision_id}")
            for one in decisions]  # fmt: skip


def _reasons(lines: Sequence[WhyLine], words: Words) -> Iterator[str]:
    for line in lines:
        told, _ = words.say_why(line)
        yield f"{told} ({line.citation})" if line.citation else told
        yield from _reasons(line.children, words)


def _times(country: CareerInCountry, words: Words) -> Iterator[str]:
    for one in country.periods:
        parts = [_when(one, words), words.text(f"kind.{one.period.kind}"), words.text(f"evidence.{one.level}")]
        if one.period.duration is not None:
            parts.insert(1, words.duration(one.period.duration))
        yield ". ".join(part.rstrip(".") for part in parts) + "."
    for told in country.declared:
        span = words.text("career.span", {"first": told.first_day, "last": told.last_day})
        yield f"{span}: {words.text('evidence.declared')}"


def _when(one: CareerPeriod, words: Words) -> str:
    start, end = one.period.start, one.period.end
    if start is None or end is None:
        return words.text("career.no_dates")
    last = end - timedelta(days=1)
    return words.text("career.span", {"first": words.short_day(start), "last": words.short_day(last)})


_SCREENS: Mapping[str, Callable[[str, Reader], Awaitable[Screen]]] = {
    MENU: _menu,
    "cases": _cases,
    "case": _case,
    "who": _who,
    "next": _next,
    "can": _can,
    "looked": _looked,
    "decisions": _decisions,
    "decision": _decision,
    "why": _why,
    "career": _career,
    "country": _country,
    "messages": messages_screen,
    VOICE: voice_screen,
    "voice_case": voice_case_screen,
}
