"""Invalidity pensions: which states pay, by the type of their legislations (`invalidity_route`)."""

from typing import Literal

from pydantic import Field

from portability.agreements.rules.base import Id, RuleBase, Text

__all__ = ["InvalidityTypes"]


class InvalidityTypes(RuleBase):
    """Legislations whose invalidity pensions do not depend on the length of insurance (type A), and all others."""

    rule: Literal["invalidity_types"]
    type_a: tuple[Id, ...] = Field(min_length=1, description="Schemes of type A; every other scheme is of type B")
    type_a_cite: Text
    one_state_cite: Text = Field(description="Type A alone: the state of the incapacity pays")
    otherwise_cite: Text = Field(description="No right there: what the other legislations still give")
    apportioned_cite: Text = Field(description="One legislation of type B, or more: calculated as old-age pensions are")
    type_a_last_cite: Text | None = Field(
        default=None, description="Incapacity under type A after type B: type A alone, if its conditions are met alone"
    )
