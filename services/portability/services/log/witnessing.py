"""Asking witnesses to cosign, and at start whether they have seen more of this log than this node still has."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from portability.agreements.errors import GatewayError, VerificationError
from portability.services.log.checkpoint import verify_cosignature, verify_log_signature
from portability.services.log.model import SignedCheckpoint, origin_of, witness_of
from portability.services.log.ports import LogDirectory, LogUnitOfWork, Observer, Offer, Witness
from portability.services.log.proofs import prove_consistency, root_at

__all__ = ["WitnessRound", "refuse_restored_state"]

ANSWER_SECONDS: Final = 10.0
TURNS: Final = 3  # a first guess of the size that the witness holds, the right one, and one more for a race

RESTORED: Final = (
    "The log of '{me}' in this database has {size} entries, but witness '{witness}' has cosigned {seen}: the database "
    "is an older copy of itself, or another log. Nothing was started. Restore the newest copy (the one that holds "
    "entry {last}), or, where none exists, have the administrators of the directory enter a new log key and start a "
    "new log: docs/operations.md, 'A restored database'."
)
FORKED: Final = (
    "The log of '{me}' and what witness '{witness}' has cosigned of it differ within the first {seen} entries: rows "
    "were changed or this is another database. Nothing was started. Run `portability fsck`, then restore the right "
    "copy: docs/operations.md, 'A restored database'."
)


@dataclass(frozen=True, slots=True)
class WitnessRound:
    """The witnesses of one node's log, asked together."""

    me: str
    witnesses: Sequence[Witness]
    unit_of_work: LogUnitOfWork
    directory: LogDirectory
    observer: Observer

    async def gather(self, signed: SignedCheckpoint) -> int:
        """Ask every witness to cosign; keep the cosignatures and return how many there are.

        A witness that cannot be reached, or refuses without showing why, is told to the observer and asked again with
        the next checkpoint. Raises VerificationError where a witness shows a checkpoint that this log has signed and
        this database does not hold: then the log has forked or was rolled back, and must not grow.
        """
        answers = await asyncio.gather(*(self._ask(one, signed) for one in self.witnesses), return_exceptions=True)
        cosigned = 0
        for witness, answer in zip(self.witnesses, answers, strict=True):
            if isinstance(answer, str):
                await self._keep(witness.institution, signed, answer)
                cosigned += 1
            elif isinstance(answer, GatewayError | TimeoutError):
                self.observer.happened("witness_not_reached", witness=witness.institution)
            elif isinstance(answer, VerificationError):
                self.observer.happened("checkpoint_refused", witness=witness.institution, code=answer.code)
                # Its word alone stops nobody; what this log has signed itself does.
                await self.compare(witness)
            else:
                raise answer
        return cosigned

    async def compare(self, witness: Witness) -> bool:
        """Compare this log with what a witness has cosigned of it; return whether the witness answered.

        Raises VerificationError, with the next step, where the witness holds a checkpoint signed by this log that
        this database has not grown from.
        """
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                note = await witness.newest(origin_of(self.me))
        except (GatewayError, TimeoutError):
            self.observer.happened("witness_not_reached", witness=witness.institution)
            return False
        if note is not None:
            await self._hold(note, witness.institution)
        return True

    async def _hold(self, note: bytes, witness: str) -> None:
        try:
            seen, _ = verify_log_signature(note, origin=origin_of(self.me), keys=self.directory.log_keys(self.me))
        except VerificationError as error:
            self.observer.happened("witness_shows_what_is_not_ours", witness=witness, code=error.code)
            return
        async with self.unit_of_work() as work:
            head = await work.entries.lock()
            if seen.size > head.size:
                raise VerificationError(_told(RESTORED, self.me, witness, size=head.size, seen=seen.size))
            if await root_at(work.tiles, seen.size) != seen.root:
                raise VerificationError(_told(FORKED, self.me, witness, size=head.size, seen=seen.size))

    async def _ask(self, witness: Witness, signed: SignedCheckpoint) -> str:
        size = signed.checkpoint.size
        known = 0
        for _ in range(TURNS):
            async with self.unit_of_work() as work:
                proof = await prove_consistency(work.tiles, first=known, size=size)
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await witness.add_checkpoint(Offer(known, proof, signed.note))
            if isinstance(answer, str):
                return answer
            if answer > size:
                raise VerificationError(f"Witness '{witness.institution}' holds {answer} entries of this log.")
            known = answer
        raise GatewayError(f"Witness '{witness.institution}' gave no stable size.", retryable=True)

    async def _keep(self, institution: str, signed: SignedCheckpoint, lines: str) -> None:
        verify_cosignature(
            signed.note + lines.encode(), name=witness_of(institution), keys=self.directory.log_keys(institution)
        )
        async with self.unit_of_work() as work:
            await work.checkpoints.add_cosignature(signed, institution, lines)


async def refuse_restored_state(of: WitnessRound) -> int:
    """Compare this node's log with what its witnesses have cosigned; return how many witnesses answered.

    Raises VerificationError, with the next step, where a witness holds more of the log than this database, or other
    entries. A witness that cannot be reached, or that never cosigned, says nothing.
    """
    return sum([await of.compare(one) for one in of.witnesses])


def _told(text: str, me: str, witness: str, *, size: int, seen: int) -> str:
    return text.format(me=me, witness=witness, size=size, seen=seen, last=seen - 1)
