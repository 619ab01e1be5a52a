"""The list of erasures in a file, so that a restored backup is erased again by acts that it does not know."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.postgres.documents import from_document, to_document
from portability.adapters.postgres.fence import AS_DATA_PROTECTION
from portability.adapters.postgres.privacy_store import PostgresPrivacyWork
from portability.agreements.errors import InputError
from portability.app.offline import NodeState, open_state
from portability.app.settings import Settings
from portability.app.wiring.privacy import OnlyTheDefault
from portability.services.privacy.handlers import PrivacyUseCases
from portability.services.privacy.model import Erasure

__all__ = ["export_erasures", "read_erasures", "replay_erasures"]


async def export_erasures(settings: Settings) -> tuple[int, bytes]:
    """How many acts there are, and the file: one JSON document a line, of random ids, instants and citations."""
    async with open_state(settings) as state:
        acts = await _use_cases(state).erasures()
    return len(acts), b"".join(json.dumps(to_document(one)).encode() + b"\n" for one in acts)


def read_erasures(file: Path) -> Sequence[Erasure]:
    """The acts of a file. Raises InputError."""
    try:
        return [from_document(Erasure, json.loads(line)) for line in file.read_bytes().splitlines()]
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise InputError(f"{file} is no list of erasures: give a file that `privacy erasures --out` wrote.") from exc


async def replay_erasures(settings: Settings, acts: Sequence[Erasure]) -> int:
    """Carry acts out; return how many keys were still there to destroy."""
    async with open_state(settings) as state:
        return await _use_cases(state).replay(acts)


def _use_cases(state: NodeState) -> PrivacyUseCases:
    @asynccontextmanager
    async def work() -> AsyncIterator[PostgresPrivacyWork]:
        async with state.database.transaction(acting=AS_DATA_PROTECTION) as connection:
            yield PostgresPrivacyWork(connection, state.at_rest)

    return PrivacyUseCases(work, state.at_rest, OnlyTheDefault(), SystemClock(), time_ordered_id)
