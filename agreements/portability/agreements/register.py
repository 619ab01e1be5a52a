"""What the treaty files say about themselves, for people and editors: the register and the JSON Schema. Pure.

Both are generated from the files and the models, and a test compares them with what is in the repository.
"""

import json
from collections.abc import Iterable

from portability.agreements.loading import Agreement
from portability.agreements.national.legislation import LegislationFile
from portability.agreements.rules import AgreementFile

__all__ = ["register_text", "schema_text"]

_HEAD = """\
# The agreements that this package encodes. Generated from the files beside it (tools/agreement_files.py): do not edit.
"""


def register_text(agreements: Iterable[Agreement]) -> str:
    """The register as YAML: parties, branches, since when, sources with hashes, status, what is not modelled."""
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
        f"    parties: [{', '.join(content.parties)}]",
        f"    branches: [{', '.join(content.branches)}]",
        f"    since: {min(rule.valid_from for rule in content.rules)}",
        f"    status: {content.status}",
        f"    superseded_by: {content.superseded_by or 'none'}",
        f"    rules: {len(content.rules)}",
        f"    examples: {len(content.examples)}",
        f"    not_modelled: {len(content.not_modelled)}",
        f"    file: {agreement.file}",
        f"    file_sha256: {agreement.sha256}",
        "    sources:",
    ]
    for source in content.instruments:
        lines += [
            f"      - id: {source.id}",
            f"        official: {source.official}",
            f"        read: {_quoted(source.read)}",
            f"        read_sha256: {source.read_sha256 or 'none'}",
        ]
    return "\n".join(lines) + "\n"


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
