"""Room for what takes memory: one place at a time for each worker, so that nobody takes all of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from portability.agreements.errors import OverloadError

__all__ = ["Room"]


class Room:
    """`most` places in this process."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._inside: set[UUID] = set()

    @contextmanager
    def place(self, worker_id: UUID) -> Iterator[None]:
        """Hold a place until the block ends; OverloadError where there is none, or she has one already."""
        if worker_id in self._inside or len(self._inside) >= self._most:
            raise OverloadError("Too much is on its way at once: wait until yours has arrived.")
        self._inside.add(worker_id)
        try:
            yield
        finally:
            self._inside.discard(worker_id)
