"""The old-age claim as a state machine: who holds which step since when, and what an institution may do now.

Follows 987/2009 Art. 45(4) to (6), 47(4) to (6) and 48(1). Everything is computed from the case; nothing is stored
twice. Not modelled: forwarding a claim to another contact institution, supplements to a claim, corrections of a
statement, provisional payments (987/2009 Art. 50), a new calculation (883/2004 Art. 50(4)), the review after the
summary (987/2009 Art. 48(2)).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from portability.agreements.errors import CaseStateError
from portability.agreements.values import Citation
from portability.services.cases.model import Case, Identification, InstitutionId, Participant
from portability.services.cases.procedure import Duty, DutyRule, ServiceStandards, duty_rule

__all__ = [
    "ActionState",
    "CaseAction",
    "CaseStep",
    "Due",
    "StepKind",
    "actions",
    "require",
    "stage",
    "steps",
]


class StepKind(StrEnum):
    CLAIM = "claim"
    IDENTIFY = "identify"
    RECORDS = "records"
    DETERMINE = "determine"
    DECIDE = "decide"
    SUMMARY = "summary"


class CaseAction(StrEnum):
    ANSWER_RECORD_REQUEST = "answer_record_request"
    IDENTIFY_PERSON = "identify_person"
    RECORD_NATIONAL_ANSWER = "record_national_answer"
    DETERMINE = "determine"
    DECIDE = "decide"
    SEND_SUMMARY = "send_summary"


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


@dataclass(frozen=True, slots=True)
class ActionState:
    """Whether an action is allowed now; `why_not` is empty where it is."""

    action: CaseAction
    why_not: str

    @property
    def allowed(self) -> bool:
        return not self.why_not


def decides(case: Case, participant: Participant) -> bool:
    """Whether an institution has to decide: concerned, and no deferral asked for its state (883/2004 Art. 50(1))."""
    return participant.is_concerned and participant.state not in case.claim.deferred_states


def stage(case: Case) -> str:
    """Where the case as a whole is, in one word."""
    if case.is_closed:
        return "closed"
    if case.all_answered_at is None:
        return "collecting_records"
    if _undecided(case):
        return "deciding"
    return "summarising"


def actions(case: Case, *, me: InstitutionId) -> tuple[ActionState, ...]:
    """Every action with the reason why it is not allowed now to this institution."""
    return tuple(ActionState(action, _why_not(case, action, me=me)) for action in CaseAction)


def require(case: Case, action: CaseAction, *, me: InstitutionId) -> Participant:
    """The institution's own place in the case where the action is allowed; raises CaseStateError elsewhere."""
    why_not = _why_not(case, action, me=me)
    participant = case.participant(me)
    if why_not or participant is None:
        allowed = tuple(each.action.value for each in actions(case, me=me) if each.allowed)
        now = f"Allowed now: {', '.join(allowed)}." if allowed else "Nothing is allowed to this institution now."
        raise CaseStateError(
            f"Case {case.reference} does not allow {action.value}: {why_not} {now}",
            state=stage(case),
            allowed_actions=allowed,
        )
    return participant


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


def _why_not(case: Case, action: CaseAction, *, me: InstitutionId) -> str:
    mine = case.participant(me)
    if mine is None:
        return f"{me} takes no part in it."
    if case.is_closed:
        return "the summary of all decisions has been sent, and the case is closed."
    if action is CaseAction.SEND_SUMMARY:
        return _why_not_summary(case, me=me)
    return _WHY_NOT[action](case, mine)


def _why_not_answer(case: Case, mine: Participant) -> str:
    if mine.has_answered:
        return "this institution has answered; a correction of a statement is not modelled yet."
    if case.request is None:
        return "the record request has not arrived yet."
    return ""


def _why_not_identify(case: Case, mine: Participant) -> str:
    if mine.has_answered:
        return "this institution has answered."
    if case.identification is None:
        return "no search has been made yet: answer the record request from own records first."
    return ""


def _why_not_own_share(case: Case, mine: Participant) -> str:
    if not mine.has_answered:
        return "this institution has not answered the record request yet."
    if not mine.is_concerned:
        return "the person has no periods under this institution's legislation (883/2004 Art. 50(1))."
    if mine.state in case.claim.deferred_states:
        return f"the claimant has asked to defer the pension of {mine.state} (883/2004 Art. 50(1))."
    if case.decision_of(mine.institution) is not None:
        return "this institution has decided; a new calculation (883/2004 Art. 50(4)) is not modelled yet."
    return ""


def _why_not_complete(case: Case) -> str:
    missing = [each.institution for each in case.participants if not each.has_answered]
    return f"statements are missing of {', '.join(missing)} (987/2009 Art. 47(5))." if missing else ""


def _why_not_determine(case: Case, mine: Participant) -> str:
    return _why_not_own_share(case, mine) or _why_not_complete(case)


_WHY_NOT: Mapping[CaseAction, Callable[[Case, Participant], str]] = {
    CaseAction.ANSWER_RECORD_REQUEST: _why_not_answer,
    CaseAction.IDENTIFY_PERSON: _why_not_identify,
    CaseAction.RECORD_NATIONAL_ANSWER: _why_not_own_share,
    CaseAction.DETERMINE: _why_not_determine,
    CaseAction.DECIDE: _why_not_determine,
}


def _why_not_summary(case: Case, *, me: InstitutionId) -> str:
    if me != case.contact:
        return f"only the contact institution {case.contact} sends the summary (987/2009 Art. 48(1))."
    missing = _why_not_complete(case)
    if missing:
        return missing
    undecided = _undecided(case)
    return f"decisions are missing of {', '.join(undecided)} (987/2009 Art. 48(1))." if undecided else ""


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
