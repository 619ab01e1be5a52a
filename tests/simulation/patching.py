"""Replacing parts of the production code from outside, for the length of a test."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["everywhere", "replaced"]


@contextmanager
def everywhere(original: Any, replacement: Any) -> Iterator[None]:
    """Replace a function under its name in every module of ours that has imported it."""
    name = original.__name__
    places = [
        module
        for path, module in sorted(sys.modules.items())
        if path.startswith("portability.") and getattr(module, name, None) is original
    ]
    if not places:
        raise LookupError(f"Nobody uses {name}: what is to be replaced is gone.")
    for module in places:
        setattr(module, name, replacement)
    try:
        yield
    finally:
        for module in places:
            setattr(module, name, original)


@contextmanager
def replaced(owner: Any, name: str, replacement: Any) -> Iterator[None]:
    """Replace one attribute of a class or module."""
    original = owner.__dict__[name]
    setattr(owner, name, replacement)
    try:
        yield
    finally:
        setattr(owner, name, original)
