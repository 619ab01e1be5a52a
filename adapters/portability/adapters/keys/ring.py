"""The key ring of one node, loaded from a folder of private files."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from cryptography.exceptions import InvalidTag

from portability.adapters.keys.device import KeyDevice
from portability.adapters.keys.files import load_seeds, store_seeds
from portability.adapters.keys.material import DecryptionKey, KeySeeds, LogKey, SigningKey, draw_key
from portability.agreements.errors import VerificationError
from portability.services.exchange.suites import HPKE_SUITE
from portability.services.hybrid import HybridSignature
from portability.services.registry.model import KeyPurpose, PublicKey
from portability.services.registry.roots import RoleKey

__all__ = ["FileKeyRing"]

K = TypeVar("K", SigningKey, DecryptionKey, LogKey)


class FileKeyRing:
    """Signs and opens with the keys of one node; the ports `KeyRing` of the exchange and `LogKeys` of the log."""

    def __init__(self, seeds: Iterable[KeySeeds], *, device: KeyDevice | None = None) -> None:
        kept = list(seeds)
        self._signing = _by_id(SigningKey(one, device) for one in kept if one.purpose is KeyPurpose.SIGNING)
        self._opening = _by_id(DecryptionKey(one) for one in kept if one.purpose is KeyPurpose.ENCRYPTION)
        self._log = _by_id(LogKey(one, device) for one in kept if one.purpose is KeyPurpose.LOG)

    @classmethod
    def load(cls, folder: Path, *, passphrase: str = "", device: KeyDevice | None = None) -> "FileKeyRing":
        """Load all keys of a folder. Raises GatewayError where a file is readable by others, damaged or sealed."""
        return cls(load_seeds(folder, passphrase=passphrase), device=device)

    @classmethod
    def generate(cls, folder: Path, *, not_before: datetime, not_after: datetime) -> "FileKeyRing":
        """Draw a key for each purpose, store them in `folder` (private files) and load all of it."""
        for purpose in KeyPurpose:
            store_seeds(folder, draw_key(purpose, not_before=not_before, not_after=not_after))
        return cls.load(folder)

    def public_keys(self) -> tuple[PublicKey, ...]:
        """Return the public halves, for the directory."""
        rings = (self._signing, self._opening, self._log)
        return tuple(key.public for ring in rings for key in ring.values())

    def role_keys(self) -> tuple[RoleKey, ...]:
        """Return the public halves of the signing keys as keys of a role, for a root."""
        signing = [key.public for key in self._signing.values()]
        return tuple(RoleKey(key.key_id, key.classical, key.post_quantum) for key in signing)

    def signing_key_id(self, at: datetime) -> str:
        """Return the newest signing key whose window holds `at`."""
        return _newest([key.public for key in self._signing.values()], at, what="signing").key_id

    def log_key(self, at: datetime) -> LogKey:
        """Return the newest log key whose window holds `at`."""
        return self._log[_newest([key.public for key in self._log.values()], at, what="log").key_id]

    def log_key_of(self, key_id: str) -> LogKey:
        """Return the log key of that id; VerificationError where it is not here."""
        if key_id not in self._log:
            raise VerificationError(f"There is no private log key '{key_id}' here.")
        return self._log[key_id]

    def sign(self, key_id: str, message: bytes, *, context: bytes) -> HybridSignature:
        """Sign with both halves of a signing key."""
        if key_id not in self._signing:
            raise VerificationError(f"There is no private signing key '{key_id}' here.")
        return HybridSignature(*self._signing[key_id].sign(message, context=context))

    def decrypt(self, key_id: str, ciphertext: bytes, *, info: bytes) -> bytes:
        """Open an HPKE ciphertext."""
        if key_id not in self._opening:
            raise VerificationError(f"There is no private encryption key '{key_id}' here.")
        try:
            return HPKE_SUITE.decrypt(ciphertext, self._opening[key_id].hpke, info=info)
        except (InvalidTag, ValueError) as exc:
            raise VerificationError("The ciphertext does not open: it is changed or was for others.") from exc


def _newest(keys: Iterable[PublicKey], at: datetime, *, what: str) -> PublicKey:
    usable = [key for key in keys if key.not_before <= at < key.not_after]
    if not usable:
        raise VerificationError(f"No {what} key is in its window at {at:%Y-%m-%d %H:%M} UTC: make a new one.")
    return max(usable, key=lambda key: (key.not_before, key.key_id))


def _by_id(keys: Iterable[K]) -> dict[str, K]:
    return {key.public.key_id: key for key in keys}
