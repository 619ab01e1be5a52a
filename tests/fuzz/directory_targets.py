"""What travels as signed files: directories of institutions, and the statements of treaty authorities."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from portability.agreements.errors import VerificationError
from portability.services.determination.treaties.mapping.statements import decode_signed_statement, decode_statement
from portability.services.determination.treaties.model import SignedStatement
from portability.services.registry.mapping import decode_directory, decode_signed, encode_signed
from portability.services.registry.model import RootSignature, SignedDirectory
from tests.fuzz.target import Target

__all__ = ["directory_targets"]

VECTORS = Path(__file__).parents[2] / "docs" / "spec" / "vectors"


def directory_targets() -> Sequence[Target]:
    """The published vectors are the good inputs."""
    declared = (VerificationError,)
    signed = _hexadecimal(json.loads((VECTORS / "directory.json").read_text()))
    statements = _hexadecimal(json.loads((VECTORS / "statements.json").read_text()))
    return [
        Target("signed-directory", decode_signed, declared, [_signed_directory()], largest=32_768),
        Target("directory", decode_directory, declared, signed, largest=32_768),
        Target("signed-statement", decode_signed_statement, declared, statements, largest=16_384),
        Target("statement", decode_statement, declared, [one.statement for one in _readable(statements)]),
    ]


def _signed_directory() -> bytes:
    vector = json.loads((VECTORS / "directory.json").read_text())
    signatures = tuple(
        RootSignature(one["key_id"], bytes.fromhex(one["ed25519"]), bytes.fromhex(one["mldsa65"]))
        for one in vector["signatures"]
    )
    return encode_signed(SignedDirectory(bytes.fromhex(vector["directory"]), signatures))


def _readable(statements: Sequence[bytes]) -> Iterator[SignedStatement]:
    for one in statements:
        with suppress(VerificationError):
            yield decode_signed_statement(one)


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
