"""The steps of an old-age claim: who holds which one since when, and until when.

Follows 987/2009 Art. 45(4) to (6), 47(4) to (6) and 48(1). Everything is computed from the claim; what may be said when
is for its flow. Not modelled: the review after the summary (987/2009 Art. 48(2)).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from portability.agreements.values import Citation
from portability.services.cases.model import Case, Identification, InstitutionId, Participant
from portability.services.cases.procedure import Duty, DutyRule, ServiceStandards, duty_rule

__all__ = ["CaseStep", "Due", "StepKind", "steps"]


class StepKind(StrEnum):
    CLAIM = "claim"
    IDENTIFY = "identify"
    RECORDS = "records"
    DETERMINE = "determine"
    DECIDE = "decide"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Due:
    """Until when. `pace` is the law's own words; `ask_again_on` is a service standard and never law.

    `by_law_on` is None where the law sets no day.
    """

    rule_id: str
    citation: Citation | None
    pace: str
    by_law_on: date | None
    ask_again_on: date | None


@dataclass(frozen=True, slots=True)
class CaseStep:
    """One step: who holds it since when, until when, and what comes next. `done_at` None: it is open."""

    step_id: str
    kind: StepKind
    holder: InstitutionId
    since: datetime
    due: Due
    done_at: datetime | None = None
    next: StepKind | None = None


def decides(case: Case, participant: Participant) -> bool:
    """Whether an institution has to decide: concerned, and no deferral asked for its state (883/2004 Art. 50(1))."""
    return participant.is_concerned and participant.state not in case.claim.deferred_states


def steps(case: Case, *, me: InstitutionId, standards: ServiceStandards) -> tuple[CaseStep, ...]:
    """All steps that have begun, in the order in which they began.

    Other institutions' determinations are not visible here: their step is "decide" from the last statement on.
    """
    found = [_claim_step(case)]
    found += [_records_step(case, each, standards=standards) for each in case.participants]
    search = case.identification
    if search is not None and (search.linked_by or search.needs_a_person):
        found.append(_identify_step(case, search, me=me, standards=standards))
    found += _deciding_steps(case, me=me, standards=standards)
    if case.all_answered_at is not None and not _undecided(case):
        found.append(_summary_step(case, standards=standards))
    return tuple(sorted(found, key=lambda step: (step.since, list(StepKind).index(step.kind), step.holder)))


def _undecided(case: Case) -> list[InstitutionId]:
    return [
        each.institution
        for each in case.participants
        if decides(case, each) and case.decision_of(each.institution) is None
    ]


def _due(rule: DutyRule, *, since: datetime, standard: timedelta | None) -> Due:
    ask_again_on = (since + standard).date() if standard is not None else None
    return Due(rule.rule_id, rule.citation, rule.pace, by_law_on=None, ask_again_on=ask_again_on)


def _claim_step(case: Case) -> CaseStep:
    mine = case.participant(case.contact)
    rule = duty_rule(mine.agreement_id if mine else "", Duty.FORWARD_CLAIM)
    due = _due(rule, since=case.opened_at, standard=None)
    # Lodging and sending to all institutions are one transaction, so the step ends when it begins.
    return CaseStep(
        "claim", StepKind.CLAIM, case.contact, case.opened_at, due, done_at=case.opened_at, next=StepKind.RECORDS
    )


def _records_step(case: Case, of: Participant, *, standards: ServiceStandards) -> CaseStep:
    duty = Duty.STATE_OWN_PERIODS if of.institution == case.contact else Duty.STATE_PERIODS
    rule = duty_rule(of.agreement_id, duty)
    return CaseStep(
        f"records:{of.institution}",
        StepKind.RECORDS,
        of.institution,
        of.asked_at,
        _due(rule, since=of.asked_at, standard=standards.state_periods),
        done_at=of.answered_at,
        next=StepKind.DECIDE,
    )


def _identify_step(case: Case, found: Identification, *, me: InstitutionId, standards: ServiceStandards) -> CaseStep:
    mine = case.participant(me)
    return CaseStep(
        f"identify:{me}",
        StepKind.IDENTIFY,
        me,
        found.searched_at,
        _due(DutyRule("standard.identify", None, ""), since=found.searched_at, standard=standards.identify),
        done_at=found.linked_at or (mine.answered_at if mine else None),
        next=StepKind.RECORDS,
    )


def _deciding_steps(case: Case, *, me: InstitutionId, standards: ServiceStandards) -> list[CaseStep]:
    since = case.all_answered_at
    if since is None:
        return []
    known = dict(case.decided_at)
    found = []
    for each in case.participants:
        if not decides(case, each):
            continue
        rule = duty_rule(each.agreement_id, Duty.DECIDE)
        decided_at = known.get(each.institution)
        if each.institution == me:
            due = _due(rule, since=since, standard=standards.determine)
            # Deciding without a determination ends this step too.
            done_at = case.first_determined_at or decided_at
            found.append(CaseStep(f"determine:{me}", StepKind.DETERMINE, me, since, due, done_at, next=StepKind.DECIDE))
        due = _due(rule, since=since, standard=standards.decide)
        found.append(
            CaseStep(
                f"decide:{each.institution}",
                StepKind.DECIDE,
                each.institution,
                since,
                due,
                decided_at,
                next=StepKind.SUMMARY,
            )
        )
    return found


def _summary_step(case: Case, *, standards: ServiceStandards) -> CaseStep:
    since = max((at for _, at in case.decided_at), default=case.all_answered_at or case.opened_at)
    mine = case.participant(case.contact)
    rule = duty_rule(mine.agreement_id if mine else "", Duty.SUMMARISE)
    return CaseStep(
        "summary",
        StepKind.SUMMARY,
        case.contact,
        since,
        _due(rule, since=since, standard=standards.summarise),
        done_at=case.summary.sent_at if case.summary else None,
    )
