"""The keys of a running node: those that the directory names, read again when their folder changes."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from portability.adapters.keys.device import KeyDevice
from portability.adapters.keys.files import destroy_key, list_keys, store_seeds
from portability.adapters.keys.material import KeySeeds, LogKey
from portability.adapters.keys.ring import FileKeyRing
from portability.adapters.keys.rotation import ended_keys
from portability.agreements.errors import GatewayError, NotFoundError, VerificationError
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.ports.world import Clock, Observer
from portability.services.hybrid import HybridSignature
from portability.services.registry.model import Directory, KeyPurpose, PublicKey

__all__ = ["KeyFolder", "NodeKeys", "follow_keys", "retire_keys"]

LOOK_EVERY = timedelta(seconds=2)
RETIRE_EVERY = timedelta(hours=1)


class KeyFolder:
    """A folder of key files, with what opens them."""

    def __init__(self, folder: Path, *, passphrase: str = "", device: KeyDevice | None = None) -> None:
        self.path = folder
        self._passphrase = passphrase
        self.device = device

    def load(self) -> FileKeyRing:
        """All keys of the folder. Raises GatewayError."""
        return FileKeyRing.load(self.path, passphrase=self._passphrase, device=self.device)

    def store(self, seeds: KeySeeds) -> Path:
        """Keep a new key; return its file. Raises GatewayError."""
        return store_seeds(self.path, seeds, passphrase=self._passphrase)

    def names(self) -> frozenset[str]:
        """What is in the folder; a key file never changes under its name."""
        return frozenset(path.name for path in self.path.glob("*.key.json"))


class NodeKeys:
    """The ports `KeyRing` of the exchange and `LogKeys` of the log.

    A key signs when the directory in force names it, within its window there and not revoked: what others cannot
    verify is not worth sending, and a key that was revoked falls silent at once.
    """

    def __init__(self, ring: FileKeyRing, current: Callable[[], Directory], *, me: InstitutionId) -> None:
        self._ring = ring
        self._current = current
        self._me = me

    def replace(self, ring: FileKeyRing) -> None:
        """Go on with the keys of `ring`."""
        self._ring = ring

    def signing_key_id(self, at: datetime) -> str:
        """Return the newest signing key that the directory names for `at`."""
        return self._named(KeyPurpose.SIGNING, at).key_id

    def log_key(self, at: datetime) -> LogKey:
        """Return the newest log key that the directory names for `at`."""
        return self._ring.log_key_of(self._named(KeyPurpose.LOG, at).key_id)

    def sign(self, key_id: str, message: bytes, *, context: bytes) -> HybridSignature:
        """Sign with both halves of a signing key."""
        return self._ring.sign(key_id, message, context=context)

    def decrypt(self, key_id: str, ciphertext: bytes, *, info: bytes) -> bytes:
        """Open an HPKE ciphertext."""
        return self._ring.decrypt(key_id, ciphertext, info=info)

    def _named(self, purpose: KeyPurpose, at: datetime) -> PublicKey:
        here = {key.key_id for key in self._ring.public_keys()}
        try:
            named = self._current().institution(self._me).keys
        except NotFoundError as exc:
            raise VerificationError(f"'{self._me}' is not in the directory: nothing can be signed.") from exc
        usable = [
            key
            for key in named
            if key.purpose is purpose
            and not key.revoked
            and key.not_before <= at < key.not_after
            and key.key_id in here
        ]
        if not usable:
            raise VerificationError(
                f"No {purpose} key of '{self._me}' is here, in the directory and in its window at "
                f"{at:%Y-%m-%d %H:%M} UTC: `portability keys check` says what is missing."
            )
        return max(usable, key=lambda key: (key.not_before, key.key_id))


async def follow_keys(keys: NodeKeys, folder: KeyFolder, clock: Clock, observer: Observer) -> None:
    """Take new keys up and destroy ended ones until cancelled; a folder that cannot be read changes nothing."""
    names, retire_at = folder.names(), clock.now()
    while True:
        try:
            if clock.now() >= retire_at:
                for key in await asyncio.to_thread(retire_keys, folder, clock.now()):
                    observer.happened("key_retired", key_id=key.key_id)
                retire_at = clock.now() + RETIRE_EVERY
            if (found := folder.names()) != names:
                keys.replace(await asyncio.to_thread(folder.load))
                names = found
                observer.happened("keys_read_again", count=1)
        except GatewayError as error:
            observer.happened("keys_not_read", code=error.code)
        await asyncio.sleep(LOOK_EVERY.total_seconds())


def retire_keys(folder: KeyFolder, at: datetime) -> tuple[PublicKey, ...]:
    """Destroy the private parts of keys that have no use any more, and return what they were. Raises GatewayError.

    The last key of a purpose stays: a node whose directory is late must not lose what it opens and signs with.
    """
    kept = list_keys(folder.path)
    ended = [key for key in ended_keys(kept, at=at) if _has_successor(key, kept)]
    for key in ended:
        label = destroy_key(folder.path, key.key_id)
        if label and folder.device is not None:
            with contextlib.suppress(GatewayError):  # its other half is gone already: alone it signs nothing
                folder.device.destroy(label)
    return tuple(ended)


def _has_successor(key: PublicKey, kept: tuple[PublicKey, ...]) -> bool:
    return any(one.purpose is key.purpose and one.not_after > key.not_after for one in kept)
