"""What voices need from outside. Each port is named for the need."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import UUID

from portability.services.idempotency import CommandLog
from portability.services.looking import LookBook, ProtectedScopes
from portability.services.workers.voice.model import Figure, Group, MyCase, Voice

__all__ = ["Figures", "MyCases", "OfWorker", "UnitOfWork", "VoiceBook", "VoiceWork", "Words"]


class MyCases(Protocol):
    async def cases(self) -> Sequence[MyCase]:
        """Her cases here, and nobody else's."""
        ...


class VoiceBook(Protocol):
    async def put(self, voice: Voice) -> None:
        """Keep what was said of a case, or that it is counted."""
        ...

    async def of_cases(self, case_ids: Sequence[UUID]) -> Sequence[Voice]:
        """What was said of these cases."""
        ...

    async def waiting(self, group: Group) -> Sequence[Voice]:
        """Those of a group whose score is not counted yet."""
        ...


class Words(Protocol):
    async def page(self, *, size: int, after: UUID | None) -> Sequence[Voice]:
        """Voices with words, in the order of their cases; only those after a case that was shown."""
        ...


class Figures(Protocol):
    async def hold(self, group: Group) -> Figure:
        """The figure of a group; nobody else counts or answers in it until the transaction ends."""
        ...

    async def put(self, figure: Figure) -> None:
        """Keep the figure of a group that is held."""
        ...

    async def published(self) -> Sequence[Figure]:
        """Every figure that has answers, in the order of agreements and flow."""
        ...


class VoiceWork(Protocol):
    """The ports of one transaction."""

    @property
    def book(self) -> VoiceBook: ...
    @property
    def words(self) -> Words: ...
    @property
    def figures(self) -> Figures: ...
    @property
    def commands(self) -> CommandLog: ...
    @property
    def looks(self) -> LookBook: ...
    @property
    def protected(self) -> ProtectedScopes: ...


UnitOfWork = Callable[[], AbstractAsyncContextManager[VoiceWork]]
OfWorker = Callable[[UUID], AbstractAsyncContextManager[tuple[MyCases, VoiceWork]]]
