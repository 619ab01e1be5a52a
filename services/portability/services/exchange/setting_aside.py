"""Quarantine entries: a whole record of the stream, or one message of a bundle, with the reason."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from portability.services.exchange.envelope import Item
from portability.services.exchange.mapping import wire
from portability.services.exchange.model.messages import InstitutionId, MessageKey
from portability.services.exchange.model.receiving import InboxMessage, StreamRecord
from portability.services.exchange.model.set_aside import QuarantineEntry, QuarantineState
from portability.services.exchange.ports.world import NewId

__all__ = ["NOWHERE", "SettingAside"]

NOWHERE = -1
"""Offset of what waited in its lane and could not take effect when its turn came."""


class SettingAside:
    """Gathers what one batch sets aside at one instant."""

    def __init__(self, new_id: NewId, *, at: datetime) -> None:
        self._new_id = new_id
        self._at = at
        self.records: list[QuarantineEntry] = []
        self.messages: list[QuarantineEntry] = []

    def record(self, record: StreamRecord, *, code: str, reason: str, sender: InstitutionId = "") -> None:
        """Set a whole record aside; `sender` is empty where nothing about it has verified."""
        self.records.append(self._entry(record, code, reason, sender))

    def message(
        self,
        record: StreamRecord,
        item: Item,
        *,
        code: str,
        reason: str,
        sender: InstitutionId,
        message_id: UUID | None,
        case_id: UUID | None,
        state: QuarantineState = QuarantineState.OPEN,
    ) -> None:
        """Set one message aside; its ids are None where its header says none.

        What nobody can read the header of may be about anybody: it is sealed by itself, and goes by itself.
        """
        whole = self._entry(record, code, reason, sender)
        self.messages.append(
            replace(
                whole,
                value=wire.encode_item(item),
                message_id=message_id,
                case_id=case_id,
                state=state,
                closed_at=None if state is QuarantineState.OPEN else self._at,
                scope=case_id or whole.entry_id,
            )
        )

    def held(
        self,
        held: InboxMessage,
        *,
        code: str,
        reason: str,
        topic: str,
        state: QuarantineState = QuarantineState.OPEN,
    ) -> None:
        """Set aside a message that came earlier and waited for its turn; it is at no place of the stream any more."""
        message = held.message
        item = Item(held.header, held.salt, message.record)
        self.message(
            StreamRecord(topic, 0, NOWHERE, b"", b""),
            item,
            code=code,
            reason=reason,
            sender=message.sender,
            message_id=message.message_id,
            case_id=message.case_id,
            state=state,
        )

    def closed(self, messages: Collection[MessageKey], state: QuarantineState) -> None:
        """Note what has become already of messages among them."""
        for index, one in enumerate(self.messages):
            if one.message_id and (one.sender, one.message_id) in messages:
                self.messages[index] = replace(one, state=state, closed_at=self._at)

    def _entry(self, record: StreamRecord, code: str, reason: str, sender: InstitutionId) -> QuarantineEntry:
        return QuarantineEntry(
            entry_id=self._new_id(),
            reason_code=code,
            reason=reason,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            value=record.value,
            set_aside_at=self._at,
            sender=sender,
        )
