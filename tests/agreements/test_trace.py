"""The trace is canonical JSON, byte for byte what `json.dumps` writes, and says every value exactly."""

import json
from contextlib import suppress
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from portability.agreements.determination import determine
from portability.agreements.model import BenefitResult, Determination, Step
from portability.agreements.packaged import legislations
from portability.agreements.periods import PeriodUnit
from portability.agreements.trace import exact_text, trace_bytes
from portability.agreements.values import Branch, Citation, Money
from tests.agreements.test_boundary_dates import CASES, NAMED, facts

EUR = Money(Fraction(1440, 7), "EUR")


def plain(value: Any) -> Any:
    match value:
        case Step():
            values = {name: plain(one) for name, one in value.values}
            below = [plain(child) for child in value.children]
            return {"rule": value.rule, "citation": plain(value.citation), "values": values,
                    "output": plain(value.output), "children": below}  # fmt: skip
        case Money():
            return f"{value.amount} {value.currency}"
        case Fraction() | date() | Citation():
            return str(value)
        case tuple():
            return [plain(one) for one in value]
        case BenefitResult():
            names = ("scheme", "independent", "theoretical", "pro_rata", "ratio", "award", "steps")
            return {name: plain(getattr(value, name)) for name in names}
    return value


def canonical(made: Determination) -> bytes:
    whole = {
        "agreement": made.agreement_id,
        "state": made.state,
        "branch": made.branch.value,
        "review_status": made.review_status,
        "files": plain(made.files),
        "benefits": plain(made.benefits),
        "steps": plain(made.steps),
    }
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize("part", range(6))
def test_the_trace_is_canonical_json(part: int) -> None:
    written = 0
    for case in CASES[part::60]:
        agreement, state, on = case.values
        with suppress(*NAMED):
            made = determine(facts(agreement, state, on), agreement=agreement, legislation=legislations()[state])  # type: ignore[arg-type, index]
            assert trace_bytes(made) == canonical(made)
            written += 1
    assert written


def test_text_of_any_kind_and_every_type_of_value_is_written_exactly() -> None:
    values = (
        ("quoted", 'a "quote", a \\ and a\nline'),
        ("arabic", "\u202bتأمين\u202c"),
        ("nothing", None),
        ("yes", True),
        ("count", -3),
        ("ratio", Fraction(-2, 3)),
        ("money", EUR),
        ("day", date(2026, 7, 1)),
        ("unit", PeriodUnit.MONTHS),
        ("pairs", ((Fraction(1), "a"), ())),
    )
    step = Step("rule", Citation("SGB VI", "§ 64"), values, EUR, (Step("below", None),))
    made = Determination("x", "DE", Branch.OLD_AGE, "drafted", (("a.yaml", "00"),), (), (step,))

    assert trace_bytes(made) == canonical(made)
    assert '"money":"1440/7 EUR"' in trace_bytes(made).decode()


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), ("DE", "DE"), (Fraction(2, 3), "2/3"), (EUR, "1440/7 EUR"), (("a", 1), '["a",1]')]
)
def test_one_value_has_one_exact_text(value: Any, text: str) -> None:
    assert exact_text(value) == text


def test_what_no_step_holds_is_refused() -> None:
    made = Determination("x", "DE", Branch.OLD_AGE, "drafted", (), (), (Step("rule", None, (("share", 0.5),)),))  # type: ignore[arg-type]

    with pytest.raises(TypeError):
        trace_bytes(made)
