"""One step of an explanation, from its parts: what the coordination rules note while they compute."""

from portability.agreements.model import Step, Value
from portability.agreements.values import Citation

__all__ = ["noted"]


def noted(rule: str, cite: str, output: Value = None, **values: Value) -> Step:
    """The step of a rule: where the law says it, the values that went in, by name, and what came out."""
    return Step(rule, Citation.of(cite) if cite else None, tuple(values.items()), output)
