"""Why one agreement gives way to another that fits the same case."""

from collections.abc import Mapping
from typing import Literal

from portability.agreements.applicable_rules import LawOn
from portability.agreements.rules import Precedence
from portability.agreements.values import Citation, StateCode

__all__ = ["Reason", "reason_against"]

Reason = Literal[
    "joins_states_of_the_career", "does_not_bind_the_state", "joins_no_other_state_of_the_career",
    "takes_no_periods_together", "does_not_cover_the_person", "superseded", "replaced", "yields", "less_specific",
]  # fmt: skip

Against = tuple[Reason | None, Citation | None, str]
_NOTHING: Against = (None, None, "")


def reason_against(name: str, fit: Mapping[str, LawOn], joined: Mapping[str, tuple[StateCode, ...]]) -> Against:
    """The reason why an agreement gives way, its citation, and the agreement before it; nothing where it does not.

    A citation is empty for the order of a special agreement before a general one, which no provision states: the
    official who decides confirms it.
    """
    law = fit[name]
    newer = law.agreement.content.superseded_by
    if newer is not None and newer in fit and set(joined[name]) <= set(joined[newer]):
        return "superseded", None, newer
    for other, theirs in fit.items():
        if other == name or not set(joined[name]) <= set(joined[other]):
            continue
        found = _replaced(law, theirs) or _yields(law, theirs)
        if found is not None:
            return found
    return _less_specific(name, fit, joined)


def _replaced(law: LawOn, other: LawOn) -> Against | None:
    """The other replaces what applies between its parties (883/2004 Art. 8(1)), but for what it leaves beside it."""
    rule = other.find(Precedence, subject="replaces")
    name = law.agreement.id
    if rule is None or name in rule.but_not or (rule.over and name not in rule.over):
        return None
    if rule.among == "bilateral_ones" and law.agreement.content.kind != "bilateral":
        return None
    return None if _yields(other, law) else ("replaced", rule.citation, other.agreement.id)


def _yields(law: LawOn, other: LawOn) -> Against | None:
    """It leaves the other's provisions as they are (European Convention Art. 6(2))."""
    rule = law.find(Precedence, subject="yields")
    if rule is None or other.agreement.id not in rule.over:
        return None
    return "yields", rule.citation, other.agreement.id


def _less_specific(name: str, fit: Mapping[str, LawOn], joined: Mapping[str, tuple[StateCode, ...]]) -> Against:
    """An agreement between fewer states goes before one between more, unless the larger says what is favourable."""
    law = fit[name]
    if law.find(Precedence, subject="most_favourable") is not None:
        return _NOTHING
    for other, theirs in fit.items():
        narrower = set(theirs.agreement.content.parties) < set(law.agreement.content.parties)
        first = theirs.find(Precedence, subject="yields") is None and law.find(Precedence, subject="replaces") is None
        if other != name and narrower and first and joined[other] == joined[name]:
            return "less_specific", None, other
    return _NOTHING
