"""A document of EESSI to a career file. Each leaf of the document goes to one place, so nothing can be lost.

That is a field of a record where a rule reads it, else `person`, `case_numbers`, `survivor`, `claim` or `other`, under
our term for its name. How the document wrote it is noted under `as_written` where one would write it otherwise.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from portability.adapters.eessi.career_file import FORMAT, Finding, FindingKind, Record, moved_parts
from portability.adapters.eessi.documents import Kind, recognised
from portability.adapters.eessi.json_text import sorted_text
from portability.adapters.eessi.leaves import Path, flat, grown, pointer
from portability.adapters.eessi.names import Known, Names, names_of
from portability.adapters.eessi.rules import STAR, FieldRule, ListRule, Place, Rules, field_at, filled, rules_of

__all__ = ["to_career"]

_READ_VERSION = "4"
_SHORT = 2
"""What stands on the first level is the document's own: its type and version."""


def to_career(document: Any, *, name: str, told_type: str = "") -> tuple[Record, tuple[Finding, ...]]:
    """The career file of a document, and what a person may have to look at.

    `name` is the file's, for messages. Raises InputError where it is no document of EESSI.
    """
    kind = recognised(document, name=name, told_type=told_type)
    head = {
        "format": FORMAT,
        "document": {
            "type": kind.document_type,
            "title": kind.title,
            "form": str(kind.form),
            **({"root": kind.root} if kind.root else {}),
            "version": kind.version,
            "type_told_by": kind.told_by,
        },
        "converted_from": "eessi",
    }
    if not kind.is_read:
        text = f"{kind.document_type} is not modelled: the document is kept whole, as an attachment of its case."
        found = (*_assumed(kind), Finding(FindingKind.NOT_READ, "", text))
        return {**head, "attachment": document, "report": [_reported(one) for one in found]}, found
    reader = _Reader(kind, document)
    parts = reader.parts()
    findings = (*_assumed(kind), *reader.findings())
    return {**head, **parts, "report": [_reported(one) for one in findings]}, findings


