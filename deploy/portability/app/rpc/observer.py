"""Counts and logs each call: what was called, how it ended, how long it took, from which institution and role."""

from typing import Any

import structlog

from portability.app.logging import error_fields
from portability.app.metrics import NodeMetrics
from portability.app.rpc.interceptor import CallRecord

__all__ = ["NodeObserver"]

QUIET = ("/grpc.health.v1.Health/", "/grpc.reflection.")
"""A health check every second would drown what happens; it is counted, not logged."""


class NodeObserver:
    """The CallObserver of a node; `node` is its institution."""

    def __init__(self, metrics: NodeMetrics, *, node: str) -> None:
        self._metrics = metrics
        self._log: Any = structlog.get_logger().bind(node=node)

    def call_started(self, rpc: str, kind: str) -> None:
        """Count the call."""
        self._metrics.call_started(rpc, kind)

    def call_finished(self, record: CallRecord) -> None:
        """Count the call and log one event."""
        self._metrics.call_finished(record.rpc, record.kind, code=record.code, seconds=record.seconds)
        if record.code == "OK" and record.rpc.startswith(QUIET):
            return
        fields: dict[str, object] = {
            "rpc": record.rpc,
            "code": record.code,
            "duration_ms": round(record.seconds * 1000, 3),
        }
        if record.caller:
            fields |= {"caller_institution": record.caller.institution, "caller_role": record.caller.role.value}
        if record.reason:
            fields["reason"] = record.reason
        if record.error_id:
            fields["error_id"] = record.error_id
        self._log.info("call_handled", **fields)

    def call_failed_unexpectedly(self, rpc: str, error_id: str, error: Exception) -> None:
        """Log where an unforeseen error came from; its text stays out, since it may quote a record."""
        self._metrics.unforeseen_error()
        self._log.error("call_failed", rpc=rpc, error_id=error_id, **error_fields(error))
