"""Who is covered, who is treated as a national, and where benefits are paid (`scope`)."""

from typing import Literal

from portability.agreements.rules.base import Group, RuleBase

__all__ = ["EqualTreatment", "Export", "PersonalScope"]


class PersonalScope(RuleBase):
    """Who is covered."""

    rule: Literal["personal_scope"]
    persons: Literal["all_insured", "nationals_and_others"]
    groups: tuple[Group, ...]


class EqualTreatment(RuleBase):
    """Who must be treated as the state's own nationals."""

    rule: Literal["equal_treatment"]
    groups: tuple[Group, ...]


class Export(RuleBase):
    """Benefits are paid abroad: where, and under which condition."""

    rule: Literal["export"]
    to: Literal["parties", "parties_and_third_states"]
    condition: Literal["none", "minimum_residence_totalized"] = "none"
