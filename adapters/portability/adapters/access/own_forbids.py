"""What an institution forbids at its own node, in a file that takes effect while the node runs.

The file holds Cedar `forbid` sentences and nothing else: what the shipped policies open can be closed here at once, for
a stolen certificate or a program gone wrong, and nothing can be opened.
"""

import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Protocol

import cedarpy

from portability.adapters.access.cedar import KINDS
from portability.agreements.errors import InputError
from portability.services.access import AccessPolicy, Caller, Role

__all__ = ["OwnForbids", "PolicyObserver", "forbid_caller", "only_forbids"]

LOOK_SECONDS = 1.0
"""How long a change of the file may go unseen."""


class PolicyObserver(Protocol):
    """Is told of what happens to the file while the node runs."""

    def own_policies_read(self) -> None:
        """A changed file is in force."""

    def own_policies_refused(self, error: InputError) -> None:
        """A changed file cannot be used; what held before goes on holding."""


class OwnForbids:
    """The AccessPolicy that `build` makes of the file's text, made anew when the file changes.

    Raises InputError where the file cannot be used when the node starts.
    """

    def __init__(
        self,
        path: Path,
        build: Callable[[str], AccessPolicy],
        *,
        observer: PolicyObserver,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._path, self._build, self._observer, self._now = path, build, observer, now
        self._looked, self._seen = self._now(), _state(path)
        self._policy = build(_text(path))

    def check(self, caller: Caller | None, rpc: str) -> None:
        """Return where `rpc` is open to the caller; raise DeniedError elsewhere."""
        if self._now() - self._looked >= LOOK_SECONDS:
            self._look()
        self._policy.check(caller, rpc)

    def _look(self) -> None:
        self._looked = self._now()
        state = _state(self._path)
        if state == self._seen:
            return
        self._seen = state
        try:
            self._policy = self._build(_text(self._path))
        except InputError as error:
            self._observer.own_policies_refused(error)
        else:
            self._observer.own_policies_read()


def forbid_caller(path: Path, role: Role, institution: str, name: str, *, at: datetime) -> None:
    """Add a sentence to the file that closes everything to one caller from now on."""
    sentence = (
        f"\n// Added on {at:%Y-%m-%d at %H:%M:%S} UTC.\n"
        '@says("This certificate has been revoked: ask the administrator of the node.")\n'
        f'forbid (principal == {KINDS[role]}::"{institution}/{name}", action, resource);\n'
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(_text(path) + sentence, encoding="utf-8")
    os.replace(beside, path)  # noqa: PTH105 (one step: a reader sees the whole file, old or new)


def only_forbids(text: str) -> str:
    """Return Cedar text that only closes; raise InputError where it opens something or cannot be read."""
    try:
        sentences = json.loads(cedarpy.policies_to_json_str(text))
    except ValueError as error:
        raise InputError(f"The institution's own access policies cannot be read: {error}.") from error
    read = [*sentences["staticPolicies"].values(), *sentences["templates"].values()]
    if any(one["effect"] != "forbid" for one in read):
        raise InputError("The institution's own access policies may only forbid: what is open stands in access.cedar.")
    return text


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
