"""A screen and its pages: text, numbered ways on, and the way back, each page within what its channel holds. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

__all__ = ["BACK", "MENU", "MORE", "Screen", "chosen", "pages"]

BACK: Final = "0"
MORE: Final = "9"
MENU: Final = "menu"  # the first place of whoever is signed in
LONGEST: Final = 500  # characters; no channel shows more at once
NO_BREAK: Final = "\u00a0"  # a way on is kept in one piece; phones get a plain space


@dataclass(frozen=True, slots=True)
class Screen:
    """What stands at a place. `ways` are labels and the places they lead to; `back` is empty where there is none.

    `asks`: what is typed here is an answer and not a choice, except for the way back.
    """

    lines: tuple[str, ...]
    ways: tuple[tuple[str, str], ...] = ()
    back: str = ""
    back_label: str = ""
    asks: bool = False


def chosen(screen: Screen, typed: str) -> str | None:
    """The place that a number leads to; None where it leads nowhere."""
    if typed == BACK and screen.back:
        return screen.back
    numbers = {str(_number(index)): place for index, (_, place) in enumerate(screen.ways)}
    return numbers.get(typed)


def pages(screen: Screen, *, more_label: str, shown: Callable[[str], bool]) -> tuple[str, ...]:
    """The screen in pages that `shown` lets pass, cut between words; every page says how to go on and back."""
    ways = [f"{_number(index)} {label}".replace(" ", NO_BREAK) for index, (label, _) in enumerate(screen.ways)]
    rest = "\n".join((*screen.lines, *ways))
    back = f"{BACK} {screen.back_label}" if screen.back else ""
    on = "\n".join(part for part in (f"{MORE} {more_label}", back) if part)
    made = []
    while not shown(_joined(rest, back)):
        here, rest = _cut(rest, lambda part: shown(_joined(part, on)))
        made.append(_joined(here, on))
    return (*made, _joined(rest, back))


def _number(index: int) -> int:
    """1 to 8, then 11, 12 and so on: 9 and 0 are for the next page and for the way back."""
    return index + 1 if index < 8 else index + 3


def _joined(text: str, footer: str) -> str:
    return "\n".join(part for part in (text, footer) if part)


def _cut(text: str, shown: Callable[[str], bool]) -> tuple[str, str]:
    """The longest beginning that is shown, and the rest: after a line where that leaves little empty, else a word."""
    breaks = [place for place, one in enumerate(text[:LONGEST]) if place and one in " \n"]
    longest = max((place for place in breaks if shown(text[:place])), default=0)
    lines = (place for place in breaks if text[place] == "\n" and longest / 2 <= place <= longest)
    place = max(lines, default=longest)
    if place:
        return text[:place], text[place + 1 :]
    place = max((end for end in range(1, min(len(text), LONGEST)) if shown(text[:end])), default=1)
    return text[:place], text[place:]
