"""Wrong parts under right signatures: what a member that lies can send, made anew for each input.

A signature of ML-DSA-65 costs a millisecond, so these run on the two cheap primitives of the simulation: they stand
for the verification of signatures and for HPKE alone, and what is behind them is the production code. Two shorter
campaigns run with real keys.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from random import Random

from portability.agreements.errors import VerificationError
from portability.api.exchange.v1 import bundle_pb2
from portability.services.exchange.envelope import OpenedBundle
from tests.fuzz.messages import field_mutator
from tests.fuzz.pair import Pair, cheap_pair, real_pair
from tests.fuzz.target import MILLION, Target
from tests.simulation.crypto import cheap_primitives

__all__ = ["signed_targets"]

REAL_INPUTS = 20_000
SHAPES = 5  # of what `_ResealedItems` changes


def signed_targets() -> Sequence[Target]:
    """Heads and headers changed field by field, items changed and moved about."""
    cheap, real = cheap_pair(), real_pair()
    return [
        _target("signed-head", _Cheaply(_head_of(cheap)), _heads(cheap), kind=bundle_pb2.SignedHead),
        _target("signed-header", _Cheaply(_header_of(cheap)), _headers(cheap), kind=bundle_pb2.Header),
        _target("signed-items", _Cheaply(_ResealedItems(cheap)), _items(cheap)),
        _target("signed-head-real", _head_of(real), _heads(real), kind=bundle_pb2.SignedHead, inputs=REAL_INPUTS),
        _target("signed-items-real", _ResealedItems(real), _items(real), inputs=REAL_INPUTS),
    ]


def _target(
    name: str,
    read: Callable[[bytes], object],
    seeds: Sequence[bytes],
    *,
    kind: type[bundle_pb2.SignedHead | bundle_pb2.Header] | None = None,
    inputs: int = MILLION,
) -> Target:
    mutate = field_mutator(kind) if kind else None
    return Target(name, read, (VerificationError,), seeds, inputs=inputs, mutate=mutate)


class _Cheaply:
    """Reads with the cheap primitives, from the first input on: a campaign has its process for itself."""

    def __init__(self, read: Callable[[bytes], object]) -> None:
        self._read = read
        self._stack = ExitStack()
        self._is_cheap = False

    def __call__(self, data: bytes) -> object:
        if not self._is_cheap:
            self._stack.enter_context(cheap_primitives())
            self._is_cheap = True
        return self._read(data)


def _head_of(pair: Pair) -> Callable[[bytes], OpenedBundle]:
    return lambda head: pair.open(pair.sign(head, pair.good.sealed.ciphertext))


def _header_of(pair: Pair) -> Callable[[bytes], OpenedBundle]:
    first, *others = pair.good.contents
    return lambda header: _judged(pair, [replace(first, header=header), *others])


def _heads(pair: Pair) -> Sequence[bytes]:
    return [pair.good.sealed.signed_head]


def _headers(pair: Pair) -> Sequence[bytes]:
    return [item.header for item in pair.good.contents]


def _items(pair: Pair) -> Sequence[bytes]:
    count = len(pair.good.contents)
    return [bytes([count * shape]) + header for shape in range(SHAPES) for header in _headers(pair)]


def _judged(pair: Pair, items: list) -> OpenedBundle:
    opened = pair.open(pair.seal(items))
    if len(opened.opened) + len(opened.refused) != len(items):
        raise AssertionError("a message was neither taken nor refused")
    return opened


class _ResealedItems:
    """Fields of a rightly made bundle changed one way or another, then sealed and signed again by its own sender.

    The input says what to change: its first byte the item and the field, the rest the new bytes.
    """

    def __init__(self, pair: Pair) -> None:
        self._pair = pair

    def __call__(self, data: bytes) -> OpenedBundle:
        items = list(self._pair.good.contents)
        where, rest = (data[0], data[1:]) if data else (0, b"")
        index = where % len(items)
        match where // len(items) % SHAPES:
            case 0:
                items[index] = replace(items[index], header=rest)
            case 1:
                items[index] = replace(items[index], salt=rest)
            case 2:
                items[index] = replace(items[index], record=rest)
            case 3:
                Random(rest).shuffle(items)
            case _:
                items = items[: index + 1] * (len(rest) % 8 + 1)
        return _judged(self._pair, items)
