"""Family benefits: the competent state changes within a month; orphans to whom the first state gives nothing."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from portability.agreements.calendar_months import months_after
from portability.agreements.errors import NoRuleInForceError
from portability.agreements.rules import CompetenceChange, OrphansBenefits
from portability.agreements.values import StateCode

__all__ = ["orphans_state", "pays_from"]


def pays_from(changed_on: date, *, rule: CompetenceChange) -> date:
    """The day from which the other state pays: who pays as the month begins pays to its end (987/2009 Art. 59(1)).

    `changed_on` is the first day under the other legislation; where that is the first of a month, nothing overlaps.
    """
    if rule.pays_from != "first_day_of_next_month" or changed_on.day == 1:
        return changed_on
    return months_after(changed_on.replace(day=1), 1)


def orphans_state(
    periods: Mapping[StateCode, Fraction], *, acquired: frozenset[StateCode], rule: OrphansBenefits
) -> StateCode | None:
    """The state of the deceased worker's longest period that gives the right, else the next (883/2004 Art. 69(1)).

    None where no legislation gives it. Raises NoRuleInForceError where two of them stand level.
    """
    giving = {state: length for state, length in periods.items() if state in acquired}
    longest = [state for state, length in giving.items() if length == max(giving.values())]
    if len(longest) > 1:
        raise NoRuleInForceError(
            f"The deceased was as long under the legislation of {' and of '.join(sorted(longest))}; {rule.cite} names "
            "no order between them.",
            citation=rule.cite,
        )
    return longest[0] if longest else None
