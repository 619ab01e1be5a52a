"""The treatment of people under an agreement as text: guarantees, who is left out and why, what can differ. Pure."""

from collections.abc import Iterable, Iterator

from portability.agreements.equal_treatment import Finding
from portability.agreements.guarantees import Guarantee, Treatment
from portability.agreements.rule_meaning import GROUP_WORDS
from portability.agreements.rule_words import dates_in_words, joined
from portability.agreements.values import Branch

__all__ = ["NAMES", "findings_text", "treatment_text"]

NAMES = {
    "health care": "Essential health care",
    "children": "Income of children",
    "active age": "Income in active age",
    "old age": "Income in old age",
}


def treatment_text(found: Treatment) -> str:
    """One agreement: the four guarantees, the groups left out with the article, each rule that can differ."""
    lines = [
        f"{found.title} ({found.id})",
        "",
        "Basic guarantees (ILO Recommendation No. 202)",
        *(f"  {NAMES[one.name]:22} {_extent(one)}" for one in found.guarantees),
    ]
    if found.other_branches:
        lines.append(f"  {'Beside them':22} {_branches(found.other_branches)}")
    lines += [
        f"  A branch that is not in the file may stand in the treaty; {found.gaps} provisions are not modelled.",
        "",
        "Left out",
        *_left_out(found),
        "",
        *findings_text(found.findings),
        "",
        f"Not modelled, and about one of these grounds ({len(found.differing_gaps)})",
        *(f"  {ground:11}  {gap.cite}: {gap.what}" for gap, ground in found.differing_gaps),
    ]
    return "\n".join(lines) + "\n"


def findings_text(findings: Iterable[Finding]) -> Iterator[str]:
    """Each rule that can differ, by its ground, with what it turns on and its citation."""
    found = sorted(findings, key=lambda one: one.ground.value)
    yield f"Rules whose outcome can differ ({len(found)})"
    yield from (f"  {one.ground:11}  {one.rule} ({one.cite}): {one.what}" for one in found)
    if not found:
        yield "  None: no rule distinguishes by nationality, sex or residence."


def _extent(one: Guarantee) -> str:
    parts = []
    if one.covered:
        parts.append(_branches(one.covered))
    if one.missing:
        parts.append(f"not in this file: {_branches(one.missing)}")
    return "; ".join(parts)


def _left_out(found: Treatment) -> Iterator[str]:
    for one in found.left_out:
        matter = "Not covered" if one.kind == "personal_scope" else "Not treated as nationals"
        groups = joined(GROUP_WORDS[group] for group in one.groups)
        yield f"  {matter}: {groups}"
        where = f", in {', '.join(one.states)}" if one.states else ""
        yield f"    by {one.cite}, {dates_in_words(one.since, one.until)}{where}, for {_branches(one.branches)}"
    if found.states_persons and not any(one.kind == "personal_scope" for one in found.left_out):
        yield "  Nobody who is insured is left out of the agreement."
    if not found.states_persons:
        yield "  The file has no rule on persons: it does not say who is left out."
    if not found.states_equal_treatment:
        yield "  The file has no rule on equal treatment: it does not say who is treated as a national."


def _branches(branches: Iterable[Branch]) -> str:
    return ", ".join(branch.replace("_", " ") for branch in branches)
