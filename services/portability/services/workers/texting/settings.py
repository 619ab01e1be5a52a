"""What a signed-in worker sets by text: her PIN for the next time, her language, and whether she is told of news."""

import hmac
from dataclasses import dataclass
from uuid import UUID

from portability.services.workers.model import limit_key
from portability.services.workers.texting.model import PIN_DIGITS, Channel, TextSession, is_weak_pin, pin_hash
from portability.services.workers.texting.screens import Screen
from portability.services.workers.texting.signing_in import Caller
from portability.services.workers.words import Words, languages, words_for

__all__ = ["PinStep", "settings_screen", "take_pin"]

NEW_PIN = "new_pin"
AGAIN = "new_pin_again"


@dataclass(frozen=True, slots=True)
class PinStep:
    """Where choosing a PIN goes on, and what is said there."""

    place: str
    said: str


def settings_screen(place: str, *, channel: Channel, words: Words, notices: bool) -> Screen | None:
    """The screen of a place of settings; None for any other place."""
    say, back, name = words.text, words.text("text.back"), place.partition(":")[0]
    if name == "settings":
        ways = [(say("text.choose_pin"), NEW_PIN)] if channel is Channel.USSD else []
        ways.append((say("site.languages"), "my_language"))
        ways.append((say("text.stop_notices"), "notices:off") if notices else (say("text.send_notices"), "notices:on"))
        return Screen((say("text.settings"),), tuple(ways), back="menu", back_label=back)
    if name == "my_language":
        names = tuple((words_for([tag]).own_name, f"speak:{tag}") for tag in languages())
        return Screen((), names, back="settings", back_label=back)
    asked = {NEW_PIN: "text.new_pin", AGAIN: "text.new_pin_again"}
    if name not in asked or channel is not Channel.USSD:
        return None
    return Screen((say(asked[name]),), back="settings", back_label=back, asks=True)


async def take_pin(typed: str, session: TextSession, worker_id: UUID, caller: Caller) -> PinStep:
    """The first typing is kept as a hash until the second is the same."""
    key = caller.parts.key
    name, _, first = session.place.partition(":")
    proposed = limit_key(key, "text-new-pin", f"{session.nonce.hex()}:{typed}").hex()
    if name == AGAIN:
        if not hmac.compare_digest(first, proposed):
            return PinStep(NEW_PIN, "text.pin_differs")
        await caller.work.pins.put(worker_id, pin_hash(key, worker_id, typed))
        return PinStep("settings", "text.pin_set")
    if len(typed) != PIN_DIGITS or not typed.isdigit() or is_weak_pin(typed, number=caller.number):
        return PinStep(NEW_PIN, "text.pin_weak")
    return PinStep(f"{AGAIN}:{proposed}", "")
