"""What travels as signed files: directories of institutions, and the statements of treaty authorities."""

import json
from collections.abc import Sequence
from pathlib import Path

from portability.agreements.errors import VerificationError
from portability.services.determination.treaties.mapping.statements import decode_signed_statement, decode_statement
from portability.services.registry.mapping import decode_directory, decode_signed
from tests.fuzz.target import Target

__all__ = ["directory_targets"]

VECTORS = Path(__file__).parents[2] / "docs" / "spec" / "vectors"


def directory_targets() -> Sequence[Target]:
    """The published vectors are the good inputs."""
    declared = (VerificationError,)
    signed = _hexadecimal(json.loads((VECTORS / "directory.json").read_text()))
    statements = _hexadecimal(json.loads((VECTORS / "statements.json").read_text()))
    return [
        Target("signed-directory", decode_signed, declared, signed, largest=32_768),
        Target("directory", decode_directory, declared, signed, largest=32_768),
        Target("signed-statement", decode_signed_statement, declared, statements, largest=16_384),
        Target("statement", decode_statement, declared, statements),
    ]


def _hexadecimal(node: object) -> list[bytes]:
    """Every byte string of a vector file, wherever it stands in it."""
    if isinstance(node, dict):
        return [found for value in node.values() for found in _hexadecimal(value)]
    if isinstance(node, list):
        return [found for value in node for found in _hexadecimal(value)]
    try:
        return [bytes.fromhex(node)] if isinstance(node, str) and len(node) >= 32 else []
    except ValueError:
        return []
