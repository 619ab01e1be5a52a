"""The worker's pages over the use cases in memory."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest


def _samples() -> Any:
    spec = importlib.util.spec_from_file_location(
        "worker_samples", Path(__file__).parents[1] / "services" / "workers" / "samples.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def samples() -> Any:
    return _samples()


@pytest.fixture
async def desk(samples: Any) -> Any:
    made = samples.Desk()
    await made.register()
    return made
