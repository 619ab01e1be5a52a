"""Content at rest, sealed by a key of its person or case: destroying the key erases what it has sealed, everywhere.

A scope is what is erased as one: a case, an account, a worker on file, what she sent on her page. Each scope has one
key (AES-256) in the key table, wrapped by the node's master key. Sealed content names its key, so that content whose
key was destroyed is told from content that was changed. Keys are opened for a minute at most, so that one destroyed by
another process is forgotten here too.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portability.adapters.keys.master import NONCE_BYTES, MasterKey, RandomBytes
from portability.agreements.errors import GatewayError, VerificationError
from portability.services.exchange.ports.world import Clock
from portability.services.values import value

__all__ = ["AtRest", "KeyTable", "KeysUnderMaster", "Sealer", "WrappedKey", "change_master", "check_master"]

KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 16  # the end of its scope, and as many random bytes
FORMAT: Final = b"\x01"  # AES-256-GCM: format, key id, nonce, ciphertext and tag
KEY_ID: Final = slice(1, 1 + KEY_ID_BYTES)
NONCE: Final = slice(KEY_ID.stop, KEY_ID.stop + NONCE_BYTES)
CONTENT: Final = slice(NONCE.stop, None)
KEPT_OPEN: Final = timedelta(seconds=30)
OPEN_AT_MOST: Final = 10_000  # about 10 MiB with those of the period before

Sealer = tuple[bytes, Callable[[bytes, bytes, bytes], bytes], bytes]
"""How sealed content begins, the cipher of the key, and what the cipher binds."""


@value
class WrappedKey:
    """A key as the key table keeps it."""

    scope: UUID
    key_id: bytes  # no other key has it, also none that its scope has later, once this one is destroyed
    wrapped: bytes
    made_at: datetime

    @property
    def name(self) -> bytes:
        """What the wrapping is bound to."""
        return self.scope.bytes + self.key_id


class KeyTable(Protocol):
    """Keys of scopes, wrapped. It is kept apart from the data, and its backups are short-lived."""

    async def keep(self, fresh: Sequence[WrappedKey]) -> Sequence[WrappedKey]:
        """Keep a key for each scope that has none yet, durably; return the key of every scope given."""

    async def find(self, scopes: Sequence[UUID]) -> Sequence[WrappedKey]:
        """Return the keys of scopes that have one."""

    async def destroy(self, scopes: Sequence[UUID], *, made_before: datetime) -> Sequence[UUID]:
        """Delete the keys of scopes that were made no later than `made_before`; return whose they were."""


class KeysUnderMaster(Protocol):
    """The key table as whoever keeps the master key sees it."""

    async def sample(self) -> WrappedKey | None:
        """Any key; None where there is none yet."""

    async def rewrap(self, change: Callable[[WrappedKey], bytes]) -> int:
        """Wrap every key anew, all or none, while nobody else uses the table; return how many there are.

        Raises GatewayError where somebody else does.
        """


@value
class _OpenKey:
    scope: UUID
    key_id: bytes
    key: bytes  # and no cipher: one of OpenSSL's takes five times the memory of all of this


class AtRest:
    """Seals and opens content by scope, in batches."""

    def __init__(self, table: KeyTable, master: MasterKey, *, clock: Clock, random_bytes: RandomBytes) -> None:
        self._table = table
        self._master = master
        self.random_bytes = random_bytes
        self._clock = clock
        self._recent = _Recent(clock)

    async def seal(self, contents: Sequence[tuple[UUID, bytes]]) -> Sequence[bytes]:
        """Seal (scope, content) pairs, in their order; a scope without a key gets one, durable before it is used."""
        return self.seal_by(await self.sealers({scope for scope, _ in contents}), contents)

    async def sealers(self, scopes: Collection[UUID]) -> Mapping[UUID, Sealer]:
        """What seals for scopes: to have it before a lock is held, under which `seal_by` then asks nobody."""
        keys = await self._of_scopes(scopes)
        return {scope: (FORMAT + key.key_id, AESGCM(key.key).encrypt, scope.bytes) for scope, key in keys.items()}

    def seal_by(self, sealers: Mapping[UUID, Sealer], contents: Sequence[tuple[UUID, bytes]]) -> Sequence[bytes]:
        """Seal (scope, content) pairs, in their order."""
        nonces = self.random_bytes(NONCE_BYTES * len(contents))
        sealed, at, last = [], 0, None
        for scope, content in contents:
            # What is of one scope comes together: to look for its key each time, an id would be hashed in Python.
            if scope is not last:
                begin, encrypt, name = sealers[scope]
                last = scope
            nonce = nonces[at : at + NONCE_BYTES]
            at += NONCE_BYTES
            sealed.append(begin + nonce + encrypt(nonce, content, name))
        return sealed

    async def open(self, sealed: Sequence[tuple[UUID, bytes]]) -> Sequence[bytes | None]:
        """Open (scope, sealed content) pairs, in their order; None where the key was destroyed: the content is erased.

        Raises VerificationError for content that was changed or belongs to another scope.
        """
        keys = await self._that_sealed(sealed)
        ciphers = {scope: (key.key_id, AESGCM(key.key)) for scope, key in keys.items()}
        return [_opened(ciphers.get(scope), scope, one) for scope, one in sealed]

    async def destroy(self, scopes: Sequence[UUID], *, made_before: datetime) -> Sequence[UUID]:
        """Destroy the keys of scopes: what they sealed is erased, wherever a copy of it lies. Return those with one.

        A key made after `made_before` stays: what came after an erasure is not erased when the act is replayed.
        """
        destroyed = await self._table.destroy(scopes, made_before=made_before)
        self._recent.forget(scopes)
        return destroyed

    def hidden(self, *parts: str) -> bytes:
        """A keyed hash (32 bytes) of texts: what a lookup compares in place of an identifier."""
        return self._master.hidden(*parts)

    def hidden_bytes(self, *parts: bytes) -> bytes:
        """The same of bytes."""
        return self._master.hidden_bytes(*parts)

    async def lasting(self, sealed: Sequence[tuple[UUID, bytes]]) -> Sequence[bool]:
        """Whether the key of each (scope, sealed content) still is there; the first 29 bytes are enough to tell."""
        keys = await self._that_sealed(sealed)
        return [scope in keys and keys[scope].key_id == one[KEY_ID] for scope, one in sealed]

    async def _of_scopes(self, scopes: Collection[UUID]) -> Mapping[UUID, _OpenKey]:
        wanted = frozenset(scopes)
        keys = self._recent.find(wanted)
        # In one order everywhere: no two batches wait in a ring.
        missing = sorted(wanted - keys.keys(), key=attrgetter("int"))
        if missing:
            keys.update(await self._kept(missing))
        if len(keys) < len(wanted):
            raise GatewayError("A key was destroyed while it was asked for.", retryable=True)
        return keys

    async def _kept(self, scopes: Sequence[UUID]) -> Mapping[UUID, _OpenKey]:
        """The keys of scopes, one drawn for each that has none in the table."""
        drawn = {key.key_id: key for key in self._draw(scopes)}
        kept = await self._table.keep(self._wrapped(drawn.values(), at=self._clock.now()))
        keys = [drawn.get(one.key_id) or self._opened(one) for one in kept]
        self._recent.add(keys)
        return {key.scope: key for key in keys}

    async def _that_sealed(self, sealed: Sequence[tuple[UUID, bytes]]) -> Mapping[UUID, _OpenKey]:
        """The keys of scopes as they are now; one that is open here and did not seal what is given is read again."""
        keys = self._recent.find({scope for scope, _ in sealed})
        named = [(scope, _key_id(one, of=scope)) for scope, one in sealed]
        missing = {scope for scope, key_id in named if scope not in keys or keys[scope].key_id != key_id}
        if missing:
            found = [self._opened(one) for one in await self._table.find(list(missing))]
            self._recent.add(found)
            keys.update((key.scope, key) for key in found)
        return keys

    def _draw(self, scopes: Sequence[UUID]) -> Sequence[_OpenKey]:
        each = KEY_BYTES + KEY_ID_BYTES // 2
        random = self.random_bytes(each * len(scopes))
        parts = [random[place * each : (place + 1) * each] for place in range(len(scopes))]
        return [
            _OpenKey(scope, _end(scope) + part[KEY_BYTES:], part[:KEY_BYTES])
            for scope, part in zip(scopes, parts, strict=True)
        ]

    def _wrapped(self, keys: Collection[_OpenKey], *, at: datetime) -> Sequence[WrappedKey]:
        wrapped = self._master.wrap_all([(key.key, key.scope.bytes + key.key_id) for key in keys])
        return [WrappedKey(key.scope, key.key_id, one, at) for key, one in zip(keys, wrapped, strict=True)]

    def _opened(self, kept: WrappedKey) -> _OpenKey:
        return _OpenKey(kept.scope, kept.key_id, self._master.unwrap(kept.wrapped, name=kept.name))


class _Recent:
    """Open keys in two generations: the older one is dropped whole, so none stays for longer than two periods."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock.now()
        self._generations: tuple[dict[UUID, _OpenKey], dict[UUID, _OpenKey]] = ({}, {})

    def find(self, scopes: Collection[UUID]) -> dict[UUID, _OpenKey]:
        """The open keys of scopes."""
        newer, older = self._current()
        return {scope: key for scope in scopes if (key := newer.get(scope) or older.get(scope))}

    def add(self, keys: Iterable[_OpenKey]) -> None:
        """Keep keys open for a while."""
        newer = self._current()[0]
        for key in keys:
            newer[key.scope] = key

    def forget(self, scopes: Sequence[UUID]) -> None:
        """Close the keys of scopes at once."""
        for generation in self._generations:
            for scope in scopes:
                generation.pop(scope, None)

    def _current(self) -> tuple[dict[UUID, _OpenKey], dict[UUID, _OpenKey]]:
        now: datetime = self._clock.now()
        age = now - self._began
        newer, _ = self._generations
        if not timedelta(0) <= age < KEPT_OPEN or len(newer) >= OPEN_AT_MOST:
            # After a pause, or a clock set back, both are too old.
            kept = newer if timedelta(0) <= age < 2 * KEPT_OPEN else {}
            self._generations = ({}, kept)
            self._began = now
        return self._generations


