"""The coverage of the files as text for people and as plain JSON values for programs. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from portability.agreements.coverage import Coverage, FileCoverage, Share, Tally

__all__ = ["coverage_text", "coverage_value", "file_text", "file_value"]

TRUST_WORDS = {
    "published": "published by an authority, a court or the press",
    "official_program": "of an official program",
    "derived": "derived from the cited article",
    "own": "own",
}
STOP_WORDS = {"nothing": "stop nothing", "everything": "stop every determination"}


def coverage_text(found: Coverage) -> str:
    """What the files hold all together, what is missing, and one line for each agreement."""
    tally = found.tally
    computed, states = len(found.computed), len(found.legislations)
    lines = [
        f"{len(found.agreements)} agreements ({_counts(found.statuses)}) between {len(found.states)} states, "
        f"{found.pairs} pairs of them.",
        f"{states} legislations: {computed} with amounts computed here ({', '.join(found.computed)}), "
        f"{states - computed} whose institutions answer them.",
        *_shares(tally, (one for file in (*found.agreements, *found.legislations) for one in _uncited(file))),
        *_examples(tally),
        *_gaps(tally),
        *_differences((*found.agreements, *found.legislations)),
        f"States: {', '.join(found.states)}.",
    ]
    return "\n".join(lines) + "\n"


def file_text(one: FileCoverage) -> str:
    """The coverage of one file, with each gap and each kind of rule."""
    tally = Tally.of((one,))
    lines = [
        one.title,
        f"{one.id}: {one.status}; {', '.join(one.states)}; {', '.join(one.branches).replace('_', ' ')}"
        + (f"; superseded by {one.superseded_by}" if one.superseded_by else "")
        + ".",
        f"{sum(one.kinds.values())} rules: {_counts(one.kinds)}.",
        *_shares(tally, _uncited(one)),
        *_examples(tally),
        *_gaps(tally),
        *(f"  {gap.cite}: {gap.what}{_stopped(gap.stops, gap.states)}" for gap in one.gaps),
        *_differences((one,)),
    ]
    return "\n".join(lines) + "\n"


def coverage_value(found: Coverage) -> dict[str, object]:
    """All of it as plain JSON values: totals, then each file."""
    return {
        "totals": {
            "agreements": len(found.agreements),
            "agreements_by_status": dict(found.statuses),
            "legislations": len(found.legislations),
            "states": list(found.states),
            "pairs_of_states": found.pairs,
            "states_with_amounts_computed": list(found.computed),
            **_tally_value(found.tally),
        },
        "agreements": [file_value(one) for one in found.agreements],
        "legislations": [file_value(one) for one in found.legislations],
    }


def file_value(one: FileCoverage) -> dict[str, object]:
    """One file as plain JSON values."""
    return {
        "id": one.id,
        "title": one.title,
        "status": one.status,
        "states": list(one.states),
        "branches": list(one.branches),
        "superseded_by": one.superseded_by or None,
        **_tally_value(Tally.of((one,))),
        "uncited": list(one.uncited),
        "known_differences": [{"id": case, "reason": reason} for case, reason in one.known_differences],
        "not_modelled": [
            {"cite": gap.cite, "what": gap.what, "stops": gap.stops, "states": list(gap.states)} for gap in one.gaps
        ],
    }


def _tally_value(tally: Tally) -> dict[str, object]:
    return {
        "rules": sum(tally.kinds.values()),
        "rules_by_kind": dict(tally.kinds),
        "provisions": tally.cited.whole,
        "provisions_cited": tally.cited.part,
        "provisions_verified": tally.verified.part,
        "examples": sum(tally.trust.values()),
        "examples_by_trust": dict(tally.trust),
        "examples_by_kind": dict(tally.example_kinds),
        "examples_with_a_known_difference": tally.differences,
        "gaps_by_what_they_stop": dict(tally.stops),
    }


def _shares(tally: Tally, uncited: Iterable[str]) -> Iterator[str]:
    yield f"Cited: {_share(tally.cited)} of the provisions (must be 100 %)."
    if not tally.cited.is_whole:
        yield f"  without a place in a text: {', '.join(uncited)}"
    yield f"Read in the text: {_share(tally.verified)}; the others are marked `unverified`."


def _share(share: Share) -> str:
    return f"{share}, {share.part} of {share.whole}"


def _uncited(one: FileCoverage) -> Iterator[str]:
    return (f"{one.id} '{name}'" for name in one.uncited)


def _examples(tally: Tally) -> Iterator[str]:
    yield f"{sum(tally.trust.values())} examples:"
    yield from (f"  {number:5} {TRUST_WORDS.get(trust, trust)}" for trust, number in tally.trust.items())
    if tally.example_kinds:
        yield f"  by kind: {_counts(tally.example_kinds)}"


def _gaps(tally: Tally) -> Iterator[str]:
    yield f"{sum(tally.stops.values())} provisions not modelled:"
    yield from (f"  {number:5} {STOP_WORDS.get(stops, f'stop the {stops}')}" for stops, number in tally.stops.items())


def _stopped(stops: str, states: tuple[str, ...]) -> str:
    return "" if stops == "nothing" else f"  STOPS {stops} for {', '.join(states) or 'every state'}"


def _differences(files: Iterable[FileCoverage]) -> Iterator[str]:
    found = [(one.id, case, reason) for one in files for case, reason in one.known_differences]
    yield f"{len(found)} examples with a known difference" + (":" if found else ".")
    yield from (f"  {file} {case}: {reason}" for file, case, reason in found)


def _counts(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in numbers.items())
