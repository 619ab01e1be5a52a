"""Logs are events with ids and codes; what is not on the list never reaches the disk."""

import io
import json
import logging
from collections.abc import Iterator
from uuid import UUID

import pytest
import structlog

from portability.agreements.errors import DeniedError
from portability.app.exchange_observer import ExchangeObserver
from portability.app.logging import LogFormat, configure_logging
from portability.app.metrics import NodeMetrics
from portability.app.rpc.interceptor import CallRecord
from portability.app.rpc.observer import NodeObserver
from portability.services.access import Caller, Role

CASE = UUID("0199d0f0-0000-7000-8000-0000000000cc")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    configure_logging(stream=stream)
    yield stream
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_object_a_line(written: io.StringIO) -> None:
    structlog.get_logger().info("message_refused", case_id=CASE, code="VERIFICATION_FAILED", count=3)
    (line,) = lines(written)
    assert line.pop("timestamp")
    assert line == {
        "event": "message_refused",
        "level": "info",
        "case_id": str(CASE),
        "code": "VERIFICATION_FAILED",
        "count": 3,
    }


def test_fields_that_are_not_on_the_list_are_dropped_and_counted() -> None:
    stream, dropped = io.StringIO(), []
    configure_logging(stream=stream, on_dropped=dropped.append)
    structlog.get_logger().info("claim_lodged", name="Maria Rossi", birth_date="1961-04-02", state="LODGED")
    structlog.reset_defaults()
    assert "Rossi" not in stream.getvalue()
    assert "1961" not in stream.getvalue()
    assert lines(stream)[0]["state"] == "LODGED"
    assert lines(stream)[0]["dropped_fields"] == 2
    assert dropped == [2]


def test_a_record_under_an_allowed_name_is_dropped_too(written: io.StringIO) -> None:
    structlog.get_logger().info("claim_lodged", state={"name": "Maria Rossi"}, code=["Maria"], reason=b"Maria")
    assert "Maria" not in written.getvalue()
    assert lines(written)[0]["dropped_fields"] == 3


def test_a_long_value_is_cut(written: io.StringIO) -> None:
    structlog.get_logger().info("message_refused", reason="x" * 5000)
    assert len(str(lines(written)[0]["reason"])) == 301


def test_an_unforeseen_error_is_logged_by_type_and_place_without_its_text(written: io.StringIO) -> None:
    metrics = NodeMetrics()
    observer = NodeObserver(metrics, node="de-drv")
    try:
        raise RuntimeError("duplicate key (name)=(Maria Rossi)")
    except RuntimeError as error:
        observer.call_failed_unexpectedly("/a.B/C", str(CASE), error)
    (line,) = lines(written)
    assert (line["event"], line["error_type"], line["error_id"]) == ("call_failed", "RuntimeError", str(CASE))
    assert "test_logs.py" in str(line["error_at"])
    assert "Maria" not in written.getvalue()
    assert metrics.registry.get_sample_value("portability_unforeseen_errors_total") == 1


def test_a_librarys_warning_is_kept_without_what_it_was_about(written: io.StringIO) -> None:
    logging.getLogger("aiokafka").warning("cannot parse %s", "Maria Rossi")
    (line,) = lines(written)
    assert (line["event"], line["logger"], line["template"]) == ("library_event", "aiokafka", "cannot parse %s")


def test_a_librarys_exception_is_kept_without_its_text(written: io.StringIO) -> None:
    try:
        raise ValueError("Maria Rossi")
    except ValueError:
        logging.getLogger("psycopg.pool").exception("worker failed")
    assert lines(written)[0]["error_type"] == "ValueError"
    assert "Maria" not in written.getvalue()


def test_a_call_is_one_event_with_its_end_and_the_callers_role(written: io.StringIO) -> None:
    observer = NodeObserver(NodeMetrics(), node="de-drv")
    caller = Caller("de-drv", Role.CASEWORKER, "anna")
    observer.call_finished(CallRecord("/a.B/C", "unary", "PERMISSION_DENIED", 0.0123, caller, reason=DeniedError.code))
    (line,) = lines(written)
    assert line.pop("timestamp")
    assert line == {
        "event": "call_handled",
        "level": "info",
        "node": "de-drv",
        "rpc": "/a.B/C",
        "code": "PERMISSION_DENIED",
        "duration_ms": 12.3,
        "caller_institution": "de-drv",
        "caller_role": "caseworker",
        "reason": "DENIED",
    }


def test_an_event_of_the_exchange_is_a_warning_when_something_went_wrong(written: io.StringIO) -> None:
    observer = ExchangeObserver(NodeMetrics(), node="it-inps")
    observer.happened("message_set_aside", sender="de-drv", message_id=str(CASE), code="CASE_STATE")
    observer.happened("messages_applied", count=3)
    first, second = lines(written)
    assert (first["event"], first["level"], first["sender"]) == ("message_set_aside", "warning", "de-drv")
    assert (second["event"], second["level"], second["count"]) == ("messages_applied", "info", 3)


def test_a_good_health_check_is_not_logged_but_a_bad_one_is(written: io.StringIO) -> None:
    observer = NodeObserver(NodeMetrics(), node="de-drv")
    observer.call_finished(CallRecord("/grpc.health.v1.Health/Check", "unary", "OK", 0.001))
    observer.call_finished(CallRecord("/grpc.health.v1.Health/Check", "unary", "NOT_FOUND", 0.001))
    assert [line["code"] for line in lines(written)] == ["NOT_FOUND"]


def test_people_at_a_terminal_can_have_lines_to_read() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream, log_format=LogFormat.CONSOLE)
    structlog.get_logger().info("node_started", name="Maria", port=50051)
    structlog.reset_defaults()
    assert "node_started" in stream.getvalue()
    assert "Maria" not in stream.getvalue()
