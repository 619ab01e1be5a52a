"""A determination as text for three readers, in each language with a catalogue."""

from collections.abc import Iterator
from typing import Literal

from portability.agreements.catalogues import Catalogue, catalogue
from portability.agreements.model import BenefitResult, Determination, Step
from portability.agreements.sentences import sentence
from portability.agreements.trace import exact_text, trace_bytes
from portability.agreements.values import StateCode

__all__ = ["Audience", "exact_text", "render", "trace_bytes"]

Audience = Literal["jurist", "caseworker", "worker"]


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
