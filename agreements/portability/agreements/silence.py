"""What follows where an institution that was informed does not answer in time."""

from dataclasses import dataclass
from datetime import date

from portability.agreements.calendar_months import months_after
from portability.agreements.rules import Silence
from portability.agreements.values import Citation

__all__ = ["SilenceResult", "silence_result"]


@dataclass(frozen=True, slots=True)
class SilenceResult:
    """The last day for an answer, and the effect of having none; `effect` is empty while there is none."""

    last_day: date
    effect: str
    citation: Citation


def silence_result(rule: Silence, *, informed_on: date, answered_on: date | None, on: date) -> SilenceResult:
    """No answer within the months that the rule names (987/2009 Art. 16(3), 60(3), 72(2)).

    An answer on the last day is in time: the period ends with the day of that number, months later.
    """
    last_day = months_after(informed_on, rule.months)
    in_time = answered_on is not None and answered_on <= last_day
    effect = rule.effect if on > last_day and not in_time else ""
    return SilenceResult(last_day, effect, rule.citation)
