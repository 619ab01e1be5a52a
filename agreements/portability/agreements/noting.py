"""One step of an explanation, from its parts: what the coordination rules write while they compute."""

from portability.agreements.model import Step
from portability.agreements.values import Citation

__all__ = ["noted"]


def noted(rule: str, cite: str, output: object = "", **values: object) -> Step:
    """The step of a rule: where the law says it, the values that went in, by name, and what came out."""
    inputs = tuple((name, str(value)) for name, value in values.items())
    return Step(rule, Citation.of(cite) if cite else None, "", inputs, str(output))
