"""Being a witness: cosigning what only grew, refusing all else, keeping what proves a log's two histories.

The rules are those of C2SP tlog-witness 1.0.0 (add-checkpoint); the words travel by gRPC instead of HTTP.
"""

from portability.agreements.errors import VerificationError
from portability.services.log.checkpoint import cosign, verify_log_signature
from portability.services.log.model import Checkpoint, TreeHead, origin_of, witness_of
from portability.services.log.note import parse_note
from portability.services.log.ports import Clock, Kept, LogDirectory, LogKeys, Offer, WitnessUnitOfWork
from portability.services.merkle import root_of, verify_consistency

__all__ = ["PROOF_LIMIT", "cosign_checkpoint", "newest_of"]

PROOF_LIMIT = 63
EMPTY = TreeHead(0, root_of([]))


async def cosign_checkpoint(
    offer: Offer,
    *,
    log_of: str,
    me: str,
    unit_of_work: WitnessUnitOfWork,
    directory: LogDirectory,
    keys: LogKeys,
    clock: Clock,
) -> str | int:
    """Cosign a checkpoint of the log of the institution `log_of`: return the signature lines.

    Returns a size where the offer starts from another one than this witness has kept: the log asks again from there.
    Raises VerificationError where the checkpoint is not signed by the log, is smaller than what was cosigned or is
    not proven to have grown from it. What is returned is durable.
    """
    # 1. The log itself has signed the checkpoint, with a key of the directory.
    # 2. Under the lock of the log: it starts from what was cosigned last.
    # 3. It has grown from there. Where it has not, both checkpoints are kept: each is signed by the log.
    # 4. It is kept with the cosignature, and answered only after the commit.
    # (1) the log's signature
    origin = origin_of(log_of)
    offered, _ = verify_log_signature(offer.note, origin=origin, keys=directory.log_keys(log_of))
    now = clock.now()
    async with unit_of_work() as memory:
        # (2) the start
        kept = await memory.lock(origin)
        head = kept.head if kept else EMPTY
        forked = offered.size == head.size and offered.root != head.root
        if offer.old_size != head.size and not forked:
            return head.size
        # (3) growth
        refusal = _refusal(offer, offered, head)
        if refusal is None:
            # (4) kept
            lines = cosign(offered, name=witness_of(me), key=keys.log_key(now), at=now)
            await memory.keep(origin, Kept(offered.head, _log_part(offer.note, origin) + lines.encode()))
        elif kept is not None and offered.size >= head.size:
            await memory.accuse(origin, kept=kept.note, offered=offer.note, at=now)
    if refusal is not None:
        raise refusal
    return lines


def _refusal(offer: Offer, offered: Checkpoint, head: TreeHead) -> VerificationError | None:
    try:
        if len(offer.proof) > PROOF_LIMIT:
            raise VerificationError(f"A consistency proof of {len(offer.proof)} hashes; {PROOF_LIMIT} are allowed.")
        verify_consistency(
            first_size=head.size, first_root=head.root, size=offered.size, root=offered.root, path=offer.proof
        )
    except VerificationError as error:
        return error
    return None


def _log_part(note: bytes, origin: str) -> bytes:
    """The note with the signatures of its log only: what others say of it is not this witness's to repeat."""
    parsed = parse_note(note)
    lines = note.decode().removeprefix(parsed.text + "\n").splitlines(keepends=True)
    own = [line for line, one in zip(lines, parsed.signatures, strict=True) if one.name == origin]
    return (parsed.text + "\n" + "".join(own)).encode()


async def newest_of(origin: str, *, unit_of_work: WitnessUnitOfWork) -> bytes | None:
    """The checkpoint of a log that this witness has cosigned last; None where there is none."""
    async with unit_of_work() as memory:
        kept = await memory.lock(origin)
    return kept.note if kept else None
