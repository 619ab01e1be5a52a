"""From the text of a file to an Agreement, or to all its errors at once, each with its place.

The text arrives as an argument; `packaged.py` finds the files that ship with the package.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from portability.agreements.errors import AgreementFileError, AgreementSyntaxError, ConflictingRulesError
from portability.agreements.faults import expectation, follows
from portability.agreements.rules import AgreementFile, ExampleFile, Rule, RuleBase
from portability.agreements.yaml_source import SourceTree, read_yaml

__all__ = ["Agreement", "AgreementFileError", "load_agreement", "load_examples", "load_model"]

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Agreement:
    """A treaty file that has been checked: what it says, its name and the SHA-256 of its bytes.

    `places` gives the line of each rule, for errors that name it.
    """

    content: AgreementFile
    file: str
    sha256: str
    places: dict[str, tuple[int, int]]
    incorporated: tuple[tuple[str, str], ...] = ()  # name and SHA-256 of each file whose rules apply here too
    by_kind: Mapping[type[RuleBase], tuple[Rule, ...]] = field(init=False, repr=False, compare=False)
    found: dict[object, tuple[RuleBase, ...]] = field(init=False, repr=False, compare=False)  # kept by `lookup`

    def __post_init__(self) -> None:
        kinds: dict[type[RuleBase], list[Rule]] = {}
        for rule in self.content.rules:
            kinds.setdefault(type(rule), []).append(rule)
        object.__setattr__(self, "by_kind", {kind: tuple(rules) for kind, rules in kinds.items()})
        object.__setattr__(self, "found", {})

    @property
    def id(self) -> str:
        return self.content.id

    def where(self, rule: Rule) -> str:
        """`file:line:column` of a rule."""
        line, column = self.places.get(rule.id, (1, 1))
        return f"{self.file}:{line}:{column}"


def load_agreement(text: str, file: str) -> Agreement:
    """The agreement that `text` states.

    Raises AgreementFileError with every fault and its place, and ConflictingRulesError where two rules of one
    kind would be in force at once for the same state, branch and scheme.
    """
    tree = read_yaml(text, file)
    content = load_model(AgreementFile, tree)
    errors = [
        *_unknown_citations(content, tree),
        *_impossible_dates(content, tree),
        *_unknown_parties(content, tree),
        *_doubled_ids(content, tree),
    ]
    if errors:
        raise AgreementFileError(errors)
    places = {rule.id: tree.place(("rules", index)) for index, rule in enumerate(content.rules)}
    agreement = Agreement(content, file, hashlib.sha256(text.encode()).hexdigest(), places)
    _refuse_conflicts(agreement)
    return agreement


def load_examples(text: str, file: str) -> tuple[ExampleFile, SourceTree]:
    """A file of examples alone. Raises AgreementFileError with every fault and its place."""
    tree = read_yaml(text, file)
    return load_model(ExampleFile, tree), tree


def load_model(model: type[Model], tree: SourceTree) -> Model:
    """`tree` as a value of `model`; every violation becomes an error at its place in the file."""
    try:
        return model.model_validate(tree.values)
    except ValidationError as exc:
        errors = exc.errors(include_url=False)
        raise AgreementFileError([_placed(tree, error) for error in errors if not follows(error, errors)]) from exc


def _placed(tree: SourceTree, error: Any) -> AgreementSyntaxError:
    """Pydantic's location holds names of union members as well as keys: keep what leads through the file."""
    path: tuple[str | int, ...] = ()
    at: Any = tree.values
    for part in error["loc"]:
        if (isinstance(at, dict) and part in at) or (isinstance(at, list) and isinstance(part, int) and part < len(at)):
            at = at[part]
        elif error["type"] != "missing" or part != error["loc"][-1]:
            continue
        else:
            break
        path = (*path, part)
    return tree.error(path, expectation(error, path))


def _citations(entry: BaseModel, path: tuple[str | int, ...]) -> list[tuple[tuple[str | int, ...], str]]:
    return [
        ((*path, key), value)
        for key, value in entry.model_dump(by_alias=True).items()
        if (key == "cite" or key.endswith("_cite") or _is_overlap_citation(entry, key)) and isinstance(value, str)
    ]


