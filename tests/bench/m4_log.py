"""How fast the log takes entries: leaves, tiles and root of 100,000 entries, beside bare SHA-256 over the same tree."""

from hashlib import sha256
from time import perf_counter
from typing import Any

from portability.services.log.tiles import Edge
from portability.services.log_entry import LogEntryKind, encoded
from portability.services.merkle import leaf_hash

ENTRIES = 100_000
AT_ONCE = 4_096  # as the sequencer takes them
ROUNDS = 5


def run() -> list[dict[str, Any]]:
    """Entries a second on one core, the median of five rounds of each, in turn; storing them is not counted."""
    entries = [encoded(LogEntryKind.BUNDLE_SENT, number, sha256(b"%d" % number).digest()) for number in range(ENTRIES)]
    ours, bare = [], []
    for _ in range(ROUNDS):
        ours.append(ENTRIES / _seconds(lambda: _append(entries)))
        bare.append(ENTRIES / _seconds(lambda: _bare(entries)))
    value, baseline = sorted(ours)[ROUNDS // 2], sorted(bare)[ROUNDS // 2]
    ratio = sorted(one / base for one, base in zip(ours, bare, strict=True))[ROUNDS // 2]
    return [
        {
            "name": "m4_log_append",
            "value": round(value),
            "unit": "entries/s",
            "baseline": round(baseline),
            "ratio": round(ratio, 2),
        }
    ]


def _append(entries: list[bytes]) -> bytes:
    edge = Edge(0)
    for start in range(0, len(entries), AT_ONCE):
        edge, _ = edge.extended([leaf_hash(one) for one in entries[start : start + AT_ONCE]])
        edge.root()
    return edge.root()


def _bare(entries: list[bytes]) -> None:
    """As many hashes as the tree has: one of each entry, one of each pair."""
    pair = b"\x01" + bytes(64)
    for one in entries:
        sha256(one).digest()
        sha256(pair).digest()


def _seconds(work: Any) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start
