"""Which rule is in force: exactly one, or one of three named failures, never a default."""

from datetime import date
from typing import TypeVar, cast

from portability.agreements.errors import ConflictingRulesError, NoRuleInForceError, UnmodelledProvisionError
from portability.agreements.loading import Agreement
from portability.agreements.rules import NotModelled, Rule, RuleBase
from portability.agreements.values import Branch, StateCode

__all__ = ["boundary_dates", "find_rule", "refuse_unmodelled", "rule_in_force", "rules_in_force"]

Kind = TypeVar("Kind", bound=RuleBase)
MOST_KEPT = 20_000
"""Questions whose answers an agreement keeps: some twenty for each day, state and branch."""


def rules_in_force(
    agreement: Agreement, kind: type[Kind], *, branch: Branch, on: date, state: StateCode = "", scheme: str = ""
) -> tuple[Kind, ...]:
    """Every rule of a kind that is in force on a day for a branch (and, where given, a state and a scheme).

    Found once for each question: the same ones come with every claim, and a simulation asks them a million times.
    """
    asked = (kind, branch, on, state, scheme)
    known = agreement.found.get(asked)
    if known is None:
        if len(agreement.found) >= MOST_KEPT:
            agreement.found.clear()
        known = agreement.found[asked] = tuple(
            _look_for(agreement, kind, branch=branch, on=on, state=state, scheme=scheme)
        )
    return cast("tuple[Kind, ...]", known)


def _look_for(
    agreement: Agreement, kind: type[Kind], *, branch: Branch, on: date, state: StateCode, scheme: str
) -> list[Kind]:
    branches = agreement.content.branches
    return [
        rule
        for rule in cast("tuple[Kind, ...]", agreement.by_kind.get(kind, ()))
        if rule.valid_from <= on
        and (rule.valid_until is None or on <= rule.valid_until)
        and branch in (rule.branches or branches)
        and (not state or not rule.states or state in rule.states)
        and (not scheme or not rule.schemes or scheme in rule.schemes)
        and (not scheme or scheme not in rule.except_schemes)
    ]


def rule_in_force(
    agreement: Agreement, kind: type[Kind], *, branch: Branch, on: date, state: StateCode = "", scheme: str = ""
) -> Kind:
    """The one rule of a kind that is in force.

    Raises NoRuleInForceError with the first date covered, or ConflictingRulesError where there are two.
    """
    found = rules_in_force(agreement, kind, branch=branch, on=on, state=state, scheme=scheme)
    if len(found) == 1:
        return found[0]
    name = kind.model_fields["rule"].annotation.__args__[0]  # type: ignore[union-attr]  # each kind declares it
    if found:
        raise ConflictingRulesError(
            f"Agreement '{agreement.id}' has {len(found)} rules '{name}' for {branch} on {on}: "
            + ", ".join(f"'{rule.id}' ({rule.cite}, {agreement.where(_as_rule(rule))})" for rule in found)
            + ". End one with `until`.",
            citation=found[0].cite,
        )
    raise _no_rule(agreement, kind, name, branch=branch, on=on, state=state, scheme=scheme)


def find_rule(
    agreement: Agreement, kind: type[Kind], *, branch: Branch, on: date, state: StateCode = "", scheme: str = ""
) -> Kind | None:
    """The one rule of a kind in force, or None: for provisions that an agreement may well not have."""
    found = rules_in_force(agreement, kind, branch=branch, on=on, state=state, scheme=scheme)
    if len(found) > 1:  # a conflict, which `rule_in_force` names
        return rule_in_force(agreement, kind, branch=branch, on=on, state=state, scheme=scheme)
    return found[0] if found else None


def refuse_unmodelled(agreement: Agreement, stage: str, *, state: StateCode, own_since: date | None = None) -> None:
    """Raise UnmodelledProvisionError where a provision that this stage turns on is not encoded for the state.

    `own_since` is the first day of the state's own time; None where it is not known.
    """
    for gap in agreement.content.not_modelled:
        if gap.stops in (stage, "everything") and (not gap.states or state in gap.states) and _reaches(gap, own_since):
            raise UnmodelledProvisionError(
                f"Agreement '{agreement.id}' does not model {gap.cite} ({gap.what}), on which the {stage} for {state} "
                "turns: determine it by hand.",
                citation=gap.cite,
            )


def _reaches(gap: NotModelled, own_since: date | None) -> bool:
    """Whether a gap about time before a day is met by own time that began then; undated time may have."""
    return gap.own_time_before is None or own_since is None or own_since < gap.own_time_before


def boundary_dates(agreement: Agreement) -> list[date]:
    """Every day on which a rule starts, and every last day of one, in order."""
    days = {rule.valid_from for rule in agreement.content.rules}
    return sorted(days | {rule.valid_until for rule in agreement.content.rules if rule.valid_until})


def _no_rule(  # the message names all that was asked for
    agreement: Agreement, kind: type[RuleBase], name: str, *, branch: Branch, on: date, state: str, scheme: str
) -> NoRuleInForceError:
    of_kind = [rule for rule in agreement.content.rules if isinstance(rule, kind)]
    asked = f"for {branch}" + (f" in {state}" if state else "") + (f" ({scheme})" if scheme else "")
    message = f"Agreement '{agreement.id}' has no rule '{name}' {asked} on {on}."
    if not of_kind:
        return NoRuleInForceError(f"{message} The file {agreement.file} has none of that kind.")
    first = min(of_kind, key=lambda rule: rule.valid_from)
    return NoRuleInForceError(
        f"{message} The first date covered is {first.valid_from} ({agreement.where(first)}).",
        first_day=first.valid_from,
        citation=first.cite,
    )


def _as_rule(rule: RuleBase) -> Rule:
    return rule  # type: ignore[return-value]  # every RuleBase of a file is one of the union's members
