"""Merkle tree hashes and proofs of inclusion and consistency (RFC 6962 and RFC 9162, sections 2.1). Pure functions."""

from collections.abc import Sequence
from hashlib import sha256

from portability.agreements.errors import VerificationError

__all__ = [
    "HASH_BYTES",
    "audit_path",
    "consistency_path",
    "leaf_hash",
    "node_hash",
    "root_of",
    "split_of",
    "verify_consistency",
    "verify_inclusion",
]

HASH_BYTES = 32


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
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
    paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
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


def split_of(size: int) -> int:
    """The largest power of two smaller than `size` (at least 2): where the RFC splits a tree."""
    return 1 << ((size - 1).bit_length() - 1)


def consistency_path(leaves: Sequence[bytes], size: int) -> tuple[bytes, ...]:
    """Hashes that prove the tree of the first `size` leaves to be a prefix of the whole (RFC 9162 2.1.4.1)."""
    if not 0 < size <= len(leaves):
        raise IndexError(f"A tree of {len(leaves)} leaves does not grow from one of {size}.")
    return tuple(_subproof(leaves, size, whole=True))


def _subproof(leaves: Sequence[bytes], size: int, *, whole: bool) -> list[bytes]:
    if size == len(leaves):
        return [] if whole else [root_of(leaves)]
    split = split_of(len(leaves))
    if size <= split:
        return [*_subproof(leaves[:split], size, whole=whole), root_of(leaves[split:])]
    return [*_subproof(leaves[split:], size - split, whole=False), root_of(leaves[:split])]


def verify_consistency(*, first_size: int, first_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bytes:
    """Return `root` when the path proves that its tree grew from the first by appending (RFC 9162 2.1.4.2)."""
    # 1. The sizes are in order; equal trees have equal roots and nothing to prove.
    # 2. From an empty tree everything grows.
    # 3. The path leads to both roots at once.
    # (1) sizes
    if not 0 <= first_size <= size:
        raise VerificationError(f"A tree of {size} leaves cannot have grown from one of {first_size}.")
    if first_size in {0, size}:
        if path:
            raise VerificationError(f"The consistency path is {len(path)} hashes too long.")
        # (2) the empty tree
        expected = root_of([]) if first_size == 0 else root
        if first_root != expected:
            raise VerificationError(f"Two trees of {first_size} leaves have different roots.")
        return root
    # (3) the path
    remaining = list(path)
    position, last = first_size - 1, size - 1
    while position % 2 == 1:
        position, last = position // 2, last // 2
    current = first_root if position == 0 else _take(remaining)
    older = newer = current
    while last > 0:
        if position % 2 == 1:
            sibling = _take(remaining)
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
        elif position < last:
            newer = node_hash(newer, _take(remaining))
        position, last = position // 2, last // 2
    if remaining:
        raise VerificationError(f"The consistency path is {len(remaining)} hashes too long.")
    if older != first_root or newer != root:
        raise VerificationError("The consistency path does not lead from the older root to the newer one.")
    return root


def verify_inclusion(leaf: bytes, *, index: int, size: int, path: Sequence[bytes], root: bytes) -> bytes:
    """Return `leaf` when the path proves it at `index` of `size` leaves under `root`; else VerificationError."""
    if not 0 <= index < size:
        raise VerificationError(f"Leaf {index} cannot be in a tree of {size}.")
    remaining = list(path)
    current, position, last = leaf, index, size - 1
    while last > 0:
        if position % 2 == 1:
            current = node_hash(_take(remaining), current)
        elif position < last:
            current = node_hash(current, _take(remaining))
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
