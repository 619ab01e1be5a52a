"""Leases: which process of a node reads which partition of its inbox.

A lease spares others the same work; it does not keep them from it. Whoever has lost one is refused when it saves, by
the epoch, in the transaction that saves: clocks decide how soon another goes on, and never whether something counts.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

__all__ = ["LEASE", "Lease", "claims"]

LEASE: Final = timedelta(seconds=10)
"""How long a process that says nothing keeps its partitions; it says something every second or two."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who has what, until when. `epoch` is one higher each time it changes hands."""

    name: str
    holder: UUID
    epoch: int
    until: datetime

    def runs(self, now: datetime) -> bool:
        """Whether it is to be respected. A time further ahead than leases last was noted by a clock that was wrong."""
        return now < self.until <= now + 2 * LEASE


def claims(names: Sequence[str], standing: Mapping[str, Lease], *, me: UUID, now: datetime) -> Sequence[Lease]:
    """What `me` should have of `names`: what is its already, what is free, and one of whoever has two more than it.

    Processes that claim one after the other come to equal shares, and a lone one to all.
    """
    running = {name: one for name in names if (one := standing.get(name)) and one.runs(now)}
    mine = [_renewed(one, now) for one in running.values() if one.holder == me]
    mine += [_taken(name, standing.get(name), me, now) for name in names if name not in running]
    shares = Counter(one.holder for one in running.values() if one.holder != me)
    if shares:
        richest = max(shares, key=lambda holder: (shares[holder], holder))
        if shares[richest] >= len(mine) + 2:
            name = next(one.name for one in running.values() if one.holder == richest)
            mine.append(_taken(name, running[name], me, now))
    return mine


def _renewed(lease: Lease, now: datetime) -> Lease:
    """Not each time: a lease that has hardly aged is not worth a write."""
    return lease if lease.until - now > LEASE * 2 / 3 else replace(lease, until=now + LEASE)


def _taken(name: str, before: Lease | None, me: UUID, now: datetime) -> Lease:
    return Lease(name, me, before.epoch + 1 if before else 1, now + LEASE)
