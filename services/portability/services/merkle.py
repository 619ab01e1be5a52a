"""Merkle tree hashes and audit paths (RFC 6962 section 2.1) over a list of byte strings."""

from collections.abc import Sequence
from hashlib import sha256

from portability.agreements.errors import VerificationError

__all__ = ["audit_path", "leaf_hash", "root_of", "verify_inclusion"]

HASH_BYTES = 32


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Tree hash over leaf hashes in order; SHA-256 of nothing for an empty list."""
    if not leaves:
        return sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        level = _next_level(level)
    return level[0]


def _next_level(level: Sequence[bytes]) -> list[bytes]:
    # Splitting at the largest power of two, as the RFC defines it, gives the same tree as pairing
    # neighbours upward and promoting a last one without a neighbour.
    paired = [_node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return paired if len(level) % 2 == 0 else [*paired, level[-1]]


def audit_path(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Hashes that lead from leaf `index` to the root, lowest first (section 2.1.1)."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"There is no leaf {index} among {len(leaves)}.")
    path = []
    level = list(leaves)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level = _next_level(level)
        index //= 2
    return tuple(path)


def verify_inclusion(leaf: bytes, *, index: int, size: int, path: Sequence[bytes], root: bytes) -> bytes:
    """Return `leaf` when the path proves it at `index` of `size` leaves under `root`; else VerificationError."""
    if not 0 <= index < size:
        raise VerificationError(f"Leaf {index} cannot be in a tree of {size}.")
    remaining = list(path)
    current, position, last = leaf, index, size - 1
    while last > 0:
        if position % 2 == 1:
            current = _node_hash(_take(remaining), current)
        elif position < last:
            current = _node_hash(current, _take(remaining))
        position, last = position // 2, last // 2
    if remaining:
        raise VerificationError(f"The audit path is {len(remaining)} hashes too long.")
    if current != root:
        raise VerificationError("The audit path does not lead to the root.")
    return leaf


def _take(path: list[bytes]) -> bytes:
    if not path:
        raise VerificationError("The audit path is too short.")
    sibling = path.pop(0)
    if len(sibling) != HASH_BYTES:
        raise VerificationError(f"A hash of the audit path has {len(sibling)} bytes, not {HASH_BYTES}.")
    return sibling
