"""Examples that stand in the files, run as tests: what came out beside what the source says.

Their shape is documented in docs/agreement-files.md; the same shape in a file of its own tests an agreement from
outside. A case marked `known_difference` is run, shown, and expected to differ.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from pydantic import ValidationError

from portability.agreements.errors import PortabilityError
from portability.agreements.example_cases import Result, evaluate_agreement_case, evaluate_scheme_case
from portability.agreements.loading import Agreement
from portability.agreements.national.legislation import Legislation
from portability.agreements.rules import ExampleCase
from portability.agreements.values import Money, StateCode

__all__ = ["ExampleResult", "all_that_comes_out", "run_agreement_examples", "run_legislation_examples"]


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """One example that was run: `expected` and `actual` hold the same keys; `error` says why nothing came out."""

    case: ExampleCase
    passed: bool
    expected: Mapping[str, object]
    actual: Mapping[str, object]
    error: str = ""


def run_agreement_examples(
    cases: Iterable[ExampleCase], agreement: Agreement, legislations: Mapping[StateCode, Legislation]
) -> list[ExampleResult]:
    """Each case under an agreement; errors of the law become failed results with their message."""
    return [_run(case, partial(evaluate_agreement_case, case, agreement, legislations)) for case in cases]


def run_legislation_examples(legislation: Legislation) -> list[ExampleResult]:
    """Each case of a legislation file."""
    return [_run(case, partial(evaluate_scheme_case, case, legislation)) for case in legislation.content.examples]


def all_that_comes_out(
    case: ExampleCase, agreement: Agreement, legislations: Mapping[StateCode, Legislation]
) -> Mapping[str, object]:
    """All that a case gives under an agreement, as text, whatever it expects; `error` where nothing comes out."""
    try:
        actual = evaluate_agreement_case(case, agreement, legislations)
    except PortabilityError as exc:
        return {"error": exc.code, "message": exc.message}
    except (ValidationError, ValueError, ArithmeticError) as exc:
        return {"error": "INVALID_INPUT", "message": _one_line(exc)}
    return {key: _text(value) for key, value in actual.items()}


def _run(case: ExampleCase, evaluate: Callable[[], Result]) -> ExampleResult:
    try:
        actual = evaluate()
    except (PortabilityError, ValidationError, ValueError, ArithmeticError) as exc:
        if "error" not in case.expect or not isinstance(exc, PortabilityError):
            return ExampleResult(case, False, case.expect, {}, _one_line(exc))
        actual = {"error": exc.code, "citation": exc.citation, "message": exc.message}
    shown = {key: _text(actual.get(key)) for key in case.expect}
    passed = bool(case.expect) and all(_matches(key, case.expect[key], actual.get(key)) for key in case.expect)
    return ExampleResult(case, passed, case.expect, shown)


# Of these nothing else may come out than is expected.
_WHOLE = {
    "counted", "counted_days", "set_aside", "credited", "payments", "repaid", "counted_amounts", "reductions", "grid",
    "by_period",
}  # fmt: skip


def _matches(key: str, expected: object, actual: object) -> bool:
    if key in _WHOLE and isinstance(expected, dict) and isinstance(actual, Mapping) and set(expected) != set(actual):
        return False
    return _same(expected, actual)


def _same(expected: object, actual: object) -> bool:
    """Numbers are compared as exact numbers, whatever way they are written; everything else as text."""
    if isinstance(expected, dict):
        return isinstance(actual, Mapping) and all(_same(value, actual.get(key)) for key, value in expected.items())
    if isinstance(expected, list):
        return (
            isinstance(actual, list)
            and len(actual) == len(expected)
            and all(_same(one, other) for one, other in zip(expected, actual, strict=True))
        )
    if isinstance(actual, Fraction) or (isinstance(actual, int) and not isinstance(actual, bool)):
        try:
            return Fraction(str(expected)) == actual
        except (ValueError, ZeroDivisionError):
            return False
    return _text(expected) == _text(actual)


def _text(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _text(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_text(one) for one in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Fraction):
        return _exact(value)
    return "none" if value is None else str(value)


def _exact(value: Fraction) -> str:
    """Decimal text where the fraction has one, the fraction elsewhere."""
    try:
        return f"{Money(value, '').decimal():f}"
    except ValueError:
        return str(value)


def _one_line(exc: Exception) -> str:
    if isinstance(exc, ValidationError):
        return "; ".join(f"given.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in exc.errors())
    return str(exc)
