"""A career file back to the document of EESSI: what was not changed comes back letter for letter."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from portability.adapters.eessi.career_file import FORMAT, Finding, FindingKind, Record, moved_parts
from portability.adapters.eessi.documents import read_types
from portability.adapters.eessi.leaves import Path, compacted, flat, folded, from_pointer, pointer
from portability.adapters.eessi.names import Form, names_of
from portability.adapters.eessi.rules import STAR, FieldRule, ListRule, Rules, filled, rules_of
from portability.agreements.errors import InputError
from portability.api.cases.v1.stated_decisions_pb2 import StatedDecisions
from portability.api.records.v1.career_pb2 import CareerStatement

__all__ = ["to_eessi"]

_PLACE = re.compile(r"\[(\d{1,9})\]")
_OURS = frozenset({"statement_id", "notice_id", "status", "period_id", "scope"})
"""Fields of our records that a form of EESSI says by other means."""
_RECORDS = {"statement": CareerStatement, "decision_notice": StatedDecisions}


def to_eessi(career: Any, *, name: str) -> tuple[Any, tuple[Finding, ...]]:
    """The document of a career file, and every field of its records for which the form has no place.

    Raises InputError with the place where the file is not in the format.
    """
    kind, form = _head(career, name)
    if "attachment" in career:
        return career["attachment"], ()
    writer = _Writer(career, kind, form, name)
    return writer.document()


class _Writer:
    def __init__(self, career: Mapping[str, Any], kind: str, form: Form, name: str) -> None:
        self._career, self._form, self._name = career, form, name
        self._kind = kind
        self._root: Path = (str(career["document"].get("root", kind)),) if form is Form.OFFICIAL else ()
        self._rules: tuple[Rules, ...] = rules_of(kind, form)
        self._gone: list[Path] = []
        self._written = _written(career, name)
        self._findings: list[Finding] = []

    def document(self) -> tuple[Any, tuple[Finding, ...]]:
        leaves = list(self._rest())
        fields = [one for rules in self._rules for one in self._fields(rules)]
        leaves = [one for one in leaves if not any(folded(one[0])[: len(at)] == at for at in self._gone)]
        # A list that was empty, or null, in the document and has got something since is no longer so.
        filled_now = {folded(path[:length]) for path, _ in fields for length in range(1, len(path))}
        leaves = [one for one in leaves if one[1] not in (None, [], {}) or folded(one[0]) not in filled_now] + fields
        if "converted_from" not in self._career:
            leaves = [*self._envelope(), *leaves]
        return compacted(leaves), tuple(self._findings)

    def _envelope(self) -> Iterator[tuple[Path, Any]]:
        """A document made anew says what it is; version 4.2 is what every node of EESSI reads."""
        if self._form is Form.NORWEGIAN:
            yield ("sed",), self._kind
        yield (*self._root, "sedGVer"), "4"
        yield (*self._root, "sedVer"), "2"

    def _rest(self) -> Iterator[tuple[Path, Any]]:
        names = names_of(self._form)
        moved = moved_parts(self._kind, self._form)
        for section in (*moved, "other"):
            if section not in self._career:
                continue
            start = self._root + moved[section] if section in moved else ()
            for path, value in flat(self._career[section]):
                spelled = tuple(part if isinstance(part, int) else _spelled(part, names.spelling) for part in path)
                yield (*start, *spelled), value

    def _fields(self, rules: Rules) -> Iterator[tuple[Path, Any]]:
        record = _record_of(rules.root, self._career.get(rules.root, {}), self._name)
        places = _places(self._career, self._name)
        for into in dict.fromkeys(rule.into for rule in rules.lists):
            known = places.get(into, {})
            elements = record.pop(into, [])
            ids = [one.get("period_id", "") if isinstance(known, dict) else index for index, one in enumerate(elements)]
            at = dict(known.items() if isinstance(known, dict) else enumerate(known))
            self._gone += [self._root + folded(from_pointer(place)) for one, place in at.items() if one not in ids]
            taken = {folded(from_pointer(place)) for place in at.values()}
            for identity, element in zip(ids, elements, strict=True):
                rule = _rule_for(rules, into, element, at.get(identity))
                where = from_pointer(at[identity]) if identity in at else _next(rule, taken)
                # What the list itself tells is written by standing in it.
                rest = {key: value for key, value in element.items() if rule.constant.get(key) != value}
                inner = rest.pop(rule.under[0], {}) if rule.under else rest
                yield from self._record(inner, rule.fields, self._root + where, f"/{rules.root}/{into}/{identity}")
        yield from self._record(record, rules.fields, self._root, f"/{rules.root}")

    def _record(
        self, record: Record, fields: tuple[FieldRule, ...], where: Path, said: str
    ) -> Iterator[tuple[Path, Any]]:
        for one in record.pop("unread", []):
            path = from_pointer("/" + one["field"])
            rule = next((each for each in fields if _fits(each.to, path) is not None), None)
            if rule is None:
                raise InputError(f"{self._name}: {said}/unread names the field '{one['field']}', which there is not.")
            yield self._leaf(rule, path, where, one.get("text", ""), unread=True)
        for rule in fields:
            for path, value in list(_instances(record, rule.to)):
                yield self._leaf(rule, path, where, value, unread=False)
                _remove(record, path)
        for path, value in flat(record):
            if path and path[-1] not in _OURS and value not in ({}, []):
                text = f"The form has no place for {path[-1]}: it stays in the career file."
                self._findings.append(Finding(FindingKind.NOT_CARRIED, said + pointer(path), text))

    def _leaf(self, rule: FieldRule, path: Path, where: Path, value: Any, *, unread: bool) -> tuple[Path, Any]:
        """The place of a field and its value, as the document wrote it where that still says the same."""
        new = value if unread else rule.reading.write(value)
        usual: Path | None = None
        for place in rule.places:
            places = _fits(place.to, path)
            if places is None:
                continue
            at = (*where, *filled(place.at, iter(places)))
            usual = usual or at
            if folded(at) in self._written:
                actual, before = self._written[folded(at)]
                read = rule.reading.read(before)
                same = str(before) == value if unread else read is not None and read.value == value
                return actual, before if same else new
        if usual is None:
            raise InputError(f"{self._name}: the form has no place for {pointer(path)}.")
        return usual, new


def _head(career: Any, name: str) -> tuple[str, Form]:
    if not isinstance(career, dict) or career.get("format") != FORMAT:
        found = career.get("format") if isinstance(career, dict) else None
        raise InputError(
            f"{name} is no career file: its 'format' is {str(found)[:40]!r}, expected '{FORMAT}'. "
            "Make one with portability convert --from eessi --to career."
        )
    document = career.get("document")
    if not isinstance(document, dict):
        raise InputError(f"{name}: document is not given: say its type, for example P5000.")
    kind = document.get("type")
    if not isinstance(kind, str) or ("attachment" not in career and kind not in read_types()):
        raise InputError(
            f"{name}: document.type is {str(kind)[:20]!r}: give the type of the document, for example P5000."
        )
    try:
        return kind, Form(document.get("form", Form.NORWEGIAN))
    except ValueError as exc:
        raise InputError(f"{name}: document.form is neither 'norwegian' nor 'official'.") from exc


def _written(career: Mapping[str, Any], name: str) -> dict[Path, tuple[Path, Any]]:
    notes = career.get("as_written", {})
    if not isinstance(notes, dict):
        raise InputError(f"{name}: as_written is no object: leave it as it was made, or take it away.")
    paths = {from_pointer(place): value for place, value in notes.items()}
    return {folded(path): (path, value) for path, value in paths.items()}


def _places(career: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Where each element of a list of records stood in the document, by its id or by its place in our list."""
    places = career.get("places", {})
    for known in places.values() if isinstance(places, dict) else ["wrong"]:
        pointers = known.values() if isinstance(known, dict) else known if isinstance(known, list) else [None]
        if not all(isinstance(one, str) and one.startswith("/") for one in pointers):
            raise InputError(f"{name}: places is not as it was made: leave it so, or take it away.")
    found: Mapping[str, Any] = places
    return found


