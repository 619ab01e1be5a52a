"""Which way an invalidity pension goes: from one state alone, or from all of them by periods."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from portability.agreements.rules import InvalidityTypes
from portability.agreements.values import Citation, StateCode

__all__ = ["Insured", "InvalidityRoute", "invalidity_route"]


@dataclass(frozen=True, slots=True)
class Insured:
    """Insurance under one scheme; `opens_right` says that its conditions are met (aggregating where that is allowed).

    `without_type_b` says that they are met without any period under a legislation of type B.
    """

    state: StateCode
    scheme: str
    opens_right: bool
    without_type_b: bool = False


@dataclass(frozen=True, slots=True)
class InvalidityRoute:
    """One state alone, or all states by their periods; `states` are those that pay or calculate."""

    way: Literal["one_state", "other_states", "by_periods"]
    states: tuple[StateCode, ...]
    citation: Citation


def invalidity_route(
    insured: Sequence[Insured], *, incapacity_under: str, claims_old_age: bool, rule: InvalidityTypes
) -> InvalidityRoute:
    """Type A legislations alone, or type B among them (883/2004 Art. 44(2), 44(3), 46(1) and 46(2)).

    `incapacity_under` is the scheme that applied when the incapacity for work began.
    """
    current = next(one for one in insured if one.scheme == incapacity_under)
    only_type_a = all(one.scheme in rule.type_a for one in insured)
    if not only_type_a and not _type_a_alone(current, rule, claims_old_age=claims_old_age):
        states = tuple(sorted({one.state for one in insured}))
        return InvalidityRoute("by_periods", states, Citation.of(rule.apportioned_cite))
    if current.opens_right or current.without_type_b:
        cite = rule.one_state_cite if only_type_a else rule.type_a_last_cite
        return InvalidityRoute("one_state", (current.state,), Citation.of(cite or rule.one_state_cite))
    others = tuple(sorted({one.state for one in insured if one.opens_right and one is not current}))
    return InvalidityRoute("other_states", others, Citation.of(rule.otherwise_cite))


def _type_a_alone(current: Insured, rule: InvalidityTypes, *, claims_old_age: bool) -> bool:
    """Incapacity under type A, its conditions met without type B, no old-age claim (883/2004 Art. 46(2))."""
    last = rule.type_a_last_cite is not None and current.scheme in rule.type_a
    return last and current.without_type_b and not claims_old_age
