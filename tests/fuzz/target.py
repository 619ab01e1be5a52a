"""What a fuzzing target is: a reader of bytes from outside, and the errors that it may end in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["MILLION", "Mutate", "Target"]

MILLION = 1_000_000

Mutate = Callable[[bytes, int, int], bytes]
"""Makes an input of another: bytes, most bytes allowed, seed."""


@dataclass(frozen=True, slots=True)
class Target:
    """One reader. `read` ends in a value or in one of `declared`; everything else is a finding."""

    name: str
    read: Callable[[bytes], object]
    declared: tuple[type[Exception], ...]
    seeds: Sequence[bytes]  # good inputs to start from
    largest: int = 4096  # bytes of an input
    inputs: int = MILLION  # how many a whole campaign takes
    mutate: Mutate | None = None  # None: libFuzzer's own
