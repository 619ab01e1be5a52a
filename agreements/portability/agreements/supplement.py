"""The supplement up to a higher national right: European Convention of 1972 Art. 34, Rhine Boatmen 1979 Art. 37."""

from dataclasses import replace

from portability.agreements.errors import UnmodelledProvisionError
from portability.agreements.model import BenefitResult, Step
from portability.agreements.rules import ProRataWithSupplement
from portability.agreements.shares import Calculation, independent_benefit, pro_rata_share
from portability.agreements.values import Citation, Money

__all__ = ["pro_rata_with_supplement", "supplement_to_independent"]


def supplement_to_independent(independent: Money, *, payable: Money) -> Money:
    """The difference where the amount on own periods alone is more than all benefits together (Art. 34(1))."""
    return Money(max(independent.amount - payable.amount, type(independent.amount)(0)), independent.currency)


def pro_rata_with_supplement(case: Calculation, rule: ProRataWithSupplement) -> BenefitResult:
    """Pro rata for everybody; where own periods alone give more than all benefits together, the difference as well.

    What the other institutions pay is the figure `others_payable`, a month in the scheme's currency. Raises
    UnmodelledProvisionError where a supplement is possible and the figure is missing.
    """
    share = pro_rata_share(case, rule)
    if not case.alone or share.pro_rata is None or share.award is None:
        return share
    independent = independent_benefit(case, rule.supplement_cite)
    if independent.award is None or independent.award.amount <= share.award.amount:
        return replace(share, independent=independent.award)
    others = case.facts.scheme_facts.get(case.scheme.id, {}).get("others_payable")
    if others is None:
        raise UnmodelledProvisionError(
            f"Own periods alone give more under '{case.scheme.id}' than the share by periods: give what the other "
            "institutions pay a month as the figure 'others_payable', to know the supplement.",
            citation=rule.supplement_cite,
        )
    payable = share.award + Money(others, share.award.currency)
    extra = supplement_to_independent(independent.award, payable=payable)
    due = share.award + extra
    step = Step(
        "supplement_to_independent",
        Citation.of(rule.supplement_cite),
        (("independent", independent.award), ("payable", payable)),
        extra,
    )
    return replace(share, independent=independent.award, award=due, steps=(*independent.steps, *share.steps, step))
