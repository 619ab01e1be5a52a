"""A determination as data that replays to the same bytes, and as text for three readers."""

import json
from collections.abc import Iterator
from typing import Literal

from portability.agreements.model import BenefitResult, Determination, Step
from portability.agreements.values import Money

__all__ = ["Audience", "render", "trace_bytes", "trace_value"]

Audience = Literal["jurist", "caseworker", "worker"]


def trace_value(determination: Determination) -> dict[str, object]:
    """The whole determination as plain JSON values; exact amounts as fractions in text."""
    return {
        "agreement": determination.agreement_id,
        "state": determination.state,
        "branch": determination.branch.value,
        "review_status": determination.review_status,
        "files": [list(file) for file in determination.files],
        "benefits": [_benefit(benefit) for benefit in determination.benefits],
        "steps": [_step(step) for step in determination.steps],
    }


def trace_bytes(determination: Determination) -> bytes:
    """Canonical JSON: sorted keys, no blanks, UTF-8. The same files and facts give the same bytes."""
    return json.dumps(trace_value(determination), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def render(determination: Determination, audience: Audience) -> str:
    """The determination in English: article by article, step by step, or in plain words."""
    lines = [determination.banner] if determination.banner else []
    for benefit in determination.benefits:
        lines += ["", _headline(benefit, audience)]
        for depth, step in _walk(benefit.steps, 0):
            text = _line(step, audience)
            if text:
                lines.append("  " * (depth + 1) + text)
    lines += ["  " + text for step in determination.steps if (text := _line(step, audience))]
    return "\n".join(lines).strip() + "\n"


def _headline(benefit: BenefitResult, audience: Audience) -> str:
    if audience == "worker":
        return (
            f"You would get {benefit.award.shown()} a month."
            if benefit.award
            else "No pension from this scheme for now."
        )
    return f"{benefit.scheme}: " + (f"{benefit.award.shown()} a month" if benefit.award else "no benefit")


def _line(step: Step, audience: Audience) -> str:
    citation = str(step.citation) if step.citation else ""
    if audience == "worker":
        return f"{step.plain} ({citation})" if step.plain and citation else step.plain
    if audience == "jurist":
        return f"{citation or 'no provision'}: {step.said}"
    return f"{step.said} [{citation}]" if citation else step.said


def _walk(steps: tuple[Step, ...], depth: int) -> Iterator[tuple[int, Step]]:
    for step in steps:
        yield depth, step
        yield from _walk(step.children, depth + 1)


def _benefit(benefit: BenefitResult) -> dict[str, object]:
    return {
        "scheme": benefit.scheme,
        "independent": _money(benefit.independent),
        "theoretical": _money(benefit.theoretical),
        "pro_rata": _money(benefit.pro_rata),
        "ratio": str(benefit.ratio) if benefit.ratio is not None else None,
        "award": _money(benefit.award),
        "steps": [_step(step) for step in benefit.steps],
    }


def _step(step: Step) -> dict[str, object]:
    return {
        "rule": step.rule,
        "citation": str(step.citation) if step.citation else None,
        "said": step.said,
        "inputs": dict(step.inputs),
        "output": step.output,
        "children": [_step(child) for child in step.children],
    }


def _money(amount: Money | None) -> str | None:
    return None if amount is None else f"{amount.amount} {amount.currency}"
