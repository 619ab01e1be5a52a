"""Whose legislation applies to one activity: that of an official, of crews, and of everybody else."""

from portability.agreements.applicable_rules import LawOn, as_work, connected_state, found
from portability.agreements.errors import InputError
from portability.agreements.model import Step
from portability.agreements.rules import AirCrew, GovernmentService, MixedActivities, PlaceOfWork, Seafarers
from portability.agreements.values import StateCode
from portability.agreements.work_facts import Activity, ActivityKind, LegislationResult, WorkFacts

__all__ = ["air_crew", "civil_servant", "general", "seafarer"]


def general(work: WorkFacts, law: LawOn, one: Activity, steps: tuple[Step, ...]) -> LegislationResult:
    """The state of work, or that of residence (883/2004 Art. 11(3)(a) and (c) to (e))."""
    rule = law.rule(PlaceOfWork, subject=as_work(one.kind), state=one.state)
    state = connected_state(rule.legislation, work, one)
    return found(law, rule, state, rule.legislation, steps=steps)


def civil_servant(
    work: WorkFacts, law: LawOn, inside: tuple[Activity, ...], steps: tuple[Step, ...]
) -> LegislationResult | None:
    """The state whose administration employs her (883/2004 Art. 11(3)(b), 13(4)); None where the rule is not hers."""
    one = next(one for one in inside if one.kind is ActivityKind.CIVIL_SERVANT)
    mixed = law.find(MixedActivities, subject="civil_service_and_other") if len(inside) > 1 else None
    if mixed is not None:
        return found(law, mixed, connected_state(mixed.legislation, work, one), mixed.legislation, steps=steps)
    rule = law.rule(GovernmentService)
    employing = connected_state("employing_state", work, one)
    if rule.persons == "nationals_of_the_employing_state" and connected_state("nationality", work, one) != employing:
        return None
    if not one.engaged_locally:
        return found(law, rule, employing, "employing_state", steps=steps)
    if rule.engaged_locally == "choice":
        if not one.chosen_state:
            raise InputError("A person engaged locally may choose: which state?", field="activities.chosen_state")
        return found(law, rule, one.chosen_state, "choice", to_confirm=("chosen_in_time",), steps=steps)
    return found(law, rule, connected_state(rule.engaged_locally, work, one), rule.engaged_locally, steps=steps)


def seafarer(work: WorkFacts, law: LawOn, one: Activity, steps: tuple[Step, ...]) -> LegislationResult:
    """The flag, or the employer's state where the seafarer resides there (883/2004 Art. 11(4))."""
    rule = law.rule(Seafarers)
    seat, cite = one.employer_seat, rule.employer_state_if_resident_cite
    state = connected_state(rule.legislation, work, one)
    if cite is not None and seat in law.parties and seat == work.residence_state and seat != state:
        return found(law, rule, seat, "employer_state_of_residence", cite=cite, steps=steps)
    if state not in law.parties and rule.otherwise is not None:
        instead = connected_state(rule.otherwise, work, one)
        # Canada-India Art. 8: of flags, only that of India decides.
        if not rule.otherwise_states or instead in rule.otherwise_states:
            return found(law, rule, instead, rule.otherwise, cite=rule.otherwise_cite, steps=steps)
    return _or_the_other_state(law, rule, state, steps)


def air_crew(work: WorkFacts, law: LawOn, one: Activity, steps: tuple[Step, ...]) -> LegislationResult:
    """The home base (883/2004 Art. 11(5)), the employer's seat, or what the agreement puts in its place."""
    rule = law.rule(AirCrew)
    if rule.unless is not None:
        instead = connected_state(rule.unless, work, one)
        if instead in law.parties:
            return found(law, rule, instead, rule.unless, cite=rule.unless_cite, steps=steps)
    return _or_the_other_state(law, rule, connected_state(rule.legislation, work, one), steps)


def _or_the_other_state(
    law: LawOn, rule: Seafarers | AirCrew, state: StateCode, steps: tuple[Step, ...]
) -> LegislationResult:
    """The connected state, or the one that the rule names for every other case (Canada-Korea Art. 5(7))."""
    if state not in law.parties and rule.otherwise_state is not None:
        return found(law, rule, rule.otherwise_state, "otherwise", steps=steps)
    return found(law, rule, state, rule.legislation, steps=steps)
