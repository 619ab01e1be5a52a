"""The rules on whose legislation applies, as one question meets them: one agreement, one day."""

from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from portability.agreements.errors import ConflictingRulesError, InputError, NoRuleInForceError
from portability.agreements.loading import Agreement
from portability.agreements.model import Step
from portability.agreements.noting import noted
from portability.agreements.parties import parties_on
from portability.agreements.rules import RuleBase
from portability.agreements.values import Branch, Citation, StateCode
from portability.agreements.work_facts import Activity, ActivityKind, Condition, LegislationResult, WorkFacts

__all__ = ["LawOn", "as_work", "conditions", "connected_state", "found"]

Kind = TypeVar("Kind", bound=RuleBase)

_AS_EMPLOYED = {ActivityKind.CIVIL_SERVANT, ActivityKind.SEAFARER, ActivityKind.AIR_CREW}
_FACTS = {
    "place_of_work": "state", "place_of_employment_activity": "state", "flag": "flag", "home_base": "home_base",
    "employer_seat": "employer_seat", "employing_state": "employing_state", "civil_service_state": "employing_state",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LawOn:
    """An agreement on one day; a branch is asked for only where a rule may differ by branch."""

    agreement: Agreement
    on: date

    @property
    def parties(self) -> frozenset[StateCode]:
        return frozenset(parties_on(self.agreement, self.on))

    def find(
        self, kind: type[Kind], *, subject: str = "", state: StateCode = "", branch: Branch | None = None
    ) -> Kind | None:
        """The one rule of a kind in force for a subject, or None. Raises ConflictingRulesError where there are two."""
        found = [
            rule
            for rule in self.agreement.content.rules
            if isinstance(rule, kind)
            and rule.valid_from <= self.on
            and (rule.valid_until is None or self.on <= rule.valid_until)
            and (not subject or not rule.subjects or subject in rule.subjects)
            and (not state or not rule.states or state in rule.states)
            and (branch is None or branch in (rule.branches or self.agreement.content.branches))
        ]
        if len(found) > 1:
            names = ", ".join(f"'{rule.id}' ({rule.cite})" for rule in found)
            raise ConflictingRulesError(f"Agreement '{self.agreement.id}' on {self.on}: {names} are in force at once.")
        return found[0] if found else None

    def rule(self, kind: type[Kind], *, subject: str = "", state: StateCode = "", branch: Branch | None = None) -> Kind:
        """The one rule of a kind in force. Raises NoRuleInForceError with the first date covered."""
        found = self.find(kind, subject=subject, state=state, branch=branch)
        if found is not None:
            return found
        dates = [rule.valid_from for rule in self.agreement.content.rules if isinstance(rule, kind)]
        name = kind.__name__ + (f" for '{subject}'" if subject else "")
        raise NoRuleInForceError(
            f"Agreement '{self.agreement.id}' has no rule {name} on {self.on}"
            + (f"; the first date covered is {min(dates)}." if dates else "."),
            first_day=min(dates) if dates else None,
        )


def as_work(kind: ActivityKind) -> str:
    """The word of the rules for what a person does: seafarers, crews and civil servants are employed persons."""
    return "employed" if kind in _AS_EMPLOYED else kind.value


def connected_state(connection: str, work: WorkFacts, activity: Activity) -> StateCode:
    """The state to which a rule's connection leads. Raises InputError naming the fact that is not stated."""
    if connection == "residence":
        return work.residence_state
    if connection in ("nationality", "centre_of_interest"):
        return _stated(work.nationality if connection == "nationality" else work.centre_of_interest, connection)
    if connection == "sending_state":
        return _stated(work.posting.from_state if work.posting else "", "posting.from_state")
    name = _FACTS[connection]
    return _stated(getattr(activity, name), f"activities.{name}")


def _stated(state: StateCode, field: str) -> StateCode:
    if not state:
        raise InputError(f"The legislation that applies turns on '{field}': state it.", field=field)
    return state


def conditions(rule: RuleBase, *names: str, cite: str | None = None) -> tuple[Condition, ...]:
    """What is to be confirmed under a rule."""
    return tuple(Condition(name, Citation.of(cite or rule.cite)) for name in names)


def found(  # all that a result says beside the facts
    law: LawOn,
    rule: RuleBase,
    state: StateCode,
    by: str,
    *,
    cite: str | None = None,
    until: date | None = None,
    to_confirm: tuple[str, ...] = (),
    steps: tuple[Step, ...] = (),
) -> LegislationResult:
    """The state that a rule leads to. Raises NoRuleInForceError where that is no state which the agreement binds."""
    if state not in law.parties:
        raise NoRuleInForceError(
            f"The rule '{rule.id}' ({cite or rule.cite}) leads to {state}, which '{law.agreement.id}' does not bind on "
            f"{law.on}: national law or another agreement decides.",
            citation=cite or rule.cite,
        )
    step = noted("applicable_legislation", cite or rule.cite, by, state=state)
    ends = (noted("legislation_until", cite or rule.cite, until),) if until else ()
    return LegislationResult(
        agreement_id=law.agreement.id,
        state=state,
        rule_id=rule.id,
        citation=Citation.of(cite or rule.cite),
        until=until,
        status=rule.status,
        provisional=False,
        to_confirm=conditions(rule, *to_confirm, cite=cite),
        steps=(*steps, step, *ends),
    )
