"""A command that comes twice is carried out once; a leaf module that services share.

The key is the caller's `request_id`. The same key with the same content gives the first answer again; with other
content it is an error.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from portability.agreements.errors import IdempotencyConflictError

__all__ = ["Command", "CommandLog", "KnownCommand", "fingerprint", "once"]


class Command(Protocol):
    """A frozen dataclass of plain values: two are the same exactly where their `repr` is."""

    @property
    def request_id(self) -> UUID: ...


@dataclass(frozen=True, slots=True)
class KnownCommand:
    """A command that the log holds. `answer` is None until it has been carried out."""

    request_id: UUID
    fingerprint: str
    answer: str | None = None


class CommandLog(Protocol):
    async def begin(self, command: KnownCommand) -> KnownCommand:
        """Keep the command and give it back; where its key is known, give the known one and change nothing.

        A log may keep fingerprints so that only equality can be told: one that differs then comes back empty.
        A command of the same key that another transaction is carrying out is waited for.
        """
        ...

    async def finish(self, request_id: UUID, *, answer: str) -> None:
        """Keep the answer of a command that has begun."""
        ...


def fingerprint(command: Command) -> str:
    """SHA-256 of a command's name and content, hexadecimal."""
    return hashlib.sha256(repr(command).encode()).hexdigest()


async def once(command: Command, *, log: CommandLog, run: Callable[[], Awaitable[str]]) -> str:
    """Carry out `run` and give its answer; give the first answer where the command was carried out before.

    `run` and the log share one transaction. Raises IdempotencyConflictError where the key came with other content.
    """
    mine = KnownCommand(command.request_id, fingerprint(command))
    known = await log.begin(mine)
    if known.fingerprint != mine.fingerprint:
        raise IdempotencyConflictError(
            f"request_id {command.request_id} was used for another request: give each request its own id."
        )
    if known.answer is not None:
        return known.answer
    answer = await run()
    await log.finish(command.request_id, answer=answer)
    return answer
