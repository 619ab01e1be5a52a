"""A determination as data that replays to the same bytes, and as text for three readers."""

import json
from collections.abc import Iterator
from typing import Literal

from portability.agreements.catalogues import Catalogue, catalogue
from portability.agreements.model import BenefitResult, Determination, Step, Value
from portability.agreements.sentences import sentence
from portability.agreements.values import Money, StateCode

__all__ = ["Audience", "exact_text", "render", "trace_bytes", "trace_value"]

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


def render(determination: Determination, audience: Audience, language: str = "en") -> str:
    """The determination in a language: article by article, step by step, or in plain words.

    NotFoundError where the language has no catalogue.
    """
    words = catalogue(language)
    lines = [words.term(f"banner_{determination.review_status}")] if determination.banner else []
    for benefit in determination.benefits:
        lines += ["", _headline(benefit, audience, words)]
        for depth, step in _walk(benefit.steps, 0):
            text = _line(step, audience, words, determination.state)
            if text:
                lines.append("  " * (depth + 1) + text)
    of_all = (_line(step, audience, words, determination.state) for step in determination.steps)
    lines += ["  " + text for text in of_all if text]
    return "\n".join(lines).strip() + "\n"


def _headline(benefit: BenefitResult, audience: Audience, words: Catalogue) -> str:
    step = Step("award" if benefit.award else "no_award", None, (("scheme", benefit.scheme),), benefit.award)
    return sentence(step, "worker" if audience == "worker" else "caseworker", words)


def _line(step: Step, audience: Audience, words: Catalogue, country: StateCode) -> str:
    citation = words.isolated(str(step.citation)) if step.citation else ""
    if audience == "worker":
        text = sentence(step, "worker", words, country=country)
        return f"{text} ({citation})" if text and citation else text
    text = sentence(step, "caseworker", words, country=country)
    if audience == "jurist":
        return f"{citation or words.term('no_provision')}: {text}"
    return f"{text} [{citation}]" if citation else text


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
        "values": {name: _exact(value) for name, value in step.values},
        "output": _exact(step.output),
        "children": [_step(child) for child in step.children],
    }


def exact_text(value: Value) -> str:
    """A value of a step as one exact text; empty where there is none."""
    found = _exact(value)
    return "" if found is None else found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _exact(value: object) -> object:
    """A value as JSON that says all of it: fractions and money as text."""
    match value:
        case None | str() | int():
            return value
        case Money():
            return _money(value)
        case tuple():
            return [_exact(one) for one in value]
        case _:
            return str(value)


def _money(amount: Money | None) -> str | None:
    return None if amount is None else f"{amount.amount} {amount.currency}"
