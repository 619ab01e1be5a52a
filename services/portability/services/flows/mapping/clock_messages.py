"""The messages that the clock writes by itself: a reminder, and a question to the liaison body."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from portability.api.cases.v1 import administration_pb2 as pb
from portability.services.mapping.common import write_date, write_record

__all__ = ["overdue_bytes", "reminder_bytes"]


def reminder_bytes(document_id: UUID | None, due_on: date, *, level: int) -> bytes:
    """A reminder of what was asked by a document."""
    return write_record(pb.ReminderSend(message_id=str(document_id), due_on=write_date(due_on), level=level))


def overdue_bytes(rule_id: str, awaited: Sequence[str]) -> bytes:
    """What a liaison body is told: which rule has passed, and who is awaited; nobody is named."""
    problem = f"An answer of {', '.join(awaited) or 'the institution'} is overdue under the rule {rule_id}."
    return write_record(pb.CaseException(cause="answer_overdue", problem=problem))
