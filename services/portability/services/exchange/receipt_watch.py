"""An alarm for messages whose receipt does not come: once when it is late, once when it has to be taken for missing."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from portability.agreements.errors import GatewayError
from portability.services.exchange.node import ExchangeNode
from portability.services.exchange.receipt_levels import NO_RECEIPT, OverdueLevel, ReceiptTimes

__all__ = ["report_overdue", "run_receipt_watch"]

EVERY: Final = timedelta(minutes=5)


async def report_overdue(node: ExchangeNode, *, times: ReceiptTimes) -> int:
    """Tell the observer `receipt_late` and `receipt_missing`, each message once for each; return how many were told.

    One event a recipient, with how many messages it stands for and the lowest stream sequence among them.
    """
    now = node.clock.now()
    after = {OverdueLevel.LATE: times.warn_after, OverdueLevel.MISSING: times.fail_after}
    return sum([await _report(node, level, submitted_before=now - wait) for level, wait in after.items()])


async def _report(node: ExchangeNode, level: OverdueLevel, *, submitted_before: datetime) -> int:
    async with node.unit_of_work() as work:
        overdue = await work.receipt_alarms.take(level, submitted_before=submitted_before)
    for one in overdue:
        node.observer.happened(
            f"receipt_{level}", recipient=one.recipient, sequence=one.first_seq, count=one.count, code=NO_RECEIPT
        )
    return sum(one.count for one in overdue)


async def run_receipt_watch(node: ExchangeNode, *, times: ReceiptTimes, every: timedelta = EVERY) -> None:
    """Report until cancelled; a fault that may pass is waited out."""
    while True:
        try:
            await report_overdue(node, times=times)
        except GatewayError as error:
            if not error.retryable:
                raise
        await asyncio.sleep(every.total_seconds())
