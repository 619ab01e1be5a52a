"""The log of one running node: positions and checkpoints each second, cosignatures each minute, until cancelled."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from portability.agreements.errors import GatewayError
from portability.services.log.model import SignedCheckpoint, origin_of
from portability.services.log.ports import Clock, LogKeys, LogUnitOfWork
from portability.services.log.sequencer import sequence_once, sign_once
from portability.services.log.witnessing import WitnessRound

__all__ = ["NodeLog", "log_once", "run_log"]

EVERY: Final = timedelta(seconds=1)
PAUSE_AFTER_FAULT: Final = timedelta(seconds=1)


@dataclass(slots=True)
class NodeLog:
    """The parts that the log of one node works with; witnesses may be changed while it runs."""

    me: str
    unit_of_work: LogUnitOfWork
    keys: LogKeys
    clock: Clock
    witnesses: WitnessRound
    cosigned_every: timedelta = timedelta(minutes=1)


async def log_once(log: NodeLog) -> SignedCheckpoint | None:
    """Give positions to all that is staged, and sign; None where nothing came. Raises VerificationError."""
    while await sequence_once(log.unit_of_work):
        pass
    return await sign_once(log.unit_of_work, origin=origin_of(log.me), keys=log.keys, clock=log.clock)


async def run_log(log: NodeLog) -> None:
    """Keep the log until cancelled.

    A fault of the store that may pass is waited out. A VerificationError ends it, and the node with it: a damaged or
    forked log must not grow.
    """
    cosigned_at: datetime | None = None
    waiting: SignedCheckpoint | None = None
    while True:
        try:
            waiting = await log_once(log) or waiting
            if waiting is not None and _is_due(log, cosigned_at):
                await log.witnesses.gather(waiting)
                cosigned_at, waiting = log.clock.now(), None
        except GatewayError as error:
            if not error.retryable:
                raise
            await asyncio.sleep(PAUSE_AFTER_FAULT.total_seconds())
            continue
        await asyncio.sleep(EVERY.total_seconds())


def _is_due(log: NodeLog, cosigned_at: datetime | None) -> bool:
    if not log.witnesses.witnesses:
        return False
    return cosigned_at is None or log.clock.now() - cosigned_at >= log.cosigned_every
