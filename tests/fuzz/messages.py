"""Changing protobuf messages field by field, so that an input stays readable and goes deep."""

from random import Random
from typing import Any

import atheris
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from tests.fuzz.target import Mutate

__all__ = ["field_mutator", "filled"]

DEPTH = 6
CHANGES = 3
WORDS = (
    "",
    "0",
    "-1",
    "1.5",
    "1e9",
    "NaN",
    "DE",
    "de-drv",
    "eur",
    "EUR",
    "old_age",
    "eu-883-2004",
    "01936e00-0000-7000-8000-00000000ca5e",
    "ab" * 32,
    "2024-02-30",
    "\x00",
    "\u202e\u0627\u0644",
    "a" * 5000,
)
NUMBERS = (0, 1, 2, 3, 12, 31, 255, 2**31 - 1, -1, -(2**31), 1970, 9999, 10_000)
BIG = (2**63 - 1, -(2**63), 253_402_300_800, -62_135_596_801)


def filled(kind: type[Message], random: Random) -> bytes:
    """A message of `kind` with something in most of its fields."""
    message = kind()
    _fill(message, random, DEPTH)
    return message.SerializeToString()


def field_mutator(kind: type[Message]) -> Mutate:
    """A mutator that sets, clears, doubles and empties fields; one time in four the bytes themselves change."""

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)
        message = kind()
        try:
            message.ParseFromString(data)
        except DecodeError:
            return filled(kind, random)[:most]
        if random.randrange(4) == 0:
            return bytes(atheris.Mutate(data, most))
        for _ in range(random.randint(1, CHANGES)):
            _change(message, random, DEPTH)
        changed = message.SerializeToString()
        return changed if len(changed) <= most else data

    return mutate


def _fill(message: Message, random: Random, depth: int) -> None:
    for descriptor in message.DESCRIPTOR.fields:
        if random.randrange(5):
            _set(message, descriptor, random, depth)


def _change(message: Message, random: Random, depth: int) -> None:
    fields = message.DESCRIPTOR.fields
    if not fields:
        return
    descriptor = random.choice(fields)
    inner = _messages(message, descriptor)
    if inner and depth and random.randrange(4):
        _change(random.choice(inner), random, depth - 1)
    elif random.randrange(5) == 0:
        message.ClearField(descriptor.name)
    else:
        _set(message, descriptor, random, depth)


def _messages(message: Message, descriptor: FieldDescriptor) -> list[Message]:
    if descriptor.type != FieldDescriptor.TYPE_MESSAGE or _is_map(descriptor):
        return []
    value = getattr(message, descriptor.name)
    return list(value) if descriptor.is_repeated else [value] if message.HasField(descriptor.name) else []


def _set(message: Message, descriptor: FieldDescriptor, random: Random, depth: int) -> None:
    if descriptor.type == FieldDescriptor.TYPE_MESSAGE:
        _set_message(message, descriptor, random, depth)
    elif descriptor.is_repeated:
        getattr(message, descriptor.name).append(_value(descriptor, random))
    else:
        setattr(message, descriptor.name, _value(descriptor, random))


def _set_message(message: Message, descriptor: FieldDescriptor, random: Random, depth: int) -> None:
    if not depth or _is_map(descriptor):
        return
    value = getattr(message, descriptor.name)
    inner = value.add() if descriptor.is_repeated else value
    if not descriptor.is_repeated:
        inner.SetInParent()
    _fill(inner, random, depth - 1)


def _is_map(descriptor: FieldDescriptor) -> bool:
    return bool(descriptor.message_type and descriptor.message_type.GetOptions().map_entry)


def _value(descriptor: FieldDescriptor, random: Random) -> Any:
    kind = descriptor.cpp_type
    if kind == FieldDescriptor.CPPTYPE_STRING:
        word = random.choice(WORDS)
        return word.encode() if descriptor.type == FieldDescriptor.TYPE_BYTES else word
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        return random.choice([value.number for value in descriptor.enum_type.values] + [999])
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return bool(random.getrandbits(1))
    if kind in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        return random.choice((0.0, -1.5, float("nan"), float("inf")))
    return _whole_number(kind, random)


def _whole_number(kind: int, random: Random) -> int:
    if kind == FieldDescriptor.CPPTYPE_INT32:
        return random.choice(NUMBERS)
    if kind == FieldDescriptor.CPPTYPE_INT64:
        return random.choice(NUMBERS + BIG)
    bits = 32 if kind == FieldDescriptor.CPPTYPE_UINT32 else 64
    return random.choice(NUMBERS + BIG) % 2**bits
