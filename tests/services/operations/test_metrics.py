"""Metrics have the names that dashboards know and no personal data among their labels."""

import httpx
import pytest

from portability.agreements.errors import GatewayError
from portability.app.exchange_observer import ExchangeObserver
from portability.app.metrics import MetricsPage, NodeMetrics


def page(metrics: NodeMetrics) -> str:
    with MetricsPage("127.0.0.1:0", metrics) as served:
        return httpx.get(f"http://127.0.0.1:{served.port}/metrics", trust_env=False).text


def test_a_call_is_counted_under_the_names_that_people_know() -> None:
    metrics = NodeMetrics()
    metrics.call_started("/portability.api.cases.v1.ShareService/LodgeOldAgeClaim", "unary")
    metrics.call_finished("/portability.api.cases.v1.ShareService/LodgeOldAgeClaim", "unary", code="OK", seconds=0.02)
    text = page(metrics)
    labels = 'grpc_method="LodgeOldAgeClaim",grpc_service="portability.api.cases.v1.ShareService",grpc_type="unary"'
    assert f"grpc_server_started_total{{{labels}}} 1.0" in text
    assert f'grpc_server_handled_total{{grpc_code="OK",{labels}}} 1.0' in text
    assert (
        metrics.registry.get_sample_value(
            "grpc_server_handling_seconds_bucket",
            {
                "grpc_type": "unary",
                "grpc_service": "portability.api.cases.v1.ShareService",
                "grpc_method": "LodgeOldAgeClaim",
                "le": "0.025",
            },
        )
        == 1.0
    )


def test_the_exchange_is_counted_by_event() -> None:
    metrics = NodeMetrics()
    observer = ExchangeObserver(metrics, node="de-drv")
    observer.happened("messages_applied", count=3)
    observer.happened("bundle_refused", code="VERIFICATION_FAILED", offset=7)
    metrics.gauge("portability_outbox_messages", "Messages not yet receipted.", lambda: 7.0)
    text = page(metrics)
    assert 'portability_exchange_events_total{event="messages_applied"} 3.0' in text
    assert 'portability_exchange_events_total{event="bundle_refused"} 1.0' in text
    assert "portability_outbox_messages 7.0" in text


def test_two_nodes_in_one_process_count_apart() -> None:
    one, other = NodeMetrics(), NodeMetrics()
    one.exchange_event("bundle_sealed")
    assert one.registry.get_sample_value("portability_exchange_events_total", {"event": "bundle_sealed"}) == 1
    assert other.registry.get_sample_value("portability_exchange_events_total", {"event": "bundle_sealed"}) is None


def test_an_address_in_use_gives_one_clear_error() -> None:
    with (
        MetricsPage("127.0.0.1:0", NodeMetrics()) as first,
        pytest.raises(GatewayError, match="PORTABILITY_METRICS_LISTEN"),
        MetricsPage(f"127.0.0.1:{first.port}", NodeMetrics()),
    ):
        pass
