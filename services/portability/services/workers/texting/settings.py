"""What a signed-in worker sets by text: her PIN for the next time, her language, and whether and when news comes."""

import hmac
from dataclasses import dataclass, replace
from datetime import time
from typing import Final
from uuid import UUID

from portability.agreements.errors import NotFoundError
from portability.services.workers.model import limit_key
from portability.services.workers.preferences.handlers import choose
from portability.services.workers.preferences.model import ZONES, Chosen, NewsWay, Preferences
from portability.services.workers.texting.model import PIN_DIGITS, Channel, TextSession, is_weak_pin, pin_hash
from portability.services.workers.texting.screens import MENU, Screen
from portability.services.workers.texting.signing_in import START, Caller
from portability.services.workers.words import Words, languages, words_for

__all__ = ["PinStep", "choice_at", "settings_screen", "take_choice", "take_pin"]

SETTINGS: Final = "settings"
QUIET: Final = "quiet"
ZONE_LIST: Final = "zones"
NEW_PIN: Final = "new_pin"
AGAIN: Final = "new_pin_again"
QUIET_HOURS: Final = ((20, 8), (22, 6), (22, 10), (0, 0))


@dataclass(frozen=True, slots=True)
class PinStep:
    """Where choosing a PIN goes on, and what is said there."""

    place: str
    said: str


async def settings_screen(place: str, worker_id: UUID, caller: Caller, words: Words) -> Screen | None:
    """The screen of a place of settings; None for any other place, and where she was erased meanwhile."""
    say, back, name = words.text, words.text("text.back"), place.partition(":")[0]
    if name in {SETTINGS, QUIET}:
        try:
            chosen = await caller.work.preferences.of(worker_id)
        except NotFoundError:
            return None
        return _overview(chosen, caller.channel, words) if name == SETTINGS else _quiet(chosen, words)
    if name == ZONE_LIST:
        cities = tuple((words.clock(zone), f"zone:{zone}") for zone in ZONES)
        return Screen((say("prefs.zone"),), cities, back=QUIET, back_label=back)
    if name == "my_language":
        names = tuple((words_for([tag]).own_name, f"speak:{tag}") for tag in languages())
        return Screen((), names, back=SETTINGS, back_label=back)
    asked = {NEW_PIN: "text.new_pin", AGAIN: "text.new_pin_again"}
    if name not in asked or caller.channel is not Channel.USSD:
        return None
    return Screen((say(asked[name]),), back=SETTINGS, back_label=back, asks=True)


def choice_at(place: str) -> Chosen | None:
    """What choosing a place changes; None where it only leads on. Places come from our own screens."""
    name, _, what = place.partition(":")
    if name == "speak":
        return Chosen(language=what)
    if name == "news":
        return Chosen(way=NewsWay(what))
    if name == "rest":
        first, _, last = what.partition("-")
        return Chosen(quiet_from=time(int(first)), quiet_until=time(int(last)))
    if name == "zone":
        return Chosen(zone=what)
    return None


async def take_choice(what: Chosen, session: TextSession, worker_id: UUID | None, caller: Caller) -> TextSession:
    """Keep what she chose and go on; who is not signed in chooses a language for this conversation alone."""
    session = replace(session, language=what.language or session.language, page=0)
    if worker_id is None:
        return replace(session, place=START)
    await choose(worker_id, what, preferences=caller.work.preferences)
    return replace(session, place=MENU if what.language else SETTINGS)


def _overview(chosen: Preferences, channel: Channel, words: Words) -> Screen:
    say = words.text
    ways = [(say("text.choose_pin"), NEW_PIN)] if channel is Channel.USSD else []
    ways.append((say("site.languages"), "my_language"))
    if chosen.wanted:
        ways += [(say("text.stop_notices"), f"news:{NewsWay.NOWHERE}"), (say("text.quiet"), QUIET)]
    else:
        ways.append((say("text.send_notices"), f"news:{NewsWay.ADDRESS if chosen.address else NewsWay.CONTACT}"))
    return Screen((say("text.settings"),), tuple(ways), back=MENU, back_label=say("text.back"))


def _quiet(chosen: Preferences, words: Words) -> Screen:
    """What is chosen now, and the hours that most people want; any others are chosen on the page."""
    ways = tuple((_hours(time(first), time(last), words), f"rest:{first}-{last}") for first, last in QUIET_HOURS)
    now = _hours(chosen.quiet_from, chosen.quiet_until, words)
    if chosen.quiet_from != chosen.quiet_until:
        now = words.text("text.quiet_now", {"hours": now})
    lines = (now, words.clock(chosen.zone)) if chosen.zone else (now,)
    return Screen(lines, (*ways, (words.text("prefs.zone"), ZONE_LIST)), SETTINGS, words.text("text.back"))


def _hours(first: time, last: time, words: Words) -> str:
    return words.text("text.quiet_none" if first == last else "text.hours", {"first": first, "last": last})


async def take_pin(typed: str, session: TextSession, worker_id: UUID, caller: Caller) -> PinStep:
    """The first typing is kept as a hash until the second is the same."""
    key = caller.parts.key
    name, _, first = session.place.partition(":")
    proposed = limit_key(key, "text-new-pin", f"{session.nonce.hex()}:{typed}").hex()
    if name == AGAIN:
        if not hmac.compare_digest(first, proposed):
            return PinStep(NEW_PIN, "text.pin_differs")
        await caller.work.pins.put(worker_id, pin_hash(key, worker_id, typed))
        return PinStep(SETTINGS, "text.pin_set")
    if len(typed) != PIN_DIGITS or not typed.isdigit() or is_weak_pin(typed, number=caller.number):
        return PinStep(NEW_PIN, "text.pin_weak")
    return PinStep(f"{AGAIN}:{proposed}", "")
