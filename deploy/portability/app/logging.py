"""Structured logs, one JSON object a line, into which personal data cannot slip by accident.

An event has a name and fields from a closed list; any other field is dropped and counted, as is a value that is
not a plain scalar. Of an exception the log holds its type and where it was raised, never its text, because a
database or a parser quotes what it was given. Of other libraries' records it holds the unformatted template.
"""

import json
import logging
import sys
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from datetime import date
from enum import StrEnum
from typing import Any, TextIO
from uuid import UUID

import structlog
from structlog.typing import Processor

__all__ = ["ALLOWED_FIELDS", "LogFormat", "configure_logging", "error_fields", "keep_allowed_fields"]

ALLOWED_FIELDS = frozenset(
    {
        # What structlog itself writes.
        "event",
        "level",
        "timestamp",
        # Which part of which node.
        "node",
        "role",
        "channel",
        "logger",
        "template",
        "version",
        "address",
        "port",
        "setting",
        # A call.
        "rpc",
        "code",
        "reason",
        "error_id",
        "error_type",
        "error_at",
        "duration_ms",
        "caller_institution",
        "caller_role",
        # A case and its steps: random ids, no person.
        "case_id",
        "step_id",
        "action",
        "state",
        "citation",
        # The exchange.
        "message_id",
        "message_type",
        "bundle_id",
        "key_id",
        "sender",
        "recipient",
        "witness",
        "topic",
        "offset",
        "sequence",
        "attempt",
        "status",
        "count",
        "size_bytes",
        "directory_version",
        "broker",
        # Agreements.
        "agreement_id",
        "file",
        "line",
        "column",
        "sha256",
        "migration",
        # Added below.
        "dropped_fields",
    }
)
LONGEST_VALUE = 300


class LogFormat(StrEnum):
    JSON = "json"
    CONSOLE = "console"


def configure_logging(
    *,
    level: str = "INFO",
    log_format: LogFormat = LogFormat.JSON,
    stream: TextIO | None = None,
    on_dropped: Callable[[int], None] = lambda count: None,
) -> None:
    """Set up structlog and the standard library's root logger for this process.

    `level` is a name of the standard library; `on_dropped` is told how many fields an event has lost.
    """
    out = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            keep_allowed_fields(on_dropped),
            _renderer(log_format),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_LibraryHandler()]
    # Libraries speak at WARNING and above: below that they log what they handle.
    root.setLevel(max(logging.WARNING, getattr(logging, level)))


def keep_allowed_fields(on_dropped: Callable[[int], None]) -> Processor:
    """Return a processor that keeps allowed fields with plain values and drops and counts the rest."""

    def keep(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        kept = {}
        for key, value in event.items():
            if key in ALLOWED_FIELDS and (type(value) in _NUMBERS or isinstance(value, _TEXTS)):
                kept[key] = value if type(value) in _NUMBERS else _short(str(value))
        dropped = len(event) - len(kept)
        if dropped:
            kept["dropped_fields"] = dropped
            on_dropped(dropped)
        return kept

    return keep


def error_fields(error: BaseException) -> dict[str, str]:
    """Return the type of an exception and its three innermost places, without its text."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    return {"error_type": type(error).__qualname__, "error_at": " > ".join(places)}


class _LibraryHandler(logging.Handler):
    """Turns records of other libraries into events of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        fields = error_fields(record.exc_info[1]) if record.exc_info and record.exc_info[1] else {}
        log = structlog.get_logger().bind(logger=record.name, template=str(record.msg), **fields)
        getattr(log, record.levelname.lower(), log.warning)("library_event")


_NUMBERS = frozenset({int, float, bool, type(None)})
_TEXTS = (str, UUID, date)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _renderer(log_format: LogFormat) -> Processor:
    if log_format is LogFormat.CONSOLE:
        return structlog.dev.ConsoleRenderer()
    encode = json.JSONEncoder(ensure_ascii=False).encode  # made once: json.dumps would make one for each line
    return lambda _logger, _method, event: encode(event)
