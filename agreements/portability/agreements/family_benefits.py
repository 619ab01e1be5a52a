"""Family benefits of several states for the same children: who pays first, and what the others add. Pure arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from portability.agreements.errors import InputError, NoRuleInForceError, UnmodelledProvisionError
from portability.agreements.rules import Basis, FamilyPriority
from portability.agreements.values import Citation, Money, StateCode

__all__ = ["FamilyPayment", "FamilyResult", "FamilyRight", "family_benefits"]


@dataclass(frozen=True, slots=True)
class FamilyRight:
    """A right under one legislation for the same children and the same time, whole, before any priority.

    `insured` is the period of insurance or residence there; it counts between pensions only.
    """

    state: StateCode
    basis: Basis
    amount: Money
    insured: Fraction | None = None


@dataclass(frozen=True, slots=True)
class FamilyPayment:
    """What one state pays: the whole benefit, a supplement, or nothing (amount 0), and where the law says it."""

    state: StateCode
    amount: Money
    citation: Citation


@dataclass(frozen=True, slots=True)
class FamilyResult:
    """The state with priority and why, each state's payment, and what another state repays to the first."""

    priority: StateCode
    citation: Citation
    payments: tuple[FamilyPayment, ...]
    repaid: FamilyPayment | None = None  # by the other state, half and half where the rule shares the cost


def family_benefits(
    rights: Sequence[FamilyRight], *, rule: FamilyPriority, children_residence: StateCode
) -> FamilyResult:
    """The order of 883/2004 Art. 68(1), the supplement of 68(2), the shared cost of 987/2009 Art. 58.

    Amounts are in one currency, for the same time. Raises InputError for what is not stated, NoRuleInForceError where
    the rule names no order between the rights, UnmodelledProvisionError where several states would owe a supplement.
    """
    if len({right.state for right in rights}) != len(rights) or not rights:
        raise InputError("Family benefits: state one right for each state, and at least one.", field="rights")
    basis = next((one for one in rule.order if any(right.basis == one for right in rights)), None)
    first = [right for right in rights if right.basis == basis]
    chosen, cite = _first_of(first, rule, children_residence) if len(first) > 1 else (first[0], rule.order_cite)
    payments = [FamilyPayment(chosen.state, chosen.amount, Citation.of(cite))]
    payments += [_other(right, chosen, rule, children_residence) for right in rights if right is not chosen]
    if sum(1 for payment in payments[1:] if payment.amount.amount > 0) > 1:
        raise UnmodelledProvisionError(
            f"Several states would owe a supplement over {chosen.state}'s benefit: {rule.supplement_cite} does not say "
            "how their supplements add up. Determine them by hand.",
            citation=rule.supplement_cite or rule.cite,
        )
    return FamilyResult(chosen.state, Citation.of(cite), tuple(payments), _repaid(first, chosen, cite, rule))


def _first_of(
    rights: Sequence[FamilyRight], rule: FamilyPriority, children_residence: StateCode
) -> tuple[FamilyRight, str]:
    """Between rights on one basis (883/2004 Art. 68(1)(b)): the children's residence, then amount or length."""
    at_home = [right for right in rights if right.state == children_residence]
    if at_home and rule.children_residence_cite is not None:
        return at_home[0], rule.children_residence_cite
    basis = rights[0].basis
    if basis == "activity" and rule.highest_amount_cite is not None:
        return _highest(rights, [right.amount.amount for right in rights], rule.highest_amount_cite)
    if basis == "pension" and rule.longest_period_cite is not None:
        if any(right.insured is None for right in rights):
            raise InputError("How long are the periods in each state that pays a pension?", field="rights.insured")
        return _highest(rights, [right.insured or Fraction(0) for right in rights], rule.longest_period_cite)
    raise NoRuleInForceError(
        f"'{rule.id}' ({rule.cite}) names no order between rights on {basis} in "
        f"{', '.join(right.state for right in rights)} for children in {children_residence}.",
        citation=rule.cite,
    )


def _highest(rights: Sequence[FamilyRight], measures: Sequence[Fraction], cite: str) -> tuple[FamilyRight, str]:
    highest = [right for right, measure in zip(rights, measures, strict=True) if measure == max(measures)]
    if len(highest) > 1:
        states = ", ".join(right.state for right in highest)
        raise NoRuleInForceError(f"{states} stand level, and {cite} names no order between them.", citation=cite)
    return highest[0], cite


def _other(
    right: FamilyRight, first: FamilyRight, rule: FamilyPriority, children_residence: StateCode
) -> FamilyPayment:
    """Suspended up to the first state's amount; what exceeds it is a supplement (883/2004 Art. 68(2))."""
    nothing = Money(Fraction(0), right.amount.currency)
    if rule.supplement_cite is None:
        return FamilyPayment(right.state, nothing, rule.citation)
    if right.basis == "residence" and right.state != children_residence and rule.no_supplement_cite is not None:
        return FamilyPayment(right.state, nothing, Citation.of(rule.no_supplement_cite))
    above = right.amount - first.amount
    return FamilyPayment(right.state, above if above.amount > 0 else nothing, Citation.of(rule.supplement_cite))


def _repaid(
    same_basis: Sequence[FamilyRight], first: FamilyRight, cite: str, rule: FamilyPriority
) -> FamilyPayment | None:
    """Half the highest amount, at most what the other legislation provides (987/2009 Art. 58, second sentence)."""
    others = [right for right in same_basis if right is not first]
    if rule.shared is None or rule.shared_cite is None or cite != rule.highest_amount_cite:
        return None
    if len(others) > 1:
        raise UnmodelledProvisionError(
            f"{rule.shared_cite} shares the cost between two states; here there are {len(same_basis)}.",
            citation=rule.shared_cite,
        )
    part, most = first.amount * rule.shared, others[0].amount
    return FamilyPayment(others[0].state, part if part <= most else most, Citation.of(rule.shared_cite))
