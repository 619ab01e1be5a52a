"""Whose legislation applies to a person who works in, or between, the states of an agreement.

One state, by one cited rule, until a day where the rule names one. The special rules are asked in their order; the
general rule holds where none of them does. What posting and work in several states need stands in their modules.
"""

from dataclasses import replace
from datetime import date

from portability.agreements.applicable_rules import LawOn, as_work, conditions, found
from portability.agreements.errors import InputError
from portability.agreements.loading import Agreement
from portability.agreements.model import Step
from portability.agreements.noting import noted
from portability.agreements.one_activity import air_crew, civil_servant, general, seafarer
from portability.agreements.posting import posting_result
from portability.agreements.rules import Exceptions, MixedActivities, Posting, SeveralStates, Silence, Telework
from portability.agreements.several_states import state_among_several, without_marginal
from portability.agreements.work_facts import Activity, ActivityKind, LegislationResult, WorkFacts

__all__ = ["applicable_legislation"]


def applicable_legislation(work: WorkFacts, *, agreement: Agreement, on: date) -> LegislationResult:
    """The legislation of a single state (883/2004 Art. 11(1) and 11 to 16; the agreement's own rules elsewhere).

    Raises InputError for a fact that the rule turns on and nobody has stated, NoRuleInForceError where the agreement
    has no rule for the case, for example none on work in both states.
    """
    law = LawOn(agreement, on)
    inside = tuple(one for one in work.activities if one.state in law.parties)
    if not inside:
        raise InputError(
            f"No activity is in a state that '{agreement.id}' binds on {on}: expected one of "
            f"{', '.join(sorted(law.parties))}.",
            field="activities",
        )
    return _by_agreement(work, law) or _by_posting(work, law, inside) or _by_activity(work, law, inside, ())


def _by_agreement(work: WorkFacts, law: LawOn) -> LegislationResult | None:
    """An exception agreed for the person, or telework below the agreed share (883/2004 Art. 16(1))."""
    agreed = work.exception
    if agreed is not None and (agreed.until is None or law.on <= agreed.until):
        rule = law.rule(Exceptions)
        return found(law, rule, agreed.state, "exception", until=agreed.until, to_confirm=("exception_agreed",))
    if work.telework_share is None or not work.telework_requested:
        return None
    telework = law.find(Telework, state=work.residence_state)
    seats = {one.employer_seat for one in work.activities} - {""}
    if telework is None or len(seats) != 1 or work.telework_share >= telework.below_share:
        return None
    seat = seats.pop()
    if telework.states and seat not in telework.states:
        return None
    return found(law, telework, seat, "telework", to_confirm=("telework_agreed",))


def _by_posting(work: WorkFacts, law: LawOn, inside: tuple[Activity, ...]) -> LegislationResult | None:
    """Posted: the sending state. Where the rule does not hold, the general rule does, and the step says why."""
    posting = work.posting
    if posting is None or any(one.kind is ActivityKind.CIVIL_SERVANT for one in inside):
        return None
    rule = law.find(Posting, subject=as_work(inside[0].kind), state=posting.from_state)
    if rule is None:
        return None
    posted = posting_result(posting, rule=rule, on=law.on)
    if posted.against:
        against = noted(
            "posting_does_not_hold", rule.cite, posted.against, state=posting.from_state, months=rule.months
        )
        return _by_activity(work, law, inside, (against,))
    result = found(law, rule, posting.from_state, "posting", until=posted.until)
    return replace(result, to_confirm=posted.to_confirm)


def _by_activity(
    work: WorkFacts, law: LawOn, inside: tuple[Activity, ...], steps: tuple[Step, ...]
) -> LegislationResult:
    """Civil servants, crews, work in several states, and the general rule for all others."""
    kinds = {one.kind for one in inside}
    if ActivityKind.CIVIL_SERVANT in kinds:
        found = civil_servant(work, law, inside, steps)
        if found is not None:
            return found
    if len({one.state for one in inside}) > 1:
        return _several(work, law, inside, steps)
    return _alone(work, law, inside[0], steps)


def _alone(work: WorkFacts, law: LawOn, one: Activity, steps: tuple[Step, ...]) -> LegislationResult:
    if one.kind is ActivityKind.SEAFARER:
        return seafarer(work, law, one, steps)
    if one.kind is ActivityKind.AIR_CREW:
        return air_crew(work, law, one, steps)
    return general(work, law, one, steps)


def _several(work: WorkFacts, law: LawOn, inside: tuple[Activity, ...], steps: tuple[Step, ...]) -> LegislationResult:
    """Work in several states (883/2004 Art. 13); what kinds of work, then the rule for that kind."""
    words = {as_work(one.kind) for one in inside}
    if not {"employed", "self_employed"} <= words:
        return _several_of_one_kind(work, law, inside, steps)
    mixed = law.rule(MixedActivities, subject="employed_and_self_employed")
    employed = tuple(one for one in inside if as_work(one.kind) == "employed")
    if len({one.state for one in employed}) > 1:
        steps = (*steps, noted("mixed_activities", mixed.cite, mixed.legislation))
        return _several_of_one_kind(work, law, employed, steps)
    result = found(law, mixed, employed[0].state, mixed.legislation, steps=steps)
    return replace(result, provisional=_provisional(law))


def _several_of_one_kind(
    work: WorkFacts, law: LawOn, activities: tuple[Activity, ...], steps: tuple[Step, ...]
) -> LegislationResult:
    """Without what is marginal: one state left, or the one that the rule chooses (883/2004 Art. 13(1) and (2))."""
    rule = law.rule(SeveralStates, subject=as_work(activities[0].kind))
    kept = without_marginal(activities, rule=rule)
    if len(kept) < len(activities):
        left_out = sorted({one.state for one in activities} - {one.state for one in kept})
        steps = (*steps, noted("marginal_activities", rule.marginal_cite or rule.cite, states=tuple(left_out)))
    if all(one.kind is ActivityKind.AIR_CREW for one in kept):
        result = air_crew(work, law, kept[0], steps)
    elif len({one.state for one in kept}) == 1:
        result = _alone(work, law, kept[0], steps)
    else:
        chosen = state_among_several(work, kept, rule=rule, parties=law.parties)
        result = found(law, rule, chosen.state, "several_states", cite=chosen.cite, steps=steps)
        result = replace(result, to_confirm=chosen.to_confirm)
    marginal = conditions(rule, "marginal_share") if len(kept) < len(activities) else ()
    return replace(result, provisional=_provisional(law), to_confirm=(*result.to_confirm, *marginal))


def _provisional(law: LawOn) -> bool:
    """Whether the other institutions are asked before the determination is definitive (987/2009 Art. 16(2) and (3))."""
    return law.find(Silence, subject="applicable_legislation") is not None
