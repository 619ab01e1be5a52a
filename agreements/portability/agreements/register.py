"""What the treaty files say about themselves, for people and editors: the register and the JSON Schema. Pure.

Both are generated from the files and the models, and a test compares them with what is in the repository.
"""

import json
from collections.abc import Iterable, Iterator

from portability.agreements.loading import Agreement
from portability.agreements.national.legislation import LegislationFile
from portability.agreements.rules import AgreementFile

__all__ = ["register_text", "schema_text"]

_HEAD = """\
# The agreements that this package encodes. Generated from the files beside it (tools/agreement_files.py): do not edit.
"""


def register_text(agreements: Iterable[Agreement]) -> str:
    """The register as YAML: parties, branches, since when, sources with hashes, status, what is not modelled.

    Of agreements as their files state them: what one takes over from another stands with the other.
    """
    entries = [_entry(agreement) for agreement in sorted(agreements, key=lambda one: one.id)]
    return f"{_HEAD}format: 1\nagreements:\n" + "".join(entries)


def schema_text(model: type[AgreementFile | LegislationFile]) -> str:
    """The JSON Schema of a kind of file, for editors; the loader checks more than a schema can say."""
    schema = model.model_json_schema(by_alias=True)
    # The file reads `format: 1`, which an editor's YAML takes for a number.
    schema["properties"]["format"] = {"const": 1, "title": "Format"}
    return json.dumps(_for_editors(schema), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _entry(agreement: Agreement) -> str:
    content = agreement.content
    lines = [
        f"  - id: {content.id}",
        f"    title: {_quoted(content.title)}",
        f"    kind: {content.kind}",
        f"    parties: [{', '.join(map(_state, content.parties))}]",
        *_bound(content),
        f"    branches: [{', '.join(content.branches)}]",
        f"    since: {min(rule.valid_from for rule in content.rules)}",
        f"    status: {content.status}",
        f"    incorporates: {content.incorporates.agreement if content.incorporates else 'none'}",
        f"    supersedes: [{', '.join(map(_quoted, content.supersedes))}]",
        f"    superseded_by: {content.superseded_by or 'none'}",
        f"    rules: {len(content.rules)}",
        f"    unverified_rules: {sum(rule.status != 'verified' for rule in content.rules)}",
        f"    examples: {len(content.examples)}",
        f"    known_differences: {sum(case.known_difference is not None for case in content.examples)}",
        f"    file: {agreement.file}",
        f"    file_sha256: {agreement.sha256}",
        *_sources(content),
        *_gaps(content),
    ]
    return "\n".join(lines) + "\n"


def _bound(content: AgreementFile) -> Iterator[str]:
    """Parties bound from or until a day of their own, with the provision."""
    if content.bound:
        yield "    bound:"
    for entry in content.bound:
        days = f"from: {entry.valid_from or 'none'}, until: {entry.valid_until or 'none'}"
        yield f"      - {{state: {_state(entry.state)}, {days}, cite: {_quoted(entry.cite)}}}"


def _sources(content: AgreementFile) -> Iterator[str]:
    yield "    sources:"
    for source in content.instruments:
        yield f"      - id: {source.id}"
        yield f"        title: {_quoted(source.title)}"
        yield f"        official: {source.official}"
        yield f"        read: {_quoted(source.read)}"
        yield f"        read_sha256: {source.read_sha256 or 'none'}"


def _gaps(content: AgreementFile) -> Iterator[str]:
    """Each provision that is not encoded, and what stops there for whom."""
    yield "    not_modelled:" if content.not_modelled else "    not_modelled: []"
    for gap in content.not_modelled:
        states = f", states: [{', '.join(map(_state, gap.states))}]" if gap.states else ""
        yield f"      - {{cite: {_quoted(gap.cite)}, what: {_quoted(gap.what)}, stops: {gap.stops}{states}}}"


def _state(state: str) -> str:
    """Norway's code is quoted: to most readers of YAML a bare NO is false."""
    return f'"{state}"' if state == "NO" else state


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _for_editors(node: object) -> object:
    """Scalars are text to the loader: where a string of digits is meant, an editor's number is right too."""
    if isinstance(node, dict):
        if node.get("enum") == ["5", "6", "7"]:
            return {**node, "enum": ["5", "6", "7", 5, 6, 7], "type": ["string", "integer"]}
        if node.get("type") == "string" and node.get("format") == "fraction":
            return {"type": "string", "pattern": r"^\d+(\.\d+)?(/[1-9]\d*)?$"}
        return {key: _for_editors(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_for_editors(value) for value in node]
    return node
