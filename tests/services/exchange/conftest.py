"""Puts the shared helpers of this folder where its tests find them, and makes two nodes that know each other."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from exchange_world import World, make_keys


@pytest.fixture(scope="session")
def keys() -> dict[str, object]:
    return make_keys()


@pytest.fixture
def world(keys: dict[str, object]) -> World:
    return World(keys)
