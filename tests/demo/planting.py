"""Requests with a canary in each string, wrong in some other way: what the search for leaks calls a node with."""

from collections.abc import Iterator
from typing import Final

import protovalidate
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

__all__ = ["NAME", "is_in", "planted_requests"]

CANARY: Final = "kanarienvogel"
NAME: Final = "Kanarienvogel, Elena"
# As a name, and in the forms that ids and codes have to have.
FORMS: Final = (NAME, CANARY, CANARY.upper(), f"it-{CANARY}", f"kanarienvogel.{CANARY}")
DEEP: Final = 4
TEXTS: Final = {FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES}

Path = tuple[str | int, ...]


def is_in(text: str | bytes) -> bool:
    """Whether the canary stands in it, in any form."""
    content = text.encode() if isinstance(text, str) else text
    return CANARY.encode() in content.lower() or CANARY.encode("utf-16-le") in content.lower()


def planted_requests(good: Message) -> Iterator[tuple[str, Message]]:
    """Each with the place of its canary: one at a time in every text, then in all that allow it, one field left out."""
    for start in (good, filled(type(good)())):
        for path in texts(start):
            for form in FORMS:
                yield ".".join(map(str, path)), planted(start, path, form)
    full = good
    for path in texts(good):
        kept = (planted(full, path, form) for form in FORMS)
        full = next((one for one in kept if is_valid(one)), full)
    yield "everywhere", full
    for field in full.DESCRIPTOR.fields:
        less = copied(full)
        less.ClearField(field.name)
        yield f"everywhere, without {field.name}", less


def texts(message: Message, before: Path = ()) -> Iterator[Path]:
    """The places of texts, set or not, in the parts that are set."""
    for field in message.DESCRIPTOR.fields:
        if field.type in TEXTS:
            yield (*before, field.name)
        elif field.message_type and field.is_repeated:
            for place, part in enumerate(getattr(message, field.name)):
                yield from texts(part, (*before, field.name, place))
        elif field.message_type and message.HasField(field.name):
            yield from texts(getattr(message, field.name), (*before, field.name))


def planted(message: Message, path: Path, text: str) -> Message:
    """The message with a text at a place."""
    made = copied(message)
    part: Message = made
    for step in path[:-1]:
        part = part[step] if isinstance(step, int) else getattr(part, step)  # type: ignore[index]
    name = str(path[-1])
    field = part.DESCRIPTOR.fields_by_name[name]
    value = text if field.type == FieldDescriptor.TYPE_STRING else text.encode()
    if field.is_repeated:
        part.ClearField(name)
        getattr(part, name).append(value)
    else:
        setattr(part, name, value)
    return made


def filled(message: Message, depth: int = 0) -> Message:
    """The message with all of its parts there, so that there is a place for every text."""
    for field in message.DESCRIPTOR.fields:
        if field.message_type and depth < DEEP and not field.message_type.GetOptions().map_entry:
            part = getattr(message, field.name).add() if field.is_repeated else getattr(message, field.name)
            part.SetInParent()
            filled(part, depth + 1)
    return message


def copied(message: Message) -> Message:
    made = type(message)()
    made.CopyFrom(message)
    return made


def is_valid(message: Message) -> bool:
    return not protovalidate.collect_violations(message, fail_fast=True)
