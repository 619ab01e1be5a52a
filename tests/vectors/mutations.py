"""Evidence files changed at random, for two verifiers to agree on: bits, fields of every level, and lengths.

The digest of the file is made anew, or nothing behind it would ever be read.
"""

import random
from hashlib import sha256

from portability.app.evidence.file import FIRST_LINE

START = len(FIRST_LINE) + 32
Fields = list[tuple[int, int | bytes]]


def mutated(file: bytes, chance: random.Random) -> bytes:
    """One change, drawn by `chance`."""
    body = file[START:]
    kind = chance.randrange(8)
    if kind == 0:
        return bytes(_flip(file, chance))
    if kind == 1:
        return file[: chance.randrange(len(file))]
    if kind == 2:
        body = bytes(_flip(body, chance))
    elif kind == 3:
        body = body[: chance.randrange(len(body))] + chance.randbytes(chance.randrange(4))
    else:
        body = change_field(body, chance)
    return FIRST_LINE + sha256(body).digest() + body


def _flip(data: bytes, chance: random.Random) -> bytearray:
    changed = bytearray(data)
    changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return changed


def change_field(data: bytes, chance: random.Random) -> bytes:
    """Change one field of the message, or of one that it holds, and write all lengths anew."""
    fields = _fields(data)
    if not fields:
        return data + chance.randbytes(2)
    at = chance.randrange(len(fields))
    number, value = fields[at]
    if isinstance(value, bytes) and chance.random() < 0.7 and _fields(value):
        fields[at] = (number, change_field(value, chance))
    else:
        _change_here(fields, at, chance)
    return b"".join(_written(*one) for one in fields)


def _change_here(fields: Fields, at: int, chance: random.Random) -> None:
    number, value = fields[at]
    kind = chance.randrange(6)
    if kind == 0:
        del fields[at]
    elif kind == 1:
        fields.insert(at, fields[at])
    elif kind == 2:
        other = chance.randrange(len(fields))
        fields[at], fields[other] = fields[other], fields[at]
    elif kind == 3:
        fields[at] = (chance.randrange(1, 20), value)
    elif isinstance(value, int):
        fields[at] = (number, chance.choice([0, 1, value + 1, max(value - 1, 0), value ^ 1 << 40, 2**64 - 1]))
    else:
        fields[at] = (number, _other_bytes(value, chance))


def _other_bytes(value: bytes, chance: random.Random) -> bytes:
    lines = value.split(b"\n")
    changes = [b"", value + b"\0", value[:-1], chance.randbytes(len(value)), value + value]
    if len(lines) > 4:  # a signed note: lines twice, away, exchanged
        at = chance.randrange(len(lines))
        exchanged = chance.sample(lines, len(lines))
        changes += [b"\n".join(lines[:at] + lines[at + 1 :]), b"\n".join([*lines[:at], lines[at], *lines[at:]])]
        changes += [b"\n".join(exchanged), b"\n".join([*lines[:4], *sorted(lines[4:-1]), b""])]
    return chance.choice(changes)


def _fields(data: bytes) -> Fields:
    """Fields where the bytes are a message; none where they are something else."""
    fields: Fields = []
    at = 0
    try:
        while at < len(data):
            tag, at = _varint(data, at)
            value, at = _varint(data, at)
            if tag & 7 == 2 and at + value <= len(data):
                fields.append((tag >> 3, data[at : at + value]))
                at += value
            elif tag & 7 == 0:
                fields.append((tag >> 3, value))
            else:
                return []
    except IndexError:
        return []
    return fields


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at


def _written(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _as_varint(number << 3) + _as_varint(value)
    return _as_varint(number << 3 | 2) + _as_varint(len(value)) + value


def _as_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
