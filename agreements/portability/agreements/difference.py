"""What changes between two versions of an agreement: for whom, from when, and which examples come out otherwise. Pure.

The rules are compared in `difference_rules`; said as text in `difference_text`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from portability.agreements.difference_model import (
    Affected,
    Change,
    ChangeKind,
    Difference,
    OutcomeChange,
    ResultChange,
)
from portability.agreements.difference_rules import rule_changes
from portability.agreements.examples import all_that_comes_out
from portability.agreements.loading import Agreement
from portability.agreements.national.legislation import Legislation
from portability.agreements.rule_words import dates_in_words, value_in_words
from portability.agreements.rules import AgreementFile, BoundParty, ExampleCase, NotModelled
from portability.agreements.values import StateCode

__all__ = ["difference"]


def difference(old: Agreement, new: Agreement, legislations: Mapping[StateCode, Legislation]) -> Difference:
    """All that differs. The examples of both are run under both, each with the legislations given.

    An example that names no day is run on the newest day of each version, as it would be in the file.
    """
    cases = _cases(old.content.examples, new.content.examples)
    outcomes = (_outcome(case, of, old, new, legislations) for case, of in cases)
    changes = chain(
        _parties(old.content, new.content),
        _branches(old.content, new.content),
        rule_changes(old.content, new.content),
        _gaps(old.content, new.content),
        _record(old.content, new.content),
    )
    return Difference(
        old.id, new.id, old.sha256, new.sha256, tuple(changes), tuple(one for one in outcomes if one), len(cases)
    )


def _parties(old: AgreementFile, new: AgreementFile) -> Iterator[Change]:
    for state in new.parties:
        if state not in old.parties:
            said = f"{state} becomes a party{_bound_words(new, state)}."
            yield Change(ChangeKind.PARTY_ADDED, state, said, Affected((state,), new.branches), after=state)
    for state in old.parties:
        if state not in new.parties:
            said = f"{state} is no party any more."
            yield Change(ChangeKind.PARTY_REMOVED, state, said, Affected((state,), old.branches), before=state)
    for state in sorted(set(old.parties) & set(new.parties)):
        yield from _bound(state, old, new)


def _bound(state: StateCode, old: AgreementFile, new: AgreementFile) -> Iterator[Change]:
    was, now = _bound_words(old, state), _bound_words(new, state)
    if was == now:
        return
    said = f"{state} is bound{now or ' as long as the rules are in force'}; before:{was or ' no day of its own'}."
    before, after = (_entries(content, state) for content in (old, new))
    days = [one.valid_from for one in (*before, *after) if one.valid_from]
    affected = Affected((state,), new.branches, since=min(days, default=None))
    yield Change(ChangeKind.PARTY_DATES, state, said, affected, before=was.strip(), after=now.strip(),
                 old_cite=_cites(before), new_cite=_cites(after))  # fmt: skip


def _entries(content: AgreementFile, state: StateCode) -> list[BoundParty]:
    return [entry for entry in content.bound if entry.state == state]


def _bound_words(content: AgreementFile, state: StateCode) -> str:
    return "".join(
        f" {dates_in_words(entry.valid_from, entry.valid_until)} ({entry.cite})" for entry in _entries(content, state)
    )


def _cites(entries: Iterable[BoundParty]) -> str:
    return ", ".join(entry.cite for entry in entries)


def _branches(old: AgreementFile, new: AgreementFile) -> Iterator[Change]:
    for branch in sorted(set(old.branches) ^ set(new.branches)):
        name, added = branch.replace("_", " "), branch in new.branches
        said = f"The file covers {name} now." if added else f"The file does not cover {name} any more."
        kind = ChangeKind.BRANCH_ADDED if added else ChangeKind.BRANCH_REMOVED
        before, after = ("", branch.value) if added else (branch.value, "")
        yield Change(kind, branch.value, said, Affected(new.parties, (branch,)), before=before, after=after)


def _gaps(old: AgreementFile, new: AgreementFile) -> Iterator[Change]:
    """Gaps are matched by their citation; several of one citation by what they say as well."""
    was, now = _by_citation(old.not_modelled), _by_citation(new.not_modelled)
    for key, gap in now.items():
        if key not in was:
            said = f"Newly listed as not modelled: {gap.what} ({gap.cite}){_stops(gap)}."
            yield Change(ChangeKind.GAP_OPENED, gap.cite, said, _concerned(gap, new), after=gap.what, new_cite=gap.cite)
        elif was[key] != gap:
            said = f"Not modelled ({gap.cite}): was {_gap(was[key])}; is {_gap(gap)}."
            yield Change(ChangeKind.GAP_CHANGED, gap.cite, said, _concerned(gap, new), before=_gap(was[key]),
                         after=_gap(gap), old_cite=gap.cite, new_cite=gap.cite)  # fmt: skip
    for key, gap in was.items():
        if key not in now:
            said = f"Not listed as not modelled any more: {gap.what} ({gap.cite})."
            yield Change(
                ChangeKind.GAP_CLOSED, gap.cite, said, _concerned(gap, old), before=gap.what, old_cite=gap.cite
            )


def _by_citation(gaps: Iterable[NotModelled]) -> dict[tuple[str, str], NotModelled]:
    found = list(gaps)
    several = {gap.cite for gap in found if sum(one.cite == gap.cite for one in found) > 1}
    return {(gap.cite, gap.what if gap.cite in several else ""): gap for gap in found}


def _gap(gap: NotModelled) -> str:
    return f"'{gap.what}'{_stops(gap)}"


def _stops(gap: NotModelled) -> str:
    if gap.stops == "nothing":
        return ", which stops nothing"
    return f", which stops {gap.stops} for {', '.join(gap.states) or 'every state'}"


def _concerned(gap: NotModelled, content: AgreementFile) -> Affected:
    return Affected(gap.states or content.parties, content.branches)


def _record(old: AgreementFile, new: AgreementFile) -> Iterator[Change]:
    """What the files say of themselves: title, review, succession, legal texts."""
    for name in ("id", "title", "kind", "status", "supersedes", "superseded_by", "incorporates", "retention"):
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            said = f"{name.replace('_', ' ').capitalize()} was {_plain(was)}, is {_plain(now)}."
            yield Change(ChangeKind.RECORD, name, said, Affected(), before=_plain(was), after=_plain(now))
    before, after = ({one.id: one for one in content.instruments} for content in (old, new))
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            word = "other copy or words" if name in before and name in after else "new" if name in after else "gone"
            said = f"Legal text {name}: {word} ({(after.get(name) or before[name]).title})."
            yield Change(ChangeKind.RECORD, name, said, Affected(), before=name if name in before else "",
                         after=name if name in after else "")  # fmt: skip


def _plain(value: object) -> str:
    return "none" if value is None or value == () else value_in_words(value)


def _cases(old: Iterable[ExampleCase], new: Iterable[ExampleCase]) -> list[tuple[ExampleCase, str]]:
    """Each example once, though it stand in both versions."""
    was, now = ({_question(case): case for case in cases} for cases in (old, new))
    both = [(case, "both" if key in was else "new") for key, case in now.items()]
    return both + [(case, "old") for key, case in was.items() if key not in now]


def _question(case: ExampleCase) -> str:
    return json.dumps([case.kind, case.given], sort_keys=True, default=str)


def _outcome(
    case: ExampleCase, of: str, old: Agreement, new: Agreement, legislations: Mapping[StateCode, Legislation]
) -> OutcomeChange | None:
    before, after = (dict(_flat(all_that_comes_out(case, one, legislations), "")) for one in (old, new))
    names = dict.fromkeys([*before, *after])
    results = tuple(
        ResultChange(name, before.get(name, "nothing"), after.get(name, "nothing"))
        for name in names
        if before.get(name, "none") != after.get(name, "none")
    )
    return OutcomeChange(case.id, case.title, case.source, case.trust, of, results) if results else None


def _flat(results: Mapping[str, object], above: str) -> Iterator[tuple[str, str]]:
    for name, value in results.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", ", ".join(map(str, value)) if isinstance(value, list) else str(value)
