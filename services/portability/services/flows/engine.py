"""What a position allows to whom, who holds what until when, and taking one more document."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from portability.agreements.errors import CaseStateError
from portability.services.flows.clock import Holidays, due_state, holders, rules_of
from portability.services.flows.definition import CASE, Action, Flow
from portability.services.flows.fitting import misfit, why_not_action
from portability.services.flows.fold import position
from portability.services.flows.model import (
    ActionState,
    CaseFile,
    Document,
    DueState,
    InstanceKey,
    InstitutionId,
    KeptDocument,
    Position,
    Step,
)

__all__ = ["allowed", "apply", "first_due", "position", "recipients", "steps", "why_not", "with_effect"]


def apply(flow: Flow, documents: Sequence[Document], document: Document) -> Position:
    """The position with a document that is about to be sent; CaseStateError where it is not allowed now."""
    before = position(flow, documents)
    reason = why_not(flow, before, document)
    if reason:
        names = tuple(one.action for one in allowed(flow, before, document.sender) if one.allowed)
        now = f"Allowed now: {', '.join(names)}." if names else "Nothing is allowed to this institution now."
        raise CaseStateError(
            f"'{document.action}' is not allowed: {reason} {now}", state=_in_words(before), allowed_actions=names
        )
    return position(flow, (*documents, document))


def allowed(flow: Flow, found: Position, institution: InstitutionId) -> tuple[ActionState, ...]:
    """Every action with the reason why it is not allowed now to an institution; empty where it may be sent."""
    return tuple(
        ActionState(name, action.type, action.says, why_not_action(flow, found, name, institution), action.person)
        for name, action in flow.actions.items()
    )


def why_not(flow: Flow, found: Position, document: Document) -> str:
    """Why a document that is about to be sent is not allowed; empty where it is."""
    action = flow.actions.get(document.action)
    if action is None or document.target is None or action.voids:
        reason = why_not_action(flow, found, document.action, document.sender)
    else:
        reason = ""  # An update moves nothing; whether it fits, the fold says.
    if not reason and action is not None and action.voids and document.target not in found.applied:
        reason = "name a message that has its effect in this case."
    return reason or misfit(flow, found, document)


def recipients(found: Position, action: Action, sender: InstitutionId) -> tuple[InstitutionId, ...]:
    """Whom an action goes to where its sender names nobody: all of the roles that it names, but for the sender."""
    return tuple(sorted(one for one in found.parties if one != sender and found.is_one_of(one, action.to)))


def with_effect(case: CaseFile, found: Position) -> tuple[KeptDocument, ...]:
    """The documents of a case that count now, in the order in which they took effect."""
    kept = {one.document.document_id: one for one in case.documents}
    return tuple(kept[one] for one in found.applied if one not in found.superseded)


def first_due(flow: Flow, after: Position, document_id: UUID, *, holidays: Holidays) -> tuple[date | None, str]:
    """The day until which a document that was taken wants an answer, and the rule that says so."""
    days = [
        (day, rule.id)
        for key, instance in after.instances.items()
        if instance.by == document_id
        for rule, day in list(rules_of(flow, after, key, holidays=holidays))[:1]
    ]
    return min(days, default=(None, ""))


def steps(flow: Flow, found: Position, *, now: datetime, holidays: Holidays) -> tuple[Step, ...]:
    """Who holds what since when, due when, and what is next; what has not begun is left out."""
    shown = [
        _step(flow, found, key, now=now, holidays=holidays)
        for key, instance in found.instances.items()
        if key[0] != CASE and instance.by is not None
    ]
    return tuple(sorted(shown, key=lambda step: (step.since, step.track, step.key)))


def _step(flow: Flow, found: Position, key: InstanceKey, *, now: datetime, holidays: Holidays) -> Step:
    instance = found.instances[key]
    state = flow.tracks[key[0]].states[instance.state]
    rules = list(rules_of(flow, found, key, holidays=holidays))
    first, due = rules[0] if rules else (None, None)
    stand = due_state(due, instance, [rule for rule, _ in rules], now=now)
    if _effect(flow, instance.rule_id) == "silent_consent":
        stand = DueState.SILENT_CONSENT
    return Step(
        track=key[0],
        key=key[1],
        state=instance.state,
        says=state.says,
        holders=holders(flow, found, key, state),
        since=instance.since,
        due_state=stand,
        due_on=due,
        rule_id=first.id if first else "",
        basis=first.basis if first else "",
        citation=first.cite if first else None,
        pace=first.pace if first else "",
        asker=instance.asker,
        next=tuple(name for name, action in flow.actions.items() if _leads_on(action, key[0], instance.state)),
    )


def _leads_on(action: Action, track: str, state: str) -> bool:
    return any(move.track == track and state in move.from_ for move in action.moves)


def _effect(flow: Flow, rule_id: str) -> str:
    return next((rule.effect for rules in flow.deadlines.values() for rule in rules if rule.id == rule_id), "")


def _in_words(found: Position) -> str:
    return ", ".join(f"{':'.join(filter(None, key))} {one.state}" for key, one in sorted(found.instances.items()))
