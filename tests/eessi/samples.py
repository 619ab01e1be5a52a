"""Documents to convert: a few of our own, and those of the shared folder where it is there."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portability.adapters.eessi.json_text import read_json

__all__ = ["OWN", "document", "own", "shared"]

OWN = Path(__file__).parent / "documents"


def own() -> list[Path]:
    """Documents made up for these tests; no person stands behind them."""
    return sorted(OWN.glob("*.json"))


def document(name: str) -> Any:
    return read_json((OWN / name).read_bytes(), name=name)


def shared() -> Iterator[Path]:
    """Documents of the shared samples, without the notifications; skips, and says so, where the folder is not named."""
    folder = os.environ.get("PORTABILITY_SHARED")
    if not folder:
        pytest.skip(
            "the shared documents of EESSI were not converted: PORTABILITY_SHARED names no folder that holds them"
        )
    found = sorted((Path(folder) / "samples" / "eessi-sed").rglob("*.json"))
    assert found, f"{folder} holds no samples/eessi-sed"
    yield from (one for one in found if one.parent.name != "events")
