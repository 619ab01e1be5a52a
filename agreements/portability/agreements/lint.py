"""What is wrong or missing in a file that can be loaded: its citations, proofs of inequality, dates, texts, examples.

A fault must be corrected before the file is applied; a warning is for its author to weigh. Pure.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import get_args

from pydantic import BaseModel

from portability.agreements.awards import CalculationRule
from portability.agreements.citations import Provision, names_a_place, place_in, provisions
from portability.agreements.equal_treatment import Proof, findings_of, proof_of
from portability.agreements.national.legislation import LegislationFile
from portability.agreements.rule_words import joined, kind_of
from portability.agreements.rules import AgreementFile
from portability.agreements.scaffold import PLACEHOLDER
from portability.agreements.values import Branch, StateCode

__all__ = ["Remark", "remarks"]

Content = AgreementFile | LegislationFile
Path = tuple[str | int, ...]

FIRST_YEAR, LAST_YEAR = 1880, 2100
"""Compulsory social insurance began in 1883; a rule of a day outside these years is a slip of the pen."""
PENSIONS = (Branch.OLD_AGE, Branch.SURVIVORS, Branch.INVALIDITY)


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to correct (`is_fault`) or to weigh; `path` leads to its place in the file."""

    path: Path
    text: str
    is_fault: bool


def remarks(content: Content, laws: Collection[LegislationFile] = ()) -> tuple[Remark, ...]:
    """All that there is to say of a file, faults first, each in the order of the file.

    `laws` are the national laws known; without any, nothing is said of what an agreement needs from them.
    """
    found = [
        *_unfilled(content, ()),
        *_citations(content),
        *_inequalities(content),
        *_dates(content),
        *_review(content),
        *_texts(content),
    ]
    if isinstance(content, AgreementFile):
        found += [*_parties(content), *_bound(content), *_uncapped(content, laws), *_examples(content)]
    return tuple(sorted(found, key=lambda one: not one.is_fault))


def _unfilled(entry: BaseModel, path: Path) -> Iterator[Remark]:
    """What a scaffold left open is never taken for law."""
    for name in type(entry).model_fields:
        value = getattr(entry, name)
        several = isinstance(value, tuple)
        for index, one in enumerate(value if several else (value,)):
            place = (*path, name, index) if several else (*path, name)
            if isinstance(one, BaseModel):
                yield from _unfilled(one, place)
            elif isinstance(one, str) and PLACEHOLDER in one:
                yield Remark(place, f"still to be filled in, from the text: '{one}'", is_fault=True)


def _citations(content: Content) -> Iterator[Remark]:
    """What was verified was read somewhere: its citation names the place.

    The day from which a party is bound is left out: a gazette's notice of it has no articles.
    """
    unread = {one.id for one in content.instruments if one.read.lower().startswith("not read")}
    for one in _provisions(content):
        if one.path[0] == "bound" or PLACEHOLDER in one.cite:
            continue
        for name, cite in _other_cites(_at(content, one.path), content):
            text = f"'{one.name}' cites '{cite}' in {name}, which names no article: name it, to the sub-paragraph"
            yield Remark((*one.path, name), text, one.verified)
        place = place_in(one.cite, content.instruments)
        instrument = one.cite.removesuffix(place).strip()
        if not names_a_place(place):
            text = f"'{one.name}' cites '{one.cite}', which names no article: name it, to the sub-paragraph"
            yield Remark((*one.path, "cite"), text, one.verified)
        elif one.verified and instrument in unread:
            text = f"'{one.name}' is marked as verified, but '{instrument}' was not read: mark it `status: unverified`"
            yield Remark((*one.path, "cite"), text, is_fault=True)


def _other_cites(entry: object, content: Content) -> Iterator[tuple[str, str]]:
    """Citations of single parameters that name no place."""
    for name in type(entry).model_fields if isinstance(entry, BaseModel) else ():
        value = getattr(entry, name)
        if not name.endswith("_cite") or not isinstance(value, str) or PLACEHOLDER in value:
            continue
        if not names_a_place(place_in(value, content.instruments)):
            yield name, value


def _inequalities(content: Content) -> Iterator[Remark]:
    for finding in findings_of(content):
        proof = proof_of(finding, content)
        if proof is Proof.SUBPARAGRAPH:
            continue
        if PLACEHOLDER in finding.cite:
            continue
        told = f"'{finding.rule}' can differ by {finding.ground} ({finding.what})"
        if proof is Proof.MISSING:
            yield Remark(finding.path, f"{told}: cite the sub-paragraph that says so, not '{finding.cite}'", True)
        else:
            text = f"{told}: '{finding.cite}' names the whole article; if it has paragraphs, name the one that says so"
            yield Remark(finding.path, text, is_fault=False)


def _dates(content: Content) -> Iterator[Remark]:
    for one in _provisions(content):
        entry = _at(content, one.path)
        for name in ("valid_from", "valid_until", "born_from", "time_from", "time_until"):
            day = getattr(entry, name, None)
            if isinstance(day, date) and not FIRST_YEAR <= day.year <= LAST_YEAR:
                text = f"'{one.name}' names {day}: expected a day of {FIRST_YEAR} to {LAST_YEAR}"
                # Ages are told from a day on that lies before every birth.
                yield Remark((*one.path, name), text, is_fault=name != "born_from")


