"""Entries on their way into the log, in memory."""

from collections.abc import Sequence

from portability.adapters.memory.exchange_state import State
from portability.services.log_entry import LogEntry

__all__ = ["MemoryLogSink"]


class MemoryLogSink:
    """The port `LogSink`."""

    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def staged(self) -> Sequence[LogEntry]:
        """What waits for its position, the oldest first."""
        return [self._state.log_staged[key] for key in sorted(self._state.log_staged)]

    async def append(self, entries: Sequence[LogEntry]) -> None:
        """Stage entries in order."""
        for entry in entries:
            self._state.log_staged[max(self._state.log_staged, default=0) + 1] = entry
