"""G5: one explained determination with its serialised trace, beside OpenFisca with trace on the same pension rules.

The claim is that of tests/services/determination: Germany and Italy, 883/2004 Art. 52. OpenFisca gets the months and
weeks already counted; we are given the periods and also resolve overlaps and write every step with its citation. Both
must come to the same amount. OpenFisca's 32-bit floats make it round as we do only because the amounts are small.
"""

import json
import statistics
import time
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any

from portability.agreements import packaged
from portability.agreements.determination import determine
from portability.agreements.explanation import trace_bytes
from portability.agreements.national.earnings_points import EarningsPoints
from tests.services.determination.samples import AWARD, BORN, facts

PAIRS = 9
ROUNDS = 40
"""Determinations of each kind in one pair."""
MONTH = f"{AWARD:%Y-%m}"


def run() -> list[dict[str, Any]]:
    """Microseconds for one determination with its trace, ours beside OpenFisca; the ratio is ours over theirs."""
    ours, theirs = _ours(), _openfisca()
    _same_award(ours(), theirs())
    times: list[tuple[float, float]] = []
    for _ in range(PAIRS):
        times.append((_microseconds(ours), _microseconds(theirs)))
    return [
        {
            "name": "g5_explained_determination",
            "value": round(statistics.median(mine for mine, _ in times), 1),
            "unit": "us",
            "baseline": round(statistics.median(base for _, base in times), 1),
            "ratio": round(statistics.median(mine / base for mine, base in times), 4),
        }
    ]


def _microseconds(once: Callable[[], bytes]) -> float:
    started = time.perf_counter()
    for _ in range(ROUNDS):
        once()
    return (time.perf_counter() - started) / ROUNDS * 1e6


def _same_award(ours: bytes, theirs: bytes) -> None:
    award = Fraction(json.loads(ours)["benefits"][0]["award"].split()[0])
    found = json.loads(theirs)[f"award<{MONTH}>"]["value"][0]
    if abs(float(award) - found) > 0.005:
        raise AssertionError(f"OpenFisca comes to {found}, we come to {float(award)}: the rules are not the same.")


def _ours() -> Callable[[], bytes]:
    claim = facts()
    agreement, legislation = packaged.agreement("eu-883-2004"), packaged.legislation("DE")
    return lambda: trace_bytes(determine(claim, agreement=agreement, legislation=legislation))


def _openfisca() -> Callable[[], bytes]:
    """Build a simulation of one person, calculate the award with trace, serialise the flat trace."""
    from openfisca_core.simulations import SimulationBuilder

    system = _system()
    person = {
        "birth_year": {"ETERNITY": BORN.year},
        "birth_month": {"ETERNITY": BORN.month},
        "earnings_points": {MONTH: 12},
        "own_months": {MONTH: 120},
        "italian_weeks": {MONTH: 780},
    }

    def once() -> bytes:
        simulation = SimulationBuilder().build_from_entities(system, {"persons": {"anna": person}})
        simulation.trace = True
        simulation.calculate("award", MONTH)
        trace = simulation.tracer.get_serialized_flat_trace()
        return json.dumps(trace, sort_keys=True, separators=(",", ":"), default=str).encode()

    return once


def _system() -> Any:
    """The rules of SGB VI and of 883/2004 that the claim needs, as OpenFisca variables and parameters."""
    from openfisca_core.entities import build_entity
    from openfisca_core.parameters import ParameterNode
    from openfisca_core.taxbenefitsystems import TaxBenefitSystem

    (scheme,) = packaged.legislation("DE").content.schemes
    assert isinstance(scheme, EarningsPoints)
    entity = build_entity(key="person", plural="persons", label="A person", is_person=True)
    system = TaxBenefitSystem([entity])
    values = {str(row.valid_from): {"value": float(row.value)} for row in scheme.current_value}
    constants = {
        "current_value": values,
        "minimum_months": {"1992-01-01": {"value": 60}},
        "pension_type_factor": {"1992-01-01": {"value": 1.0}},
        "later_claim_per_month": {"1992-01-01": {"value": 0.005}},
        "days_in_week": {"1992-01-01": {"value": 6}},
        "days_in_month": {"1992-01-01": {"value": 26}},
    }
    system.parameters = ParameterNode("", data={name: {"values": rows} for name, rows in constants.items()})
    for variable in _variables(entity, [(row.born_from, row.months) for row in scheme.age]):
        system.add_variable(variable)
    return system


