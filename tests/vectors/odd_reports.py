"""Evidence with odd reports that are rightly signed: what a change of a finished file cannot reach, for its signatures.

Two verifiers have to agree on whether each says what a report may say (docs/spec/exchange.md, section 6.2).
"""

import random
import sys
from pathlib import Path
from uuid import UUID

from portability.api.exchange.v1 import bundle_pb2 as pb
from portability.services.registry.mapping.roots import encode_signed

from .mutations import change_field

TESTS = Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "services" / name) for name in ("exchange", "registry", "evidence")]

from evidence_world import CASE, EvidenceWorld  # noqa: E402 (its folder is named above)
from given_up import HONEST, OTHER_CASE, cut_with_report, give_up_one  # noqa: E402 (the same)

__all__ = ["signed_reports"]

NUMBER = 3  # of the late message in its case; in its stream it is higher
AT_MS, YEAR_10000 = 1_795_176_000_000, 253_402_300_800_000
CASES = [b"", b"", OTHER_CASE.bytes, UUID(int=0).bytes, b"x", bytes(17)]
LASTS = [NUMBER, NUMBER, NUMBER + 1, 4095, 4096, 4097, 4099, 4100, 2**53 - 1, 2**53, 2**64 - 1]
REASONS = ["why", "why", "", "x" * 500, "x" * 501, "a\nb", "a\x7fb", "a\u0085b", "a\u2028b", "é" * 500]
REASONS += ["\U0001f600" * 500, " before", "\ufeff", "\u202e", "\ufffe"]


async def signed_reports(count: int, seed: int) -> tuple[list[bytes], bytes]:
    """Files, and the root to verify them by."""
    chance, world = random.Random(seed), EvidenceWorld()  # noqa: S311 (repeatable on purpose)
    await world.exchange()
    await world.log()
    await give_up_one(world)
    await world.log()
    files = [await cut_with_report(world, HONEST, record=_record(chance)) for _ in range(count)]
    return files, encode_signed(world.keepers.anchor)


def _record(chance: random.Random) -> bytes:
    entries = [_entry(chance) for _ in range(chance.choice([0, 1, 1, 1, 1, 1, 2, 3]))]
    record = pb.StatusReport(entries=entries).SerializeToString(deterministic=True)
    return change_field(record, chance) if chance.random() < 0.2 else record


def _entry(chance: random.Random) -> pb.StatusEntry:
    """An entry as it should be, mostly with one thing odd."""
    entry = pb.StatusEntry(
        first_seq=NUMBER, last_seq=NUMBER, status=pb.BUSINESS_STATUS_REJECTED, reasons=["why"], case_id=CASE.bytes
    )
    entry.decided_at_ms = AT_MS
    match chance.randrange(7):
        case 0:
            entry.first_seq, entry.last_seq = chance.choice([0, 1, NUMBER, NUMBER + 1]), chance.choice(LASTS)
        case 1:
            entry.status = chance.choice([-1, 0, 1, 2, 4, 5, 6])  # type: ignore[assignment]
        case 2:
            entry.decided_at_ms = chance.choice([0, 1, YEAR_10000 - 1, YEAR_10000, 2**63, 2**64 - 1])
        case 3:
            entry.case_id, entry.last_seq = chance.choice(CASES), chance.choice(LASTS)
        case 4 | 5:
            del entry.reasons[:]
            entry.reasons.extend(chance.choices(REASONS, k=chance.choice([0, 1, 1, 2, 8, 9])))
    return entry
