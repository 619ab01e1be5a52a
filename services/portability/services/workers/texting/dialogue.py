"""One input of a phone, one answer: the use case behind every channel of text."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import Final
from uuid import UUID

from portability.agreements.errors import CaseStateError, DeniedError, InputError, NotFoundError, OverloadError
from portability.services.text_budget import for_phones
from portability.services.workers import handlers
from portability.services.workers.model import ContactKind, Limit, limit_key, parse_contact
from portability.services.workers.texting.hearing import VOICE, said_at
from portability.services.workers.texting.model import (
    TEXTS_PER_NUMBER,
    Answer,
    Incoming,
    Refused,
    TextSession,
    is_opening,
    session_key,
    shown,
    typed,
)
from portability.services.workers.texting.ports import HowItWent, TextUnitOfWork
from portability.services.workers.texting.reader import Reader
from portability.services.workers.texting.reading import reading_screen
from portability.services.workers.texting.screens import BACK, MENU, MORE, Screen, chosen, pages
from portability.services.workers.texting.settings import choice_at, settings_screen, take_choice, take_pin
from portability.services.workers.texting.signing_in import (
    NOT_SIGNED_IN,
    START,
    Caller,
    TextParts,
    ask_for_code,
    entry_screen,
    try_code,
    try_pin,
)
from portability.services.workers.voice.handlers import SayHowItWent
from portability.services.workers.words import DEFAULT_LANGUAGE, Words, words_for

__all__ = ["Dialogue"]

TOLD_ONCE: Final = Limit(1, TEXTS_PER_NUMBER.window)


@dataclass(frozen=True, slots=True)
class _Turn:
    """Where the conversation is now, and what is said above the screen."""

    session: TextSession
    said: str = ""
    refused: Refused | None = None
    fresh: bool = False  # it begins here: whatever was typed only opened it
    ends: bool = False
    says: SayHowItWent | None = None  # kept once this transaction is over: it is counted with what others said


@dataclass(frozen=True, slots=True)
class _Scene:
    """Who calls, and whose facts may be shown."""

    caller: Caller
    words: Words
    worker_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """`language` is spoken to whoever has not chosen one; `zone` is where the institution is."""

    unit_of_work: TextUnitOfWork
    parts: TextParts
    voice: HowItWent
    language: str = DEFAULT_LANGUAGE
    zone: tzinfo = field(default=UTC)

    async def answer(self, incoming: Incoming) -> Answer:
        """What the phone shows now. Nothing that is typed raises; what is refused is explained, and named for the log.

        1. The number is a phone's.  2. It does not flood.  3. The conversation goes on where it was, or begins anew.
        4. What was typed leads somewhere.  5. What she said of a case is kept.  6. The screen there, cut to what the
        channel holds.
        """
        try:  # (1)
            contact = parse_contact(incoming.number)
        except InputError:
            return Answer("", goes_on=False, refused=Refused.NO_NUMBER)
        if contact.kind is not ContactKind.PHONE:
            return Answer("", goes_on=False, refused=Refused.NO_NUMBER)
        incoming = replace(incoming, number=contact.value)
        if await self._floods(incoming):  # (2)
            first = not await self._floods(incoming, TOLD_ONCE)
            return self._told("error.too_many", Refused.FLOOD) if first else Answer("", False, Refused.FLOOD)
        try:
            answer = await self._answered(incoming)
            while isinstance(answer, SayHowItWent):  # (5)
                answer = await self._answered(replace(incoming, text=""), said=await self._keep(answer))
        except OverloadError:
            return self._told("error.too_many", Refused.TOO_MANY_CODES)
        return answer

    async def _answered(self, incoming: Incoming, said: str = "") -> Answer | SayHowItWent:
        async with self.unit_of_work() as work:
            caller = Caller(channel=incoming.channel, number=incoming.number, work=work, parts=self.parts)
            return await self._answer(incoming, caller, said)

    async def _keep(self, what: SayHowItWent) -> str:
        """Keep what she said; what is told above the next screen."""
        try:
            await self.voice.say(what)
        except CaseStateError:
            return "voice.answered"  # on her page, meanwhile
        except NotFoundError:
            return "text.not_understood"  # erased, meanwhile
        return "voice.thanks"

    async def _answer(self, incoming: Incoming, caller: Caller, said: str) -> Answer | SayHowItWent:
        turn = await self._begin(incoming, caller)  # (3)
        turn = replace(turn, said=turn.said or said)
        scene = _Scene(caller, self._words(turn.session))
        if turn.session.place not in NOT_SIGNED_IN:
            turn, scene = await self._with_worker(turn, scene)
        text = typed(incoming.text)
        if not turn.fresh and not is_opening(text):
            turn = await self._take(text, turn.session, scene)  # (4)
        if turn.says is not None:
            await caller.work.conversations.keep(turn.session)
            return turn.says
        return await self._show(turn, scene)  # (6)

    async def _begin(self, incoming: Incoming, caller: Caller) -> _Turn:
        """The conversation of this phone; one that rested too long begins anew."""
        now, key = self.parts.clock.now(), session_key(self.parts.key, incoming.channel, incoming.number)
        kept = await caller.work.conversations.take(key)
        if kept is None:
            return _Turn(TextSession(key, b"", START, 0, "", now), fresh=True)
        if now - kept.used_at <= incoming.channel.idle:
            return _Turn(replace(kept, used_at=now))
        await handlers.sign_out(caller.token(kept.nonce), sessions=caller.work.sessions)
        fresh = replace(kept, nonce=b"", place=START, page=0, used_at=now)
        if kept.place in NOT_SIGNED_IN:
            return _Turn(fresh, fresh=True)
        return _Turn(fresh, "error.session_over", Refused.SESSION_OVER, fresh=True)

    async def _with_worker(self, turn: _Turn, scene: _Scene) -> tuple[_Turn, _Scene]:
        work = scene.caller.work
        try:
            worker_id = await handlers.resolve_session(
                scene.caller.token(turn.session.nonce), sessions=work.sessions, clock=self.parts.clock
            )
        except DeniedError:
            fresh = replace(turn.session, place=START, page=0)
            return _Turn(fresh, "error.session_over", Refused.SESSION_OVER, fresh=True), scene
        return turn, replace(scene, worker_id=worker_id)

    async def _take(self, text: str, session: TextSession, scene: _Scene) -> _Turn:
        screen = await self._screen(session, scene)
        if screen.asks and text != BACK:
            return await _ENTRIES[session.place.partition(":")[0]](text, session, scene)
        if text == MORE and session.page + 1 < len(self._pages(screen, scene)):
            return _Turn(replace(session, page=session.page + 1))
        place = chosen(screen, text)
        if place is None:
            return _Turn(session, "text.not_understood", Refused.NOT_UNDERSTOOD)
        return await self._go(place, session, scene)

    async def _go(self, place: str, session: TextSession, scene: _Scene) -> _Turn:
        """To a place; some of them do something on the way."""
        if place == "ask_code":
            return _Turn(await ask_for_code(session, scene.caller))
        if place == "out":
            await handlers.sign_out(scene.caller.token(session.nonce), sessions=scene.caller.work.sessions)
            return _Turn(replace(session, nonce=b"", place=START, page=0), "error.signed_out", ends=True)
        says = said_at(place, scene.worker_id, key=self.parts.key) if scene.worker_id else None
        if says is not None:
            return _Turn(replace(session, place=VOICE, page=0), says=says)
        what = choice_at(place)
        if what is not None:
            return _Turn(await take_choice(what, session, scene.worker_id, scene.caller))
        return _Turn(replace(session, place=place, page=0))

    async def _show(self, turn: _Turn, scene: _Scene) -> Answer:
        # She may have just signed in, signed out or chosen a language.
        scene = replace(scene, words=self._words(turn.session))
        said = scene.words.text(turn.said) if turn.said else ""
        if turn.ends:
            await scene.caller.work.conversations.keep(turn.session)
            return Answer(for_phones(said), goes_on=False, refused=turn.refused)
        if scene.worker_id is None and turn.session.place not in NOT_SIGNED_IN:
            signed_in, scene = await self._with_worker(turn, scene)
            turn = replace(turn, session=signed_in.session)
        screen = await self._screen(turn.session, scene)
        if said:
            made, page = self._pages(replace(screen, lines=(said, *screen.lines)), scene), 0
        else:
            made = self._pages(screen, scene)
            page = max(min(turn.session.page, len(made) - 1), 0)
        # What is said stands above once: where it does not leave room for the screen, going on leads to its beginning.
        kept = -1 if said and len(made) > 1 else page
        await scene.caller.work.conversations.keep(replace(turn.session, page=kept))
        return Answer(for_phones(made[page]), goes_on=True, refused=turn.refused)

    async def _screen(self, session: TextSession, scene: _Scene) -> Screen:
        channel, words, place = scene.caller.channel, scene.words, session.place
        screen = entry_screen(place, channel=channel, words=words)
        if screen is None and scene.worker_id is not None:
            screen = await settings_screen(place, scene.worker_id, scene.caller, words)
            if screen is None:
                today = self.parts.clock.now().astimezone(self.zone).date()
                reader = Reader(worker_id=scene.worker_id, work=scene.caller.work, words=words, today=today)
                screen = await reading_screen(place, reader) or await reading_screen(MENU, reader)
        if screen is None:
            raise LookupError(f"no screen for '{place}'")
        return screen

    def _pages(self, screen: Screen, scene: _Scene) -> tuple[str, ...]:
        channel = scene.caller.channel
        return pages(screen, more_label=scene.words.text("text.more"), shown=lambda text: shown(text, channel))

    def _words(self, session: TextSession) -> Words:
        return words_for([session.language or self.language], zone=self.zone)

    def _told(self, key: str, refused: Refused) -> Answer:
        return Answer(for_phones(words_for([self.language]).text(key)), goes_on=False, refused=refused)

    async def _floods(self, incoming: Incoming, limit: Limit = TEXTS_PER_NUMBER) -> bool:
        """Count an input, in a transaction of its own: nothing that goes wrong afterwards takes it back."""
        key = limit_key(self.parts.key, f"text-{limit.most}", f"{incoming.channel}:{incoming.number}")
        async with self.unit_of_work() as work:
            return not await work.limits.spend(key, limit=limit, at=self.parts.clock.now())


async def _code(text: str, session: TextSession, scene: _Scene) -> _Turn:
    result = await try_code(text, session, scene.caller)
    if not isinstance(result, UUID):
        key = "text.code_wrong" if result.tries_left else "error.code_over"
        place = "code" if result.tries_left else START
        return _Turn(replace(session, place=place), key, Refused.CODE)
    return _Turn(await _in_her_language(replace(session, place=MENU, page=0), scene.caller))


async def _number(text: str, session: TextSession, scene: _Scene) -> _Turn:
    return _Turn(await ask_for_code(session, scene.caller, insurance_number=text))


async def _pin(text: str, session: TextSession, scene: _Scene) -> _Turn:
    signed_in = await try_pin(text, session, scene.caller)
    if signed_in is None:
        return _Turn(session, "text.pin_wrong", Refused.PIN)
    return _Turn(await _in_her_language(replace(signed_in, place=MENU, page=0), scene.caller))


async def _new_pin(text: str, session: TextSession, scene: _Scene) -> _Turn:
    if scene.worker_id is None:
        return _Turn(replace(session, place=START))
    step = await take_pin(text, session, scene.worker_id, scene.caller)
    weak = Refused.PIN_WEAK if step.said == "text.pin_weak" else None
    return _Turn(replace(session, place=step.place, page=0), step.said, weak)


async def _in_her_language(session: TextSession, caller: Caller) -> TextSession:
    """In the language on file where she chose none here; several who share a phone hear the one in which it began."""
    if session.language:
        return session
    worker = await caller.work.directory.find(parse_contact(caller.number))
    return replace(session, language=worker.language if worker else "")


_ENTRIES: dict[str, Callable[[str, TextSession, _Scene], Awaitable[_Turn]]] = {
    "code": _code,
    "number": _number,
    "pin": _pin,
    "new_pin": _new_pin,
    "new_pin_again": _new_pin,
}