async def check_master(table: KeysUnderMaster, master: MasterKey) -> None:
    """Return where the master opens what the table holds; raise GatewayError, with the next step, where it does not."""
    if (key := await table.sample()) is not None:
        master.unwrap(key.wrapped, name=key.name)


async def change_master(table: KeysUnderMaster, before: MasterKey, after: MasterKey) -> int:
    """Wrap every key of the table by another master; return how many. Content stays as it is: its keys are the same."""
    return await table.rewrap(lambda key: after.wrap(before.unwrap(key.wrapped, name=key.name), name=key.name))


def _end(scope: UUID) -> bytes:
    return scope.bytes[-KEY_ID_BYTES // 2 :]


def _key_id(sealed: bytes, *, of: UUID) -> bytes:
    if sealed[:1] != FORMAT or len(sealed) < CONTENT.start:
        raise VerificationError("Content at rest is not in the form in which this node seals.")
    if not sealed.startswith(_end(of), KEY_ID.start):
        raise VerificationError("Content at rest does not open: it was changed, or moved to another scope.")
    return sealed[KEY_ID]


def _opened(sealer: tuple[bytes, AESGCM] | None, scope: UUID, sealed: bytes) -> bytes | None:
    if sealer is None or sealer[0] != sealed[KEY_ID]:
        return None
    try:
        return sealer[1].decrypt(sealed[NONCE], sealed[CONTENT], scope.bytes)
    except InvalidTag as exc:
        raise VerificationError("Content at rest does not open: it was changed, or moved to another scope.") from exc
