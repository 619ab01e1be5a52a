"""The least that a message of a type may carry: what its field rules demand, and nothing else."""

from datetime import date
from typing import Any

import protovalidate
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from portability.api.records.v1.messages_pb2 import ANSWER_STATUS_NONE, RecordStatement
from portability.services.cases.mapping.allowed_fields import check_fields
from portability.services.cases.mapping.field_profiles import profile_for
from portability.services.cases.mapping.kinds import content_of
from portability.services.purposes import purpose_named

ROUNDS = 40
UUID = "01936e00-0000-7000-8000-00000000ca5e"
TEXTS = ("x", UUID, "de-drv", "DE", "EUR", "10", "ab" * 32, "2026-03", "1.00", "DE89370400440532013000", "COBADEFF",
         "eu-883-2004", "1971-05-20", "standard.least", "F", "en")  # fmt: skip
VALIDATOR = protovalidate.Validator()


def least(kind: str, *, purpose: str, sender: str = "de-drv", agreement_id: str = "eu-883-2004") -> bytes:
    """The bytes of the least valid message of a type under an agreement, checked as its sender checks it."""
    message = content_of(kind)()
    if isinstance(message, RecordStatement):  # whoever states speaks for itself, and here of no periods
        message.institution.institution_id, message.state = sender, sender[:2].upper()
        message.status = ANSWER_STATUS_NONE
    profile = profile_for(kind, agreement_id=agreement_id, states=())
    for path in [one.field for one in profile.required] if profile else []:
        _give(message, path.split("."))
    for one in profile.only if profile else []:
        _choose(message, one.field, one.values[0])
    for _ in range(ROUNDS):
        fault = _first_fault(message)
        if fault is None:
            break
        _mend(message, fault)
    content = message.SerializeToString()
    check_fields(kind, content, purpose=purpose_named(purpose))
    return content


def _give(message: Any, path: list[str]) -> None:
    """Something at a path that a profile asks for; what exactly, the rules of its type say."""
    field = message.DESCRIPTOR.fields_by_name[path[0]]
    if field.is_repeated:
        _add(message, field)
    elif field.type != FieldDescriptor.TYPE_MESSAGE:
        setattr(message, field.name, "x" if field.type == FieldDescriptor.TYPE_STRING else 1)
    elif path[1:]:
        _give(getattr(message, field.name), path[1:])
    else:
        _fill(getattr(message, field.name))


def _choose(message: Any, name: str, value: str) -> None:
    field = message.DESCRIPTOR.fields_by_name[name]
    if field.enum_type is None:
        setattr(message, name, value == "true")
        return
    setattr(message, name, next(one.number for one in field.enum_type.values if one.name.lower().endswith(value)))


def _first_fault(message: Message) -> Any:
    try:
        VALIDATOR.validate(message)
    except protovalidate.ValidationError as error:
        return error.violations[0].proto
    return None


def _mend(message: Message, fault: Any) -> None:
    """Fill in the field that a rule demands; where a text has to look in some way, one that does."""
    *path, last = fault.field.elements
    holder: Any = message
    for element in path:
        holder = getattr(holder, element.field_name)
        if element.subscript is not None:
            holder = holder[element.subscript.value]
    field = holder.DESCRIPTOR.fields_by_name[last.field_name]
    if field.is_repeated and last.subscript is None:
        _add(holder, field)
    elif field.type == FieldDescriptor.TYPE_MESSAGE:
        _fill(getattr(holder, field.name))
    elif field.type == FieldDescriptor.TYPE_STRING:
        _fill_text(message, holder, field, last, rule=fault.rule_id)
    elif field.type == FieldDescriptor.TYPE_BYTES:
        setattr(holder, field.name, b"\x01" * 32)
    else:
        setattr(holder, field.name, 2026 if "year" in field.name else 1)


def _add(holder: Any, field: Any) -> None:
    values = getattr(holder, field.name)
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        _fill(values.add())
    elif field.type == FieldDescriptor.TYPE_STRING:
        values.append("x")
    else:
        values.append(1)


def _fill(message: Any) -> None:
    name = message.DESCRIPTOR.full_name
    if name == "google.type.Date":
        day = date(2026, 3, 2)
        message.year, message.month, message.day = day.year, day.month, day.day
    elif name == "google.protobuf.Timestamp":
        message.seconds = 1_772_409_600
    else:
        message.SetInParent()


def _fill_text(message: Message, holder: Any, field: Any, last: Any, *, rule: str) -> None:
    """The first text that the rule does not refuse any more."""
    for text in TEXTS:
        if field.is_repeated:
            getattr(holder, field.name)[last.subscript.value] = text
        else:
            setattr(holder, field.name, text)
        fault = _first_fault(message)
        if fault is None or fault.rule_id != rule or fault.field.elements[-1].field_name != field.name:
            return
    raise AssertionError(f"{field.full_name}: no text of ours keeps its rule {rule}")