def _review(content: Content) -> Iterator[Remark]:
    """A review covers the whole file; `drafted` says that the texts were read."""
    unverified = [one.name for one in _provisions(content) if not one.verified]
    if unverified and content.status != "unverified":
        named = joined(f"'{name}'" for name in unverified[:3]) + (" and others" if len(unverified) > 3 else "")
        text = f"the file is {content.status}, though {named} are marked as unverified"
        yield Remark(("status",), text, is_fault=content.status == "reviewed")


def _texts(content: Content) -> Iterator[Remark]:
    for index, one in enumerate(content.instruments):
        if one.read_sha256 is None and not one.read.lower().startswith("not read"):
            text = f"'{one.id}' was read, but the SHA-256 of the copy is not given: add `read_sha256`"
            yield Remark(("instruments", index), text, is_fault=False)


def _parties(content: AgreementFile) -> Iterator[Remark]:
    """Each party has a way of calculating each pension that the file covers, or a gap that says that it has none."""
    if content.incorporates is not None:
        return
    for branch in PENSIONS:
        without = [state for state in content.parties if not _calculated(content, state, branch)]
        if branch in content.branches and without:
            text = (
                f"no rule says how {', '.join(without)} calculates {branch.replace('_', ' ')}, and no gap says so: "
                "add the rule, or a gap with `stops: calculation`"
            )
            yield Remark(("rules",), text, is_fault=False)


def _calculated(content: AgreementFile, state: StateCode, branch: Branch) -> bool:
    stopped = any(
        gap.stops in ("calculation", "everything") and (not gap.states or state in gap.states)
        for gap in content.not_modelled
    )
    return stopped or any(
        isinstance(rule, get_args(CalculationRule))
        and (not rule.states or state in rule.states)
        and branch in (rule.branches or content.branches)
        for rule in content.rules
    )


def _bound(content: AgreementFile) -> Iterator[Remark]:
    first = min(rule.valid_from for rule in content.rules)
    for index, party in enumerate(content.bound):
        if party.valid_from is not None and party.valid_from < first:
            text = f"{party.state} is bound from {party.valid_from}, before the first rule is in force ({first})"
            yield Remark(("bound", index), text, is_fault=False)


def _uncapped(content: AgreementFile, laws: Collection[LegislationFile]) -> Iterator[Remark]:
    """A cap at the full-benefit period needs that period: from a law, or as a figure of the institution."""
    for index, rule in enumerate(content.rules):
        if not laws or getattr(rule, "maximum_cite", None) is None:
            continue
        states = set(rule.states or content.parties)
        schemes = [one for law in laws if law.state in states for one in law.schemes]
        concerned = [one for one in schemes if not rule.schemes or one.id in rule.schemes]
        if not any(one.full_after for one in concerned):
            text = (
                f"'{rule.id}' caps the total, and no law of {', '.join(sorted(states))} says at what: no cap without "
            )
            yield Remark(("rules", index, "maximum_cite"), f"{text}the figure full_period", is_fault=False)


_SHOWN_BY: Mapping[str, tuple[str, ...]] = {
    "place_of_work": ("applicable_legislation",),
    "posting": ("applicable_legislation",),
    "several_states": ("applicable_legislation",),
    "government_service": ("applicable_legislation",),
    "period_conversion": ("convert",),
    "period_credit": ("aggregate", "determine"),
    "overlap": ("overlap", "determine", "aggregate"),
    "short_periods": ("short_period", "determine"),
}
"""Kinds of rules and the kinds of examples that show them at work."""


def _examples(content: AgreementFile) -> Iterator[Remark]:
    if not content.examples:
        yield Remark(("examples",), "the file has no example: nothing shows that it says what the treaty says", False)
        return
    kinds = {case.kind for case in content.examples}
    stated = {kind_of(rule) for rule in content.rules}
    shown_by = dict(_SHOWN_BY) | {kind_of(rule): ("determine", "pro_rata", "higher_of") for rule in content.rules
                                  if isinstance(rule, get_args(CalculationRule))}  # fmt: skip
    for kind, examples in shown_by.items():
        if kind in stated and not kinds & set(examples):
            text = f"no example shows a rule '{kind}' at work: add one of kind {joined(examples, last='or')}"
            yield Remark(("examples",), text, is_fault=False)


def _provisions(content: Content) -> list[Provision]:
    key, entries = ("rules", content.rules) if isinstance(content, AgreementFile) else ("schemes", content.schemes)
    found = [one for index, entry in enumerate(entries) for one in provisions(entry, (key, index))]
    bound = content.bound if isinstance(content, AgreementFile) else ()
    return found + [one for index, entry in enumerate(bound) for one in provisions(entry, ("bound", index), "bound")]


def _at(content: Content, path: Path) -> object:
    at: object = content
    for part in path:
        at = at[part] if isinstance(part, int) and isinstance(at, tuple) else getattr(at, str(part))
    return at
