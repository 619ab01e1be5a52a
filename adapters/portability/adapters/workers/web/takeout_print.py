"""The page of a takeout: all of it in her language, to be read and printed without us; no link, no form, one file."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from portability.adapters.workers.web.rendering import environment, how_long, style_sheet
from portability.services.workers.claims.handlers import ClaimUseCases
from portability.services.workers.claims.story import claim_phrases
from portability.services.workers.correspondence.story import SaidEntry, said_by_day
from portability.services.workers.correspondence.use_cases import CorrespondenceUseCases
from portability.services.workers.declarations.handlers import DeclarationUseCases
from portability.services.workers.declarations.story import declaration_phrases
from portability.services.workers.disputes.handlers import DisputeUseCases
from portability.services.workers.disputes.story import dispute_phrases
from portability.services.workers.looks import looks_by_day
from portability.services.workers.mandates.handlers import MandateUseCases
from portability.services.workers.matters.story import title_phrase, waits_phrase
from portability.services.workers.matters.use_cases import MatterUseCases
from portability.services.workers.ports import Clock
from portability.services.workers.story import (
    career_phrase,
    decision_phrases,
    evidence_phrases,
    timeline,
    where_phrase,
    why_lines,
)
from portability.services.workers.use_cases import WorkerUseCases
from portability.services.workers.words import Words

__all__ = ["Read", "printed_takeout"]

LINES_OF_LOOKS = 10_000
MESSAGES = 10_000  # on the page; messages.json has them all


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What it is read from. `name_of` gives an institution's name by its id."""

    me: str
    name_of: Callable[[str], str]
    clock: Clock
    workers: WorkerUseCases
    matters: MatterUseCases
    correspondence: CorrespondenceUseCases
    disputes: DisputeUseCases
    declarations: DeclarationUseCases
    claims: ClaimUseCases
    mandates: MandateUseCases


async def printed_takeout(read: Read, worker_id: UUID, words: Words) -> bytes:
    """The page as a file."""
    now = read.clock.now()
    today = words.local_day(now)
    listed = await read.workers.list_my_cases(worker_id)
    cases = [await read.workers.get_my_case(worker_id, one.case_id) for one in listed]
    facts: dict[str, Any] = {
        "now": now,
        "institution": read.name_of(read.me),
        "cases": [(one, where_phrase(one), timeline(one, today=today), _looks(one.seen_by, words)) for one in cases],
        "matters": [
            (one, title_phrase(one), waits_phrase(one)) for one in await read.matters.list_my_matters(worker_id)
        ],
        "countries": [(one, career_phrase(one)) for one in (await read.workers.get_my_career(worker_id)).countries],
        "decisions": [
            (one, decision_phrases(one), why_lines(one)) for one in await read.workers.get_my_decisions(worker_id)
        ],
        "messages": await _messages(read.correspondence, worker_id, words),
        "disputes": [
            (one.dispute, dispute_phrases(one, name_of=read.name_of, today=today))
            for one in await read.disputes.list_mine(worker_id)
        ],
        "declarations": [
            (one.declaration, declaration_phrases(one, me=read.me, name_of=read.name_of))
            for one in await read.declarations.list_mine(worker_id)
        ],
        "claims": [
            (one, claim_phrases(one, me=read.me, name_of=read.name_of))
            for one in await read.claims.list_mine(worker_id)
        ],
        "mandates": [(one, one.ends_at - timedelta(seconds=1)) for one in await read.mandates.list_mine(worker_id)],
    }
    html = (
        environment()
        .get_template("takeout_print.html")
        .render(
            words=words,
            t=words.text,
            say=words.say,
            say_why=words.say_why,
            how_long=lambda duration: how_long(words, duration),
            evidence_phrases=evidence_phrases,
            style=style_sheet().decode(),
            **facts,
        )
    )
    return html.encode()


async def _messages(correspondence: CorrespondenceUseCases, worker_id: UUID, words: Words) -> tuple[SaidEntry, ...]:
    page = await correspondence.list_my_messages(worker_id, limit=MESSAGES)
    return said_by_day(page.entries, day_of=words.local_day)


def _looks(seen_by: Any, words: Words) -> Any:
    return looks_by_day(seen_by, day_of=words.local_day, most=LINES_OF_LOOKS)
