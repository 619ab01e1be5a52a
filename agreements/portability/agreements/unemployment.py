"""Unemployment benefits across states: which periods count, and which state pays a person who lived elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from portability.agreements.errors import InputError
from portability.agreements.rules import UnemploymentAggregation, UnemploymentCompetence
from portability.agreements.values import Citation, StateCode

__all__ = [
    "AggregatedWork", "PayingState", "UnemployedPerson", "WorkPeriod", "aggregate_work", "paying_state",
]  # fmt: skip

Needed = Literal["insurance", "employment", "self_employment"]


@dataclass(frozen=True, slots=True)
class WorkPeriod:
    """A period in one state, in the unit of the legislation that is asked for benefits.

    `insured_here` says whether it would have been a period of insurance under that legislation; None: not known.
    """

    state: StateCode
    kind: Needed
    amount: Fraction
    insured_here: bool | None = None


@dataclass(frozen=True, slots=True)
class AggregatedWork:
    """Own and other states' periods, whether they suffice, and the provision that decided."""

    own: Fraction
    others: Fraction
    qualifies: bool
    citation: Citation


@dataclass(frozen=True, slots=True)
class UnemployedPerson:
    """What decides which state pays. `state_of_work` is that to whose legislation the person was last subject."""

    state_of_work: StateCode
    residence_state: StateCode  # during the last activity
    wholly: bool
    frontier_worker: bool
    back_in_residence_state: bool  # lives there still, or went back
    paid_by_state_of_work_first: bool = False
    self_employed_without_scheme_at_home: bool = False
    special_scheme_for_civil_servants: bool = False


@dataclass(frozen=True, slots=True)
class PayingState:
    """The state that pays, by which provision, and whose earnings count (883/2004 Art. 62)."""

    state: StateCode
    citation: Citation
    earnings_in: StateCode
    earnings_citation: Citation
    first_as_if_looking_for_work: Citation | None = None


def aggregate_work(
    periods: Sequence[WorkPeriod],
    *,
    state: StateCode,
    needs: Needed,
    required: Fraction,
    last_completed_in: StateCode,
    claims_as_resident: bool,
    rule: UnemploymentAggregation,
) -> AggregatedWork:
    """Periods of all states, to the extent necessary, where the last ones were completed here (883/2004 Art. 61).

    Raises InputError where it is not known whether work abroad would have been insured here.
    """
    own = sum((one.amount for one in periods if one.state == state and one.kind == needs), Fraction(0))
    if own >= required:
        return AggregatedWork(own, Fraction(0), True, rule.citation)
    excused = claims_as_resident and rule.unless_resident_cite is not None
    if last_completed_in != state and not excused:
        return AggregatedWork(own, Fraction(0), False, Citation.of(rule.last_here_cite))
    others = sum((one.amount for one in periods if one.state != state and _counts(one, needs, rule)), Fraction(0))
    return AggregatedWork(own, others, own + others >= required, rule.citation)


def _counts(one: WorkPeriod, needs: Needed, rule: UnemploymentAggregation) -> bool:
    """Work counts as insurance only where it would have been insured here (Art. 61(1), second subparagraph)."""
    if needs != "insurance" or one.kind == "insurance":
        return True
    if one.insured_here is None:
        raise InputError(
            f"Would the {one.kind} in {one.state} have been insured here? {rule.insured_only_cite} turns on it.",
            field="periods.insured_here",
        )
    return one.insured_here


def paying_state(person: UnemployedPerson, *, rule: UnemploymentCompetence) -> PayingState:
    """The state of work, or that of residence for the wholly unemployed who live there (883/2004 Art. 65 and 65a)."""
    work, earnings = person.state_of_work, Citation.of(rule.earnings_cite)
    if person.residence_state == work:
        return PayingState(work, rule.citation, work, earnings)
    cite = _state_of_work_by(person, rule)
    if cite is not None:
        return PayingState(work, Citation.of(cite), work, earnings)
    first = rule.returned_later_cite if person.paid_by_state_of_work_first and not person.frontier_worker else None
    return PayingState(
        person.residence_state,
        Citation.of(rule.wholly_cite),
        work,
        Citation.of(rule.earnings_of_residents_cite),
        Citation.of(first) if first else None,
    )


def _state_of_work_by(person: UnemployedPerson, rule: UnemploymentCompetence) -> str | None:
    """The provision by which the state of work pays although the person lived elsewhere; None: residence pays."""
    if person.special_scheme_for_civil_servants and rule.special_scheme_cite is not None:
        return rule.special_scheme_cite
    if not person.wholly:
        return rule.partially_cite
    without_scheme = person.frontier_worker and person.self_employed_without_scheme_at_home
    if without_scheme and rule.no_system_cite is not None:
        return rule.no_system_cite
    if not person.back_in_residence_state:
        if person.frontier_worker:
            raise InputError(
                "A frontier worker who has moved elsewhere is no case of this rule: state where she lives."
            )
        return rule.not_returned_cite
    return None
