"""An entry among her messages told: what it was, and what became of it. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby

from portability.services.workers.correspondence.model import About, Letter, LetterState, Subject, Told, ToldState
from portability.services.workers.story import Phrase

__all__ = ["SaidEntry", "said_by_day", "said_entry"]


@dataclass(frozen=True, slots=True)
class SaidEntry:
    """What an entry says. `who` is None for a notice to her, `about` where it is not about one case."""

    at: datetime
    who: Phrase | None
    what: Phrase
    state: Phrase
    about: About | None
    times: int = 1


def said_by_day(entries: Sequence[Told | Letter], *, day_of: Callable[[datetime], date]) -> tuple[SaidEntry, ...]:
    """Entries as a page shows them: what is said again on the same day is one line."""

    def alike(said: SaidEntry) -> tuple[object, ...]:
        return day_of(said.at), said.who, said.what, said.state, said.about

    runs = [list(each) for _, each in groupby(map(said_entry, entries), key=alike)]
    return tuple(replace(run[0], times=len(run)) for run in runs)


def said_entry(entry: Told | Letter) -> SaidEntry:
    """Who wrote to whom, what it is about, how far it has come; what stands in it stays closed."""
    at = entry.place[0]
    if isinstance(entry, Told):
        return SaidEntry(at, None, Phrase(f"notice.{entry.kind}"), _told(entry), entry.about)
    who = Phrase("letter.parties", {"sender": entry.sender.name, "recipient": entry.recipient.name})
    return SaidEntry(at, who, Phrase(f"letter.{Subject.of(entry.type)}"), _come(entry), entry.about)


def _told(told: Told) -> Phrase:
    if told.state is ToldState.SENT and told.sent_at is not None:
        return Phrase(f"told.sent_{told.channel}" if told.channel else "told.sent", {"day": told.sent_at})
    return Phrase(f"told.{told.state}")


def _come(letter: Letter) -> Phrase:
    if letter.state is LetterState.REFUSED:
        return Phrase("letter_state.refused", {"institution": letter.recipient.name})
    if letter.opened_at is not None:
        return Phrase("letter_state.opened", {"day": letter.opened_at})
    if letter.arrived_at is not None:
        return Phrase("letter_state.arrived", {"day": letter.arrived_at})
    return Phrase("letter_state.on_way")
