"""What a signed-in worker was told, and what she is asked: her last notices, and how a closed case went."""

from dataclasses import replace
from uuid import UUID

from portability.agreements.errors import NotFoundError
from portability.services.case_mark import case_mark
from portability.services.workers.correspondence.model import About, Told
from portability.services.workers.correspondence.story import said_by_day
from portability.services.workers.model import limit_key
from portability.services.workers.texting.reader import Reader, screen_for
from portability.services.workers.texting.screens import MENU, Screen
from portability.services.workers.voice.handlers import SayHowItWent
from portability.services.workers.voice.model import Score

__all__ = ["VOICE", "messages_screen", "said_at", "voice_case_screen", "voice_screen"]

VOICE = "voice"
NOTICES_SHOWN = 10


async def messages_screen(_: str, reader: Reader) -> Screen:
    """Her last notices, the newest first: what it was, and on which day; what was told twice a day is one line."""
    words = reader.words
    told = await reader.work.notices.told(reader.worker_id, before=None, limit=NOTICES_SHOWN)
    lines = [words.text("nav.messages" if told else "messages.none")]
    for said in said_by_day([_marked(one) for one in told], day_of=words.local_day):
        which = f" ({said.about.reference})" if said.about else ""
        lines.append(f"{words.short_day(words.local_day(said.at))}: {words.say(said.what)}{which}")
    return screen_for(reader, lines, (), back=MENU)


async def voice_screen(_: str, reader: Reader) -> Screen:
    """Closed cases of which she has not said how they went."""
    say = reader.words.text
    questions = await reader.work.questions.of(reader.worker_id)
    ways = [(say(case.title), f"voice_case:{case.case_id}") for case, answered in questions if not answered]
    title = "voice.title" if ways else "voice.answered" if questions else "voice.none"
    return screen_for(reader, [say(title)], ways, back=MENU)


async def voice_case_screen(what: str, reader: Reader) -> Screen:
    """The question about one case, and the five answers; NotFoundError where it is not asked."""
    say = reader.words.text
    questions = await reader.work.questions.of(reader.worker_id)
    case = next((one for one, answered in questions if one.case_id == UUID(what) and not answered), None)
    if case is None:
        raise NotFoundError(f"There is no question about case {what}.")
    ways = [(say(f"voice.score.{score}"), f"score:{what}:{score}") for score in reversed(Score)]
    return screen_for(reader, [say(case.title), say("voice.question"), say("voice.intro")], ways, back=VOICE)


def _marked(told: Told) -> Told:
    """With the mark that stood in its text, where it is about one case."""
    case_id = told.case_id
    return replace(told, about=About(case_id, "", case_mark(case_id), is_matter=False)) if case_id else told


def said_at(place: str, worker_id: UUID, *, key: bytes) -> SayHowItWent | None:
    """What going to a place says of a case; None for any other place.

    The same answer has the same request id, so that an input that a gateway repeats is kept once.
    """
    name, _, what = place.partition(":")
    if name != "score":
        return None
    case_id, _, score = what.partition(":")
    request_id = UUID(bytes=limit_key(key, "text-voice", f"{worker_id}:{what}")[:16])
    return SayHowItWent(request_id, worker_id, UUID(case_id), Score(score))
