"""A matter told: what it is, whom it waits for and until when, what comes then, what she can do. Pure."""

from dataclasses import dataclass
from datetime import date

from portability.services.workers.matters.model import MatterStep, MatterView
from portability.services.workers.story import Phrase, said_due

__all__ = ["SaidMatterStep", "is_late", "said_matter_steps", "then_phrases", "title_phrase", "waits_phrase", "you_can"]


@dataclass(frozen=True, slots=True)
class SaidMatterStep:
    step: MatterStep
    what: Phrase
    due: Phrase
    late: bool


def title_phrase(matter: MatterView) -> Phrase:
    """What it is about."""
    return Phrase(f"matter.{matter.kind}")


def waits_phrase(matter: MatterView) -> Phrase:
    """The status line: whom it waits for."""
    if not matter.is_open:
        return Phrase("matter.finished")
    holders = tuple(dict.fromkeys(step.holder.name for step in matter.steps))
    return Phrase("matter.waits", {"institutions": holders}) if holders else Phrase("matter.nobody")


def said_matter_steps(matter: MatterView, *, today: date) -> tuple[SaidMatterStep, ...]:
    """Who has to do what until when."""
    said = ((step, said_due(step.due, today=today)) for step in matter.steps)
    return tuple(SaidMatterStep(step, Phrase(f"task.{step.task}"), due, late) for step, (due, late) in said)


def is_late(matter: MatterView, *, today: date) -> bool:
    """True where a day has passed."""
    return any(said.late for said in said_matter_steps(matter, today=today))


def then_phrases(matter: MatterView) -> tuple[Phrase, ...]:
    """What comes after what is done now; nothing where it is finished."""
    return tuple(Phrase(f"then.{task}") for task in dict.fromkeys(step.task for step in matter.steps))


def you_can(matter: MatterView, *, today: date) -> tuple[Phrase, ...]:
    """There is always something, if only to ask."""
    contact = {"institution": matter.begun_by.name, "reference": matter.reference}
    if not matter.is_open:
        return (Phrase("you_can.ask", contact),)
    late = is_late(matter, today=today)
    return (Phrase("you_can.nothing_needed"), Phrase("you_can.ask_why_late" if late else "you_can.ask", contact))
