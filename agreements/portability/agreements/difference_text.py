"""The difference between two versions of an agreement as text for a treaty administrator. Pure."""

from collections.abc import Iterator

from portability.agreements.difference_model import Affected, Change, ChangeKind, Difference, OutcomeChange
from portability.agreements.rule_words import dates_in_words

__all__ = ["difference_text"]

_SECTIONS = (
    ("Parties and branches", (ChangeKind.PARTY_ADDED, ChangeKind.PARTY_REMOVED, ChangeKind.PARTY_DATES,
                              ChangeKind.BRANCH_ADDED, ChangeKind.BRANCH_REMOVED)),
    ("Rules", (ChangeKind.RULE_ADDED, ChangeKind.RULE_ENDED, ChangeKind.RULE_REMOVED, ChangeKind.PARAMETER)),
    ("Not modelled", (ChangeKind.GAP_OPENED, ChangeKind.GAP_CLOSED, ChangeKind.GAP_CHANGED)),
    ("What the file says of itself", (ChangeKind.RECORD,)),
)  # fmt: skip


def difference_text(found: Difference) -> str:
    """Sections of sentences: what changes for whom, which examples come out otherwise, who is affected at all."""
    lines = [f"{found.old_id} ({found.old_sha256[:12]}) -> {found.new_id} ({found.new_sha256[:12]})"]
    for title, kinds in _SECTIONS:
        lines += _section(title, [change for change in found.changes if change.kind in kinds])
    lines += _outcomes(found)
    lines += _whom(found)
    return "\n".join(lines) + "\n"


def _section(title: str, changes: list[Change]) -> Iterator[str]:
    if changes:
        yield from ("", title, "-" * len(title))
    for change in changes:
        yield change.said[:1].upper() + change.said[1:]
        concerned = _affected(change.affected)
        if concerned:
            yield f"    concerns {concerned}"


def _outcomes(found: Difference) -> Iterator[str]:
    title = f"Examples ({found.examples_run} run under both, {len(found.outcomes)} otherwise)"
    yield from ("", title, "-" * len(title))
    if not found.outcomes:
        yield "No example comes out otherwise." if found.examples_run else "Neither version has an example."
    for outcome in found.outcomes:
        yield from _outcome(outcome)


def _outcome(outcome: OutcomeChange) -> Iterator[str]:
    of = {"both": "in both versions", "old": "in the old version", "new": "in the new version"}[outcome.of]
    yield f"{outcome.case_id}: {outcome.title}  [{outcome.trust}, {of}: {outcome.source}]"
    for result in outcome.results:
        by = result.by
        size = "" if by is None else f"  ({abs(by)} {'more' if by > 0 else 'less'})"
        yield f"    {result.name}: {result.before} -> {result.after}{size}"


def _whom(found: Difference) -> Iterator[str]:
    yield from ("", "Who is affected", "---------------")
    if not found.of_the_law:
        yield "Nobody: no rule, party, branch or gap differs."
        return
    yield _affected(found.affected)


def _affected(whom: Affected) -> str:
    if whom == Affected():
        return ""
    parts = [
        ", ".join(whom.states),
        ", ".join(branch.replace("_", " ") for branch in whom.branches),
        ", ".join(_GROUPS.get(group, group) for group in whom.groups),
        dates_in_words(whom.since, whom.until) if whom.since or whom.until else "whatever the day",
    ]
    return "; ".join(part for part in parts if part)


_GROUPS = {"stateless": "stateless persons", "others_insured": "other insured persons of any nationality"}