def _record_of(root: str, record: Any, name: str) -> Record:
    """A copy of the record as protobuf writes it: nothing in it is null or of another shape than its field."""
    if not isinstance(record, dict):
        raise InputError(f"{name}: {root} is not as docs/convert.md describes it: an object is expected.")
    try:
        message = ParseDict(record, _RECORDS[root]())
    except (ParseError, TypeError, ValueError, AttributeError) as exc:
        raise InputError(f"{name}: {root} is not as docs/convert.md describes it: {str(exc)[:200]}") from exc
    return MessageToDict(message, preserving_proto_field_name=True)


def _spelled(term: str, spelling: Any) -> str | int:
    place = _PLACE.fullmatch(term)
    return int(place[1]) if place else spelling(term)


def _rule_for(rules: Rules, into: str, element: Record, place: str | None) -> ListRule:
    candidates = [rule for rule in rules.lists if rule.into == into]
    for rule in candidates:
        at = folded(from_pointer(place)) if place else ()
        if place and any(at[: len(one)] == folded(one) for one in rule.lists):
            return rule
    fitting = [rule for rule in candidates if all(element.get(key) == value for key, value in rule.constant.items())]
    return max(fitting or candidates, key=lambda rule: len(rule.constant))


def _next(rule: ListRule, taken: set[Path]) -> Path:
    index = 0
    while (*folded(rule.lists[0]), index) in taken:
        index += 1
    taken.add((*folded(rule.lists[0]), index))
    return (*rule.lists[0], index)


def _fits(pattern: Path, path: Path) -> list[int] | None:
    """The places in lists of a path that has the pattern; None where it has not."""
    if len(pattern) != len(path):
        return None
    places = []
    for part, one in zip(pattern, path, strict=True):
        if part == STAR and isinstance(one, int):
            places.append(one)
        elif part != one:
            return None
    return places


def _instances(node: Any, to: Path, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if not to:
        yield path, node
    elif to[0] == STAR:
        for index, one in enumerate(node if isinstance(node, list) else []):
            yield from _instances(one, to[1:], (*path, index))
    elif isinstance(node, dict) and to[0] in node:
        yield from _instances(node[to[0]], to[1:], (*path, to[0]))


def _remove(record: Any, path: Path) -> None:
    for part in path[:-1]:
        record = record[part]
    del record[path[-1]]
