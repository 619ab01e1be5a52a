"""Counts and logs what happens in the exchange of one node: ids and codes only."""

from typing import Any

import structlog

from portability.app.metrics import NodeMetrics

__all__ = ["ExchangeObserver"]


class ExchangeObserver:
    """The exchange's Observer; `node` is the institution. What has a `code` went wrong and is a warning."""

    def __init__(self, metrics: NodeMetrics, *, node: str) -> None:
        self._metrics = metrics
        self._log: Any = structlog.get_logger().bind(node=node)

    def happened(self, event: str, **ids: str | int) -> None:
        """Count `event` (`count` times, where that is given) and log it."""
        count = ids.get("count", 1)
        self._metrics.exchange_event(event, count=count if isinstance(count, int) else 1)
        (self._log.warning if "code" in ids else self._log.info)(event, **ids)
