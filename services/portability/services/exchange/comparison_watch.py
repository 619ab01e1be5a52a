"""An alarm for what stays open of comparisons with partners: differences that stand, and days without a digest."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from portability.agreements.errors import GatewayError, VerificationError
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.reconciliations import KEPT, STAYS, over_until
from portability.services.exchange.node import ExchangeNode

__all__ = ["forget_reconciliations", "report_comparisons", "run_comparison_watch"]

EVERY: Final = timedelta(minutes=5)
DIFFERS: Final = "DIGEST_DIFFERS"
NO_DIGEST: Final = "NO_DIGEST"


async def report_comparisons(node: ExchangeNode) -> int:
    """Tell the observer `difference_stays` and `partner_silent`, each difference and each day once; return how often.

    A day without a digest goes into the report of reconciliations as well.
    """
    now = node.clock.now()
    until = over_until(now)
    async with node.unit_of_work() as work:
        standing = await work.comparison_alarms.standing(found_before=now - STAYS)
        unheard = await work.comparison_alarms.unheard(today=now.date(), until=until)
        expected = _members(unheard, node)
        silent = await work.comparison_alarms.silent(expected, since=until - KEPT, until=until) if expected else {}
    for one in standing:
        node.observer.happened(
            "difference_stays", sender=one.partner, sequence=one.first_seq, count=one.count, code=DIFFERS
        )
    for sender, days in silent.items():
        node.observer.happened("partner_silent", sender=sender, count=days, code=NO_DIGEST)
    return len(standing) + len(silent)


def _members(partners: Sequence[InstitutionId], node: ExchangeNode) -> Sequence[InstitutionId]:
    """Those that can be written to: of one that has left the directory no digest is expected."""
    now = node.clock.now()
    members = []
    for one in partners:
        try:
            node.trust.encryption_key(one, now)
        except VerificationError:
            continue
        members.append(one)
    return members


async def forget_reconciliations(node: ExchangeNode) -> int:
    """Delete the reports whose time of keeping is over; return how many."""
    async with node.unit_of_work() as work:
        return await work.reconciliation_report.forget(before=(node.clock.now() - KEPT).date())


async def run_comparison_watch(node: ExchangeNode, *, every: timedelta = EVERY) -> None:
    """Report and forget until cancelled; a fault that may pass is waited out."""
    while True:
        try:
            await report_comparisons(node)
            await forget_reconciliations(node)
        except GatewayError as error:
            if not error.retryable:
                raise
        await asyncio.sleep(every.total_seconds())
