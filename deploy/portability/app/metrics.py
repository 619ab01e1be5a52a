"""What a node counts, under the names that people's dashboards know, and the page where Prometheus reads it.

Labels are RPC names, codes, message types and states: closed lists, no ids and no personal data.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from portability.agreements.errors import GatewayError

__all__ = ["MetricsPage", "NodeMetrics"]

CALL_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(slots=True)
class _RpcCounters:
    started: Counter
    seconds: Histogram
    handled: dict[str, Counter] = field(default_factory=dict)


class NodeMetrics:
    """The counters of one node, in a registry of its own so that several nodes fit into one process."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._rpcs: dict[str, _RpcCounters] = {}
        method = ("grpc_type", "grpc_service", "grpc_method")
        self._started = self._counter("grpc_server_started", "RPCs started on the server.", *method)
        self._handled = self._counter("grpc_server_handled", "RPCs completed on the server.", *method, "grpc_code")
        self._seconds = Histogram(
            "grpc_server_handling_seconds",
            "Time from the start of an RPC to its end.",
            method,
            buckets=CALL_BUCKETS,
            registry=self.registry,
        )
        self._exchange = self._counter(
            "portability_exchange_events",
            "What happened in the exchange, by event; an event of several messages counts each.",
            "event",
        )
        self._dropped = self._counter(
            "portability_log_fields_dropped",
            "Log fields outside the allow-list, dropped before writing.",
        )
        self._unforeseen = self._counter("portability_unforeseen_errors", "Errors that nobody foresaw.")

    def call_started(self, rpc: str, kind: str) -> None:
        """Count a call that has reached the server; `rpc` is "/package.Service/Method"."""
        self._of_rpc(rpc, kind).started.inc()

    def call_finished(self, rpc: str, kind: str, *, code: str, seconds: float) -> None:
        """Count a call that has ended and how long it took."""
        counters = self._of_rpc(rpc, kind)
        handled = counters.handled.get(code)
        if handled is None:
            handled = counters.handled[code] = self._handled.labels(kind, *_service_and_method(rpc), code)
        handled.inc()
        counters.seconds.observe(seconds)

    def exchange_event(self, event: str, *, count: int = 1) -> None:
        """Count an event of the exchange, for example "bundle_refused"; `count` is how many it stands for."""
        self._exchange.labels(event).inc(count)

    def log_fields_dropped(self, count: int) -> None:
        """Count log fields that the allow-list has dropped."""
        self._dropped.inc(count)

    def unforeseen_error(self) -> None:
        """Count an error that nobody foresaw."""
        self._unforeseen.inc()

    def gauge(self, name: str, what: str, read: Callable[[], float]) -> None:
        """Show a value that is read whenever Prometheus asks, such as the length of the outbox."""
        Gauge(name, what, registry=self.registry).set_function(read)

    def _of_rpc(self, rpc: str, kind: str) -> "_RpcCounters":
        # Looking up labels takes a lock and a tuple each time; an RPC's counters never change.
        kept = self._rpcs.get(rpc)
        if kept is None:
            labels = (kind, *_service_and_method(rpc))
            kept = _RpcCounters(self._started.labels(*labels), self._seconds.labels(*labels))
            self._rpcs[rpc] = kept
        return kept

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(name, what, labels, registry=self.registry)


class MetricsPage:
    """Serves `/metrics` over plain HTTP; keep it on the local host, or on a network that only Prometheus sees."""

    def __init__(self, address: str, metrics: NodeMetrics) -> None:
        host, _, port = address.rpartition(":")
        self._host, self._port, self._metrics = host.strip("[]"), int(port), metrics

    def __enter__(self) -> Self:
        try:
            self._server, self._thread = start_http_server(self._port, addr=self._host, registry=self._metrics.registry)
        except OSError as error:
            raise GatewayError(
                f"Cannot serve metrics on {self._host}:{self._port}: set PORTABILITY_METRICS_LISTEN to a free "
                "host:port, or to 'off'.",
                retryable=False,
            ) from error
        self.port = self._server.server_port
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


def _service_and_method(rpc: str) -> tuple[str, str]:
    service, _, method = rpc.lstrip("/").partition("/")
    return service, method
