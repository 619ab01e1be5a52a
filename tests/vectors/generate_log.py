"""Makes docs/spec/vectors/log.json and evidence.json, with test keys that everybody knows.

python -m tests.vectors.generate_log
"""

import asyncio
import json
import sys
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "services" / name) for name in ("exchange", "registry", "evidence")]

from evidence_world import BERLIN, EvidenceWorld, resend_one  # noqa: E402 (its folder is named above)
from given_up import FORGED, HONEST, cut_with_report, give_up_one  # noqa: E402 (the same)

from portability.app.evidence.file import FIRST_LINE  # noqa: E402 (the same)
from portability.app.evidence.verifying import verify_evidence  # noqa: E402 (the same)
from portability.services.log.model import origin_of  # noqa: E402 (the same)
from portability.services.log.tiles import Edge, TilePath  # noqa: E402 (the same)
from portability.services.log_entry import LogEntryKind, encoded  # noqa: E402 (the same)
from portability.services.merkle import audit_path, consistency_path, leaf_hash, root_of  # noqa: E402 (the same)
from portability.services.registry.mapping.roots import encode_signed  # noqa: E402 (the same)

SPEC = HERE.parents[1] / "docs" / "spec" / "vectors"
START_MS = 1_795_176_000_000
SIZE = 300


def entries() -> list[bytes]:
    kinds = list(LogEntryKind)
    return [
        encoded(kinds[number % len(kinds)], START_MS + 1000 * number, sha256(number.to_bytes(4, "big")).digest())
        for number in range(SIZE)
    ]


def log_vectors() -> dict[str, object]:
    """Entry n: kind n modulo their number in the order of log.md, 1795176000000 + 1000 n, SHA-256(n as 4 bytes)."""
    leaves = [leaf_hash(one) for one in entries()]
    edge, added = Edge(0).extended(leaves)
    return {
        "about": log_vectors.__doc__,
        "entries": [one.hex() for one in entries()[:8]],
        "leaves": [one.hex() for one in leaves[:8]],
        "roots": {str(size): root_of(leaves[:size]).hex() for size in (0, 1, 2, 3, 7, 8, 255, 256, 257, SIZE)},
        "inclusion": [
            {"index": index, "size": size, "path": [one.hex() for one in audit_path(leaves[:size], index)]}
            for index, size in ((0, 1), (0, 2), (5, 7), (255, 256), (256, 257), (0, SIZE), (299, SIZE))
        ],
        "consistency": [
            {"first": first, "size": size, "path": [one.hex() for one in consistency_path(leaves[:size], first)]}
            for first, size in ((1, 2), (3, 7), (7, 8), (8, 8), (256, 257), (257, SIZE), (1, SIZE))
        ],
        "tiles": {
            str(TilePath(level, number, len(hashes))): sha256(b"".join(hashes)).hexdigest()
            for (level, number), hashes in added.items()
        },
        "root": edge.root().hex(),
    }


async def evidence_vectors() -> dict[str, object]:
    """Files with and without records, with a message sent again, and with one that was given up in its case and came
    late: root, what they prove, what must be refused, and the words that every reason for it holds.
    """
    world = EvidenceWorld()
    await world.exchange()
    await world.log()
    plain, whole = await world.evidence(), await world.evidence(with_records=True)
    await resend_one(world)
    await world.log()
    again = await world.evidence()
    await give_up_one(world)
    await world.log()
    given_up, cut = await world.evidence(), await cut_with_report(world, HONEST)
    forged = [(one, await cut_with_report(world, one)) for one in FORGED]
    bits = 8 * (len(plain) - len(FIRST_LINE) - 32)
    return {
        "about": evidence_vectors.__doc__,
        "origin": origin_of(BERLIN),
        "root_bin": encode_signed(world.keepers.anchor).hex(),
        "accepted": [
            {"file": one.hex(), "sentences": verify_evidence(one, anchor=world.keepers.anchor).sentences}
            for one in (plain, whole, again, given_up, cut)
        ],
        # Each is the first file with one bit changed, under a digest made anew.
        "refused_bits": list(range(3, bits, bits // 64)),
        # Each differs in its report alone from the last of those accepted.
        "refused": [{"name": one.name, "because": one.because, "file": file.hex()} for one, file in forged],
    }


def main() -> None:
    SPEC.joinpath("log.json").write_text(json.dumps(log_vectors(), indent=1) + "\n")
    SPEC.joinpath("evidence.json").write_text(json.dumps(asyncio.run(evidence_vectors()), indent=1) + "\n")


if __name__ == "__main__":
    main()
