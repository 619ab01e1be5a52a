"""Who is covered, who is treated as a national, and where benefits are paid (`scope`)."""

from typing import ClassVar, Literal

from pydantic import Field

from portability.agreements.rules.base import Group, Id, RuleBase, Text

__all__ = ["EqualTreatment", "Export", "PersonalScope", "Precedence"]


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
    """Benefits are paid abroad: where, under which condition, and which are not (`scope`, `export`)."""

    rule: Literal["export"]
    to: Literal["parties", "parties_and_third_states"]
    condition: Literal["none", "minimum_residence_totalized"] = "none"
    excluded: tuple[Id, ...] = Field(
        default=(), description="Benefits or schemes that are not paid abroad, or not long"
    )
    excluded_cite: Text | None = None
    excluded_months: int = Field(
        default=0, ge=0, le=120, description="For so many months after leaving they are paid all the same"
    )


class Precedence(RuleBase):
    """Which agreement applies where another one binds the same states (`selection`)."""

    several_at_once: ClassVar[bool] = True

    rule: Literal["precedence"]
    relation: Literal["replaces", "yields", "most_favourable"]
    among: Literal["all_that_apply_between_its_parties", "bilateral_ones"] = "all_that_apply_between_its_parties"
    over: tuple[Id, ...] = Field(default=(), description="Which other agreements by name; empty: all of those")
    but_not: tuple[Id, ...] = Field(default=(), description="Agreements that stand beside it")
    but_not_cite: Text | None = None
    exceptions_cite: Text | None = Field(default=None, description="Where provisions are listed that go on applying")

    @property
    def subjects(self) -> tuple[str, ...]:
        return (self.relation,)
