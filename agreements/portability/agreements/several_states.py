"""One legislation for who works in several states at once: the substantial part, or else the employer's seat."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from portability.agreements.errors import InputError, NoRuleInForceError
from portability.agreements.rules import SeveralStates
from portability.agreements.values import Citation, StateCode
from portability.agreements.work_facts import Activity, Condition, WorkFacts

__all__ = ["Chosen", "state_among_several", "without_marginal"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The state, the place in the law that chooses it, and what a person still has to confirm."""

    state: StateCode
    cite: str
    to_confirm: tuple[Condition, ...] = ()


def without_marginal(activities: Sequence[Activity], *, rule: SeveralStates) -> tuple[Activity, ...]:
    """Marginal activities are left out of account (987/2009 Art. 14(5b)); one of unknown share is not marginal."""
    if rule.marginal_part is None:
        return tuple(activities)
    return tuple(one for one in activities if one.share is None or one.share >= rule.marginal_part)


def state_among_several(
    work: WorkFacts, activities: Sequence[Activity], *, rule: SeveralStates, parties: Iterable[StateCode]
) -> Chosen:
    """Residence with a substantial part, else what the rule names (883/2004 Art. 13(1) and (2)).

    Raises InputError for a share, a seat or a centre of interest that is not stated, NoRuleInForceError where the
    agreement says nothing of employers seated as these are.
    """
    if rule.substantial_part is None:
        return Chosen(work.residence_state, rule.cite)
    assessed = (Condition("overall_assessment", Citation.of(rule.substantial_cite or rule.cite)),)
    if share_in(work.residence_state, activities) >= rule.substantial_part:
        return Chosen(work.residence_state, rule.substantial_cite or rule.cite, assessed)
    if rule.otherwise == "employer_seat":
        state, cite = _by_seats(work, activities, rule, frozenset(parties))
        return Chosen(state, cite, assessed)
    if rule.otherwise == "centre_of_interest":
        if not work.centre_of_interest:
            raise InputError("Where is the centre of interest of the activities?", field="centre_of_interest")
        centre = Condition("centre_of_interest", Citation.of(rule.otherwise_cite or rule.cite))
        return Chosen(work.centre_of_interest, rule.otherwise_cite or rule.cite, (*assessed, centre))
    raise InputError(f"the rule '{rule.id}' names '{rule.otherwise}', which decides nothing among several states")


def share_in(state: StateCode, activities: Iterable[Activity]) -> Fraction:
    """The part of all working time or pay in one state; InputError where it is not stated."""
    shares = [one.share for one in activities if one.state == state]
    if any(share is None for share in shares):
        raise InputError(
            f"Which part of the working time or pay falls on {state}? State a share for each activity there.",
            field="activities.share",
        )
    return sum((share for share in shares if share is not None), Fraction(0))


def _by_seats(
    work: WorkFacts, activities: Sequence[Activity], rule: SeveralStates, parties: frozenset[StateCode]
) -> tuple[StateCode, str]:
    """The state of the employers' seats (883/2004 Art. 13(1)(b)(i) to (iv); 987/2009 Art. 14(11))."""
    if any(not one.employer_seat for one in activities):
        raise InputError("Where is the seat of each employer?", field="activities.employer_seat")
    seats = {one.employer_seat for one in activities}
    if not seats & parties:
        return work.residence_state, _provided(rule.employer_outside_cite, rule, "an employer seated in no party")
    if not seats <= parties:
        _provided(None, rule, "employers of whom only some are seated in a party")
    if len({one.employer for one in activities}) == 1:
        return seats.pop(), rule.otherwise_cite or rule.cite
    if len(seats) == 1:
        return seats.pop(), _provided(rule.seats_in_one_state_cite, rule, "employers seated in one state")
    elsewhere = seats - {work.residence_state}
    if len(elsewhere) == 1:
        return elsewhere.pop(), _provided(rule.seat_elsewhere_cite, rule, "employers seated at home and elsewhere")
    return work.residence_state, _provided(rule.seats_in_several_states_cite, rule, "employers in several states")


def _provided(cite: str | None, rule: SeveralStates, case: str) -> str:
    if cite is None:
        raise NoRuleInForceError(f"The rule '{rule.id}' ({rule.cite}) does not provide for {case}.", citation=rule.cite)
    return cite
