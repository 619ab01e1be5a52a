"""Acts of administrators and clerks in memory."""

from hashlib import sha256

from portability.adapters.memory.exchange_state import State
from portability.adapters.memory.log_staging import MemoryLogSink
from portability.services.acts import Act
from portability.services.log_entry import LogEntry, LogEntryKind, commitment

__all__ = ["MemoryActs"]


class MemoryActs:
    """ActBook. Salts are drawn from the act's id, so that a simulation can be run again."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def add(self, act: Act) -> None:
        """Keep an act and stage its commitment."""
        digest = commitment(sha256(act.act_id.bytes).digest(), repr(act).encode())
        self._state.acts[digest] = act
        await MemoryLogSink(self._state).append([LogEntry(LogEntryKind.ADMINISTRATION, digest, act.at)])