class _Reader:
    """One pass over the leaves of one document."""

    def __init__(self, kind: Kind, document: dict[str, Any]) -> None:
        self._kind = kind
        self._root: Path = (kind.root,) if kind.root else ()
        self._names: Names = names_of(kind.form)
        self._rules: tuple[Rules, ...] = rules_of(kind.document_type, kind.form)
        self._document = document
        self._record: dict[str, dict[Path, Any]] = {rules.root: {} for rules in self._rules}
        self._elements: dict[Path, tuple[ListRule, dict[Path, Any]]] = {}
        self._written: dict[str, Any] = {}
        self._rest: list[tuple[Path, Any]] = []
        self._found: dict[tuple[FindingKind, str], Finding] = {}
        for path, value in flat(document):
            if not self._carried(path, value):
                self._rest.append((path, value))

    def parts(self) -> Record:
        """The parts of the career file."""
        sections: dict[str, list[tuple[Path, Any]]] = {}
        moved = {
            section: self._root + path
            for section, path in moved_parts(self._kind.document_type, self._kind.form).items()
        }
        for path, value in self._rest:
            self._find_kept(path, value)
            section, start = next(((one, len(at)) for one, at in moved.items() if path[: len(at)] == at), ("other", 0))
            sections.setdefault(section, []).append((self._renamed(path, start), value))
        parts: Record = {section: grown(sections[section]) for section in (*moved, "other") if section in sections}
        for rules in reversed(self._rules):
            record, places = self._records(rules)
            if rules is self._rules[0] or record:
                parts = {rules.root: self._named(rules, record), **parts}
            if places:
                parts["places"] = places
        if self._written:
            parts["as_written"] = self._written
        return parts

    def findings(self) -> Iterable[Finding]:
        return self._found.values()

    def _carried(self, path: Path, value: Any) -> bool:
        """Whether a rule read the leaf into a record. Null and nothing are no values: they stay where they are."""
        if value is None or value == "" or isinstance(value, dict | list) or path[: len(self._root)] != self._root:
            return False
        return any(self._carried_by(rules, path, path[len(self._root) :], value) for rules in self._rules)

    def _carried_by(self, rules: Rules, path: Path, inner: Path, value: Any) -> bool:
        element = rules.element_at(inner)
        if element is None:
            return self._field(field_at(rules.fields, inner), path, inner, value, self._record[rules.root])
        rule, where, rest = element
        _, record = self._elements.setdefault(where, (rule, {}))
        return self._field(field_at(rule.fields, rest), path, rest, value, record)

    def _field(
        self,
        found: tuple[FieldRule, Place] | None,
        path: Path,
        inner: Path,
        value: Any,
        record: dict[Path, Any],
    ) -> bool:
        if found is None:
            return False
        rule, place = found
        places = [part for part in inner if isinstance(part, int)]
        target = filled(place.to, iter(places))
        if target in record or any(places[place.to.count(STAR) :]):
            return False
        read = rule.reading.read(value)
        usual = place is rule.places[0] and inner == filled(place.at, iter(places))
        if read is None:
            record[target] = _Unread(str(value))
            self._find(
                FindingKind.UNREAD_VALUE,
                path,
                f"The value cannot be read as {rule.to[-1]}; it is carried as it stands.",
            )
            back: Any = str(value)
        else:
            record[target] = read.value
            back = rule.reading.write(read.value)
            if not read.known:
                self._find(
                    FindingKind.UNKNOWN_CODE, path, f"The value is no known code of {rule.to[-1]}; it is carried."
                )
        if not usual or back != value or type(back) is not type(value):
            self._written[pointer(path)] = value
        return True

    def _records(self, rules: Rules) -> tuple[Record, Record]:
        record = _grown_record(self._record[rules.root])
        places: dict[str, Any] = {}
        seen: Counter[str] = Counter()
        for where, (rule, fields) in self._elements.items():
            if not fields or rule not in rules.lists:
                continue
            one = _grown_record(fields)
            one = {**rule.constant, **({str(rule.under[0]): one} if rule.under else one)}
            at = pointer(where)
            if rule.identified_by:
                identity = self._identity(where, seen)
                one = {rule.identified_by: identity, **one}
                places.setdefault(rule.into, {})[identity] = at
            else:
                places.setdefault(rule.into, []).append(at)
            record.setdefault(rule.into, []).append(one)
        return record, places

    def _named(self, rules: Rules, record: Record) -> Record:
        identity = str(uuid5(NAMESPACE_URL, "urn:portability:eessi:" + _digest(self._document)))
        key = "statement_id" if rules.root == "statement" else "notice_id"
        return {key: identity, **self._absence(rules, record), **record}

    def _absence(self, rules: Rules, record: Record) -> Record:
        """A statement without periods says so only where the document does."""
        if rules.root != "statement" or not rules.is_answer:
            return {}
        if record.get("periods"):
            return {"status": "ANSWER_STATUS_KNOWN"}
        return {"status": "ANSWER_STATUS_NONE"} if record.get("has_periods") is False else {}

    def _identity(self, where: Path, seen: Counter[str]) -> str:
        """From what the element says, so that a later document with the same period gives the same id."""
        node = self._document
        for part in (*self._root, *where):
            node = node[part]  # type: ignore[index]  # the path was found in the document itself
        digest = _digest(node)[:24]
        seen[digest] += 1
        return digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"

    def _renamed(self, path: Path, start: int) -> Path:
        renamed: list[str | int] = []
        for index, part in enumerate(path):
            if isinstance(part, int):
                term: str | int = part
            elif index == 0 and self._root:
                term = f"@{part}"
            else:
                term, known = self._names.term(part)
                if known is not Known.YES:
                    self._find_name(known, path[: index + 1])
            if index >= start:
                renamed.append(term)
        return tuple(renamed)

    def _find_kept(self, path: Path, value: Any) -> None:
        """In a document that becomes a record: what has a value and went to no field of the record."""
        inner = path[len(self._root) :]
        if not self._rules or value in (None, "") or isinstance(value, dict | list) or len(inner) < _SHORT:
            return
        people = [at for name, at in moved_parts(self._kind.document_type, self._kind.form).items() if name != "claim"]
        if not any(inner[: len(at)] == at for at in people):
            self._find(FindingKind.KEPT, path, "The record has no field for this; it is kept as it stands.")

    def _find_name(self, known: Known, path: Path) -> None:
        if known is Known.NO:
            self._find(
                FindingKind.UNKNOWN_NAME, path, "The dictionary does not have this name; it is kept with what it holds."
            )
        else:
            self._find(
                FindingKind.OTHER_CAPITALS, path, "The name is known in other capitals; it is kept as it is written."
            )

    def _find(self, kind: FindingKind, path: Path, text: str) -> None:
        place = pointer(tuple(STAR if isinstance(part, int) else part for part in path))
        before = self._found.get((kind, place))
        self._found[kind, place] = Finding(kind, place, text, before.times + 1 if before else 1)


class _Unread(str):
    """A value that its rule could not read."""

    __slots__ = ()


def _grown_record(fields: dict[Path, Any]) -> Record:
    """Fields as a record: holes in lists become empty records, values that were not read go to `unread`."""
    leaves: dict[Path, Any] = {}
    unread: list[Record] = []
    for path, value in fields.items():
        if isinstance(value, _Unread):
            unread.append({"field": "/".join(map(str, path)), "text": str(value)})
        else:
            leaves[path] = value
    record: Record = _dense(grown(leaves.items())) if leaves else {}
    return {**record, "unread": unread} if unread else record


def _dense(tree: Any) -> Any:
    if isinstance(tree, list):
        return [_dense(one) for one in tree]
    if not isinstance(tree, dict):
        return tree
    if not any(key.startswith("[") for key in tree):
        return {key: _dense(value) for key, value in tree.items()}
    places = {int(key[1:-1]): value for key, value in tree.items()}
    return [_dense(places.get(place, {})) for place in range(max(places) + 1)]


def _digest(value: Any) -> str:
    return hashlib.sha256(sorted_text(value).encode("utf-8", "surrogatepass")).hexdigest()


def _assumed(kind: Kind) -> Iterator[Finding]:
    """What is taken for granted before a field is read."""
    if kind.told_by != "document":
        text = f"The document does not say its type; {kind.document_type} was told by: {kind.told_by}."
        yield Finding(FindingKind.TYPE_ASSUMED, "", text)
    if kind.version and kind.version.partition(".")[0] != _READ_VERSION:
        text = (
            f"The document is of another version of EESSI than {_READ_VERSION}, whose fields are known here: compare "
            "what was read with it, and ask its sender for one of that version where they differ."
        )
        yield Finding(FindingKind.OTHER_VERSION, "", text)


def _reported(one: Finding) -> Record:
    return {"kind": str(one.kind), "place": one.place, "text": one.text, "times": one.times}
