"""Who looked, told day by day: a caseworker who opens a case twenty times in a morning is one line. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from portability.services.workers.story import Phrase, seen_phrases
from portability.services.workers.views import SeenBy

__all__ = ["LooksByDay", "LooksOfADay", "looks_by_day"]


@dataclass(frozen=True, slots=True)
class LooksOfADay:
    """Looks of one day, by one institution in one role for one purpose."""

    day: date
    who: Phrase
    why: Phrase
    times: int


@dataclass(frozen=True, slots=True)
class LooksByDay:
    """The newest first. `before`: how many looks are older than the lines."""

    lines: tuple[LooksOfADay, ...]
    before: int


def looks_by_day(looks: Sequence[SeenBy], *, day_of: Callable[[datetime], date], most: int) -> LooksByDay:
    """At most `most` lines; no look is left uncounted."""

    def alike(look: SeenBy) -> tuple[int, str, str, str, str]:
        return -day_of(look.at).toordinal(), look.institution.institution_id, look.role, look.purpose, look.by

    lines = []
    for _, each in groupby(sorted(looks, key=alike), key=alike):
        same = list(each)
        who, why = seen_phrases(same[0])
        lines.append(LooksOfADay(day_of(same[0].at), who, why, len(same)))
    return LooksByDay(tuple(lines[:most]), sum(line.times for line in lines[most:]))