def _is_overlap_citation(entry: BaseModel, key: str) -> bool:
    return getattr(entry, "rule", "") == "overlap" and key.split("_", maxsplit=1)[0] in {
        "compulsory",
        "actual",
        "equivalent",
        "undated",
    }


def _unknown_citations(content: AgreementFile, tree: SourceTree) -> list[AgreementSyntaxError]:
    """Every citation begins with the id of an instrument of this file and names a place in it."""
    known = {instrument.id for instrument in content.instruments}
    cited = [
        *(item for index, rule in enumerate(content.rules) for item in _citations(rule, ("rules", index))),
        *(item for index, gap in enumerate(content.not_modelled) for item in _citations(gap, ("not_modelled", index))),
        *(item for index, party in enumerate(content.bound) for item in _citations(party, ("bound", index))),
        *(_citations(content.incorporates, ("incorporates",)) if content.incorporates else ()),
        *(_citations(content.retention, ("retention",)) if content.retention else ()),
    ]
    return [
        tree.error(path, f"cites '{value}': expected '<instrument> <article>' with an instrument of this file "
                   f"({', '.join(sorted(known))}), for example '{sorted(known)[0]} Art. 1(1)'")
        for path, value in cited
        if not any(value.startswith(f"{name} ") and len(value) > len(name) + 1 for name in known)
    ]  # fmt: skip


def _impossible_dates(content: AgreementFile, tree: SourceTree) -> list[AgreementSyntaxError]:
    dated = [
        *(("rules", *one) for one in enumerate(content.rules)),
        *(("bound", *one) for one in enumerate(content.bound)),
    ]
    return [
        tree.error(
            (name, index, "until"),
            f"ends on {entry.valid_until}, before it starts on {entry.valid_from}: `until` is the last day in force",
        )
        for name, index, entry in dated
        if entry.valid_until is not None and entry.valid_from is not None and entry.valid_until < entry.valid_from
    ]


def _unknown_parties(content: AgreementFile, tree: SourceTree) -> list[AgreementSyntaxError]:
    """Rules, gaps and dates of accession name parties of the file only."""
    named = [
        *((("bound", index, "state"), (party.state,)) for index, party in enumerate(content.bound)),
        *((("rules", index, "states"), rule.states) for index, rule in enumerate(content.rules)),
        *((("not_modelled", index, "states"), gap.states) for index, gap in enumerate(content.not_modelled)),
    ]
    return [
        tree.error(path, f"'{state}' is no party: expected one of {', '.join(content.parties)}")
        for path, states in named
        for state in states
        if state not in content.parties
    ]


def _doubled_ids(content: AgreementFile, tree: SourceTree) -> list[AgreementSyntaxError]:
    errors, seen = [], set()
    for name, entries in (("rules", content.rules), ("examples", content.examples)):
        for index, entry in enumerate(entries):
            if (name, entry.id) in seen:
                errors.append(
                    tree.error((name, index, "id"), f"the id '{entry.id}' is taken: ids are unique in a file")
                )
            seen.add((name, entry.id))
    return errors


def _refuse_conflicts(agreement: Agreement) -> None:
    """Two rules of one kind may not be in force at once for the same state, branch and scheme."""
    rules = agreement.content.rules
    for index, first in enumerate(rules):
        for second in rules[index + 1 :]:
            if _conflict(agreement, first, second):
                raise ConflictingRulesError(
                    f"{agreement.where(second)}: rule '{second.id}' ({second.cite}) and '{first.id}' ({first.cite}, "
                    f"{agreement.where(first)}) are both '{first.rule}' and in force at once: end one with `until`, or "
                    "name the states, branches or schemes of each",
                    citation=second.cite,
                    place=(agreement.file, *agreement.places[second.id]),
                )


def _conflict(agreement: Agreement, first: Rule, second: Rule) -> bool:
    if first.rule != second.rule or first.several_at_once or not _overlap_in_time(first, second):
        return False
    return all(
        not one or not other or set(one) & set(other)
        for one, other in (
            (first.states, second.states),
            (first.branches, second.branches),
            (first.schemes, second.schemes),
            (first.subjects, second.subjects),
        )
    )


def _overlap_in_time(first: Rule, second: Rule) -> bool:
    return (second.valid_until is None or first.valid_from <= second.valid_until) and (
        first.valid_until is None or second.valid_from <= first.valid_until
    )