def _variables(entity: Any, ages: list[tuple[date, int]]) -> list[Any]:
    import numpy as np
    from openfisca_core.periods import ETERNITY
    from openfisca_core.periods import MONTH as BY_MONTH
    from openfisca_core.variables import Variable

    assert all(after[0] > before[0] for before, after in pairwise(ages))
    years = np.array([born.year for born, _ in ages])
    months = np.array([age for _, age in ages])

    def half_up(amounts: Any, decimals: int) -> Any:
        return np.floor(amounts * 10**decimals + 0.5) / 10**decimals

    def fact(name: str, period: Any = BY_MONTH, kind: type = float) -> Any:
        body = {"value_type": kind, "entity": entity, "definition_period": period, "label": name}
        return type(name, (Variable,), body)

    def rule(name: str, formula: Any, kind: type = float) -> Any:
        body = {"value_type": kind, "entity": entity, "definition_period": BY_MONTH, "label": name, "formula": formula}
        return type(name, (Variable,), body)

    def pension_age_months(person: Any, period: Any, parameters: Any) -> Any:
        return months[np.searchsorted(years, person("birth_year", "ETERNITY"), side="right") - 1]

    def months_late(person: Any, period: Any, parameters: Any) -> Any:
        born = person("birth_year", "ETERNITY") * 12 + person("birth_month", "ETERNITY")
        reached = born + person("pension_age_months", period)
        return np.maximum(period.start.year * 12 + period.start.month - reached - 1, 0)

    def of_age(person: Any, period: Any, parameters: Any) -> Any:
        born = person("birth_year", "ETERNITY") * 12 + person("birth_month", "ETERNITY")
        return born + person("pension_age_months", period) <= period.start.year * 12 + period.start.month

    def access_factor(person: Any, period: Any, parameters: Any) -> Any:
        return 1 + person("months_late", period) * parameters(period).later_claim_per_month

    def converted_months(person: Any, period: Any, parameters: Any) -> Any:
        known = parameters(period)
        return np.ceil(person("italian_weeks", period) * known.days_in_week / known.days_in_month)

    def all_months(person: Any, period: Any, parameters: Any) -> Any:
        return person("own_months", period) + person("converted_months", period)

    def amount(person: Any, period: Any, parameters: Any, points: Any) -> Any:
        known = parameters(period)
        personal = half_up(half_up(points, 4) * person("access_factor", period), 4)
        return half_up(personal * known.pension_type_factor * known.current_value, 2)

    def independent_amount(person: Any, period: Any, parameters: Any) -> Any:
        alone = person("own_months", period) >= parameters(period).minimum_months
        return alone * amount(person, period, parameters, person("earnings_points", period))

    def theoretical_amount(person: Any, period: Any, parameters: Any) -> Any:
        share = person("all_months", period) / person("own_months", period)
        return amount(person, period, parameters, person("earnings_points", period) * share)

    def pro_rata(person: Any, period: Any, parameters: Any) -> Any:
        share = person("own_months", period) / person("all_months", period)
        together = person("all_months", period) >= parameters(period).minimum_months
        return together * half_up(person("theoretical_amount", period) * share, 2)

    def award(person: Any, period: Any, parameters: Any) -> Any:
        higher = np.maximum(person("independent_amount", period), person("pro_rata", period))
        return person("of_age", period) * higher

    return [
        fact("birth_year", ETERNITY, int),
        fact("birth_month", ETERNITY, int),
        fact("earnings_points"),
        fact("own_months"),
        fact("italian_weeks"),
        rule("pension_age_months", pension_age_months, int),
        rule("months_late", months_late, int),
        rule("of_age", of_age, bool),
        rule("access_factor", access_factor),
        rule("converted_months", converted_months),
        rule("all_months", all_months),
        rule("independent_amount", independent_amount),
        rule("theoretical_amount", theoretical_amount),
        rule("pro_rata", pro_rata),
        rule("award", award),
    ]
