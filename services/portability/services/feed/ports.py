"""What the feed needs from outside."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from portability.services.feed.model import Change

__all__ = ["ChangeBook", "ChangeTopic", "ChangeUnitOfWork", "OldChanges"]


class ChangeBook(Protocol):
    """Changes, kept by the transaction that made each."""

    async def number(self) -> None:
        """Give the next numbers to what was committed without one; a number is never given twice or out of order."""
        ...

    async def after(self, number: int, *, limit: int) -> Sequence[Change]:
        """Changes with higher numbers that the caller may see, in order; InputError where some were forgotten."""
        ...

    async def publish(self, *, limit: int, send: "ChangeTopic") -> int:
        """Send what was not published yet and note it; one publisher at a time. Returns how many were sent."""
        ...


class OldChanges(Protocol):
    async def forget(self, *, before: datetime, published: bool) -> int:
        """Delete the eldest changes, of before an instant, and some thousand at most; how many.

        With `published` what was not sent to the topic yet stays, however old it is.
        """
        ...


class ChangeTopic(Protocol):
    """Where changes are published."""

    async def send(self, changes: Sequence[Change]) -> None:
        """Send in this order; durable when this returns. Raises GatewayError where that is not known."""
        ...


ChangeUnitOfWork = Callable[[bool], AbstractAsyncContextManager[ChangeBook]]
"""Opens a transaction; True: as the node's own work, False: as the caller of the running RPC."""
