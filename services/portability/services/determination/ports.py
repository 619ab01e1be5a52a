"""What determinations need from outside: the law that is loaded."""

from collections.abc import Mapping
from typing import Protocol

from portability.agreements.loading import Agreement
from portability.agreements.national.legislation import Legislation
from portability.agreements.values import StateCode

__all__ = ["LawLibrary"]


class LawLibrary(Protocol):
    """Agreements and legislations that may be applied; `portability.agreements.packaged` is one."""

    def agreements(self) -> Mapping[str, Agreement]:
        """By id."""
        ...

    def legislations(self) -> Mapping[StateCode, Legislation]:
        """By state."""
        ...
