"""What travels as signed files: directories of institutions, and the statements of treaty authorities."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from portability.agreements.errors import VerificationError
from portability.services.determination.treaties.mapping.statements import decode_signed_statement, decode_statement
from portability.services.determination.treaties.model import SignedStatement
from portability.services.registry.mapping.directory import (
    decode_directory,
    decode_institution,
    decode_key,
    institution_message,
    key_message,
)
from portability.services.registry.mapping.roots import (
    decode_chain,
    decode_freshness,
    decode_root,
    decode_signed,
    encode_signed,
)
from tests.fuzz.target import Target

__all__ = ["directory_targets"]

VECTORS = Path(__file__).parents[2] / "docs" / "spec" / "vectors"


def directory_targets() -> Sequence[Target]:
    """The published vectors are the good inputs."""
    declared = (VerificationError,)
    statements = _hexadecimal(json.loads((VECTORS / "statements.json").read_text()))
    chain = bytes.fromhex(json.loads((VECTORS / "directory.json").read_text())["chain"])
    parts = decode_chain(chain)
    roots = [one.content for one in parts.roots]
    freshness = [] if parts.freshness is None else [parts.freshness.content]
    one = decode_directory(parts.directory.content).institutions[0]
    entry, key = (message.SerializeToString() for message in (institution_message(one), key_message(one.keys[0])))
    return [
        Target("signed-file", decode_signed, declared, [encode_signed(parts.directory)], largest=65_536),
        Target("institution-entry", decode_institution, declared, [entry], largest=32_768),
        Target("public-key", decode_key, declared, [key]),
        Target("signed-directory", decode_chain, declared, [chain], largest=65_536),
        Target("directory", decode_directory, declared, [parts.directory.content], largest=32_768),
        Target("root", decode_root, declared, roots, largest=32_768),
        Target("freshness", decode_freshness, declared, freshness),
        Target("signed-statement", decode_signed_statement, declared, statements, largest=16_384),
        Target("statement", decode_statement, declared, [one.statement for one in _readable(statements)]),
    ]


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
