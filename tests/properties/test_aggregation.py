"""Under every agreement: the time of other states never takes away what own time alone gives."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import cast

import pytest

from portability.agreements.determination import determine
from portability.agreements.loading import Agreement
from portability.agreements.model import BenefitResult, DeterminationFacts
from portability.agreements.packaged import agreements, legislations
from tests.agreements.test_boundary_dates import CASES, NAMED, facts

Case = tuple[Agreement, str, date]


def benefits(given: DeterminationFacts, agreement: Agreement) -> dict[str, BenefitResult] | None:
    try:
        made = determine(given, agreement=agreement, legislation=legislations()[given.state])
    except NAMED:
        return None
    return {benefit.scheme: benefit for benefit in made.benefits}


def compared(agreement: Agreement) -> Iterator[tuple[str, BenefitResult, BenefitResult]]:
    """Each scheme that pays on own time alone, with what it pays once others' time is known."""
    for case in [one for one in CASES if one.values[0] is agreement][::3]:
        _, state, on = cast(Case, case.values)
        given = facts(agreement, state, on)
        own = replace(given, periods=tuple(period for period in given.periods if period.state == state))
        for scheme, alone in (benefits(own, agreement) or {}).items():
            if alone.award is not None:
                together = benefits(given, agreement)
                assert together is not None, (agreement.id, state, on, scheme)
                yield f"{agreement.id} {state} {on} {scheme}", alone, together[scheme]


@pytest.mark.parametrize("agreement", agreements().values(), ids=agreements())
def test_aggregation_never_lowers_a_right(agreement: Agreement) -> None:
    for where, alone, together in compared(agreement):
        assert alone.award is not None
        assert together.award is not None, where
        assert together.award.amount >= alone.award.amount, where


def test_there_is_something_to_compare() -> None:
    assert sum(1 for agreement in agreements().values() for _ in compared(agreement)) > 100
