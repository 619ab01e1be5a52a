"""What the page of one treaty shows, as plain values for its template: the law in article order, dates, tests, gaps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from babel import Locale

from portability.agreements.citations import article_of, article_order, place_in
from portability.agreements.coverage import FileCoverage, of_agreement
from portability.agreements.guarantees import Treatment, treatment
from portability.agreements.guarantees_report import NAMES
from portability.agreements.loading import Agreement
from portability.agreements.rule_meaning import GROUP_WORDS, meaning
from portability.agreements.rule_words import Parameter, dates_in_words, joined, kind_of, label, parameters
from portability.agreements.rules import AgreementFile, RuleBase
from portability.app.commands.printing import plain
from portability.services.determination.model import CaseReport

__all__ = ["Event", "RuleView", "TestView", "TreatyView", "treaty_view"]


@dataclass(frozen=True, slots=True)
class RuleView:
    """One rule: where the law says it, what it means, and its parameters in words."""

    id: str
    cite: str
    place: str
    kind: str
    meaning: str
    marks: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    verified: bool
    note: str


@dataclass(frozen=True, slots=True)
class Event:
    """A day on which something starts or ends."""

    on: date
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TestView:
    """One example as it came out; `results` names each value with what was expected."""

    id: str
    title: str
    status: str
    trust: str
    source: str
    results: tuple[tuple[str, str, str], ...]
    reason: str


@dataclass(frozen=True, slots=True)
class TreatyView:
    """Everything on the page."""

    content: AgreementFile
    file: str
    sha256: str
    since: date
    states: str
    articles: tuple[tuple[str, tuple[RuleView, ...]], ...]
    timeline: tuple[Event, ...]
    tests: tuple[TestView, ...]
    test_counts: str
    coverage: FileCoverage
    treatment: Treatment
    guarantee_names: dict[str, str]
    groups: dict[str, str]


def treaty_view(agreement: Agreement, reports: Sequence[CaseReport]) -> TreatyView:
    """The page's values; `reports` are the examples of the agreement, run."""
    content = agreement.content
    return TreatyView(
        content=content,
        file=agreement.file,
        sha256=agreement.sha256,
        since=min(rule.valid_from for rule in content.rules),
        states=joined(map(_state, content.parties)),
        articles=_articles(content),
        timeline=_timeline(content),
        tests=tuple(map(_test, reports)),
        test_counts=_counted(reports),
        coverage=of_agreement(agreement),
        treatment=treatment(agreement),
        guarantee_names=NAMES,
        groups=dict(GROUP_WORDS),
    )


def _articles(content: AgreementFile) -> tuple[tuple[str, tuple[RuleView, ...]], ...]:
    """The rules by the article that they stand in, in the order of the texts and of their articles."""
    texts = [one.id for one in content.instruments]
    found: dict[str, list[RuleBase]] = {}
    for rule in sorted(content.rules, key=lambda one: _order(one, content, texts)):
        place = place_in(rule.cite, content.instruments)
        text = rule.cite.removesuffix(place)
        found.setdefault(f"{text}{article_of(place)}".strip() or rule.cite, []).append(rule)
    return tuple((article, tuple(_rule(rule, content) for rule in rules)) for article, rules in found.items())


def _order(rule: RuleBase, content: AgreementFile, texts: list[str]) -> tuple[object, ...]:
    place = place_in(rule.cite, content.instruments)
    text = rule.cite.removesuffix(place).strip()
    return texts.index(text) if text in texts else len(texts), article_order(place), rule.valid_from


def _rule(rule: RuleBase, content: AgreementFile) -> RuleView:
    marks = [dates_in_words(rule.valid_from, rule.valid_until)]
    if rule.states:
        marks.append(f"applied by {joined(map(_state, rule.states))}")
    if rule.schemes:
        marks.append(f"for {', '.join(rule.schemes)}")
    if rule.branches:
        marks.append(f"for {joined(map(label, rule.branches))}")
    place = place_in(rule.cite, content.instruments)
    return RuleView(rule.id, rule.cite, place, label(kind_of(rule)), meaning(rule), tuple(marks),
                    parameters(rule, content.instruments), rule.status == "verified", rule.note or "")  # fmt: skip


_NAMED = 6
"""More rules than these on one day are counted and not named: it is the day of entry into force."""


def _timeline(content: AgreementFile) -> tuple[Event, ...]:
    days: dict[date, list[str]] = {}
    starts: dict[date, list[RuleBase]] = {}
    for rule in content.rules:
        starts.setdefault(rule.valid_from, []).append(rule)
        if rule.valid_until:
            days.setdefault(rule.valid_until, []).append(f"last day of {rule.cite}: {label(kind_of(rule))}")
    for day, rules in starts.items():
        named = [f"{rule.cite} starts: {label(kind_of(rule))}" for rule in rules]
        days.setdefault(day, []).extend(named if len(rules) <= _NAMED else [f"{len(rules)} rules start"])
    for party in content.bound:
        for bound_on, verb in ((party.valid_from, "is bound from this day on"), (party.valid_until, "is bound until")):
            if bound_on:
                days.setdefault(bound_on, []).append(f"{_state(party.state)} {verb} ({party.cite})")
    return tuple(Event(day, tuple(what)) for day, what in sorted(days.items()))


def _test(report: CaseReport) -> TestView:
    results = tuple(
        (label(str(name)), plain(value), plain(report.actual.get(name))) for name, value in report.expected.items()
    )
    case = report.case
    return TestView(case.id, case.title, report.status.value, label(case.trust), case.source, results, report.reason)


def _counted(reports: Iterable[CaseReport]) -> str:
    found = [report.status.value for report in reports]
    return ", ".join(f"{found.count(status)} {status}" for status in ("passed", "failed", "differs"))


def _state(code: str) -> str:
    return str(Locale("en").territories.get(code, code))
