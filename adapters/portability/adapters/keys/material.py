"""Private key material: drawing it, its seeds as text, and the public half.

A key id names a hybrid pair: Ed25519 with ML-DSA-65 to sign, X25519 with ML-KEM-768 to receive, Ed25519 with
ML-DSA-44 for the log. Only seeds are
kept; everything else follows from them (FIPS 203, FIPS 204, RFC 7748, RFC 8032).
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_hex

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA65PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from portability.adapters.keys.device import KeyDevice
from portability.agreements.errors import GatewayError
from portability.services.registry.model import KeyPurpose, PublicKey

__all__ = ["DecryptionKey", "DeviceHalf", "KeySeeds", "LogKey", "SigningKey", "draw_key", "public_key"]

PREFIX = {KeyPurpose.SIGNING: "sig", KeyPurpose.ENCRYPTION: "kem", KeyPurpose.LOG: "log"}


@dataclass(frozen=True, slots=True)
class DeviceHalf:
    """An Ed25519 key that a device keeps under a label."""

    label: str
    public: bytes  # 32 bytes


@dataclass(frozen=True, slots=True, repr=False)
class KeySeeds:
    """One private key as it is kept: two seeds, a purpose and a window [not_before, not_after)."""

    purpose: KeyPurpose
    not_before: datetime
    not_after: datetime
    classical: bytes | DeviceHalf  # 32 bytes, or where in the device they are
    post_quantum: bytes  # 32 bytes for ML-DSA-65 and ML-DSA-44, 64 for ML-KEM-768

    def __repr__(self) -> str:
        return f"KeySeeds({self.purpose}, {self.not_before}, {self.not_after})"  # never the seeds


class _Ed25519:
    """The classical half, wherever it is kept."""

    def __init__(self, kept: bytes | DeviceHalf, device: KeyDevice | None) -> None:
        self._kept = Ed25519PrivateKey.from_private_bytes(kept) if isinstance(kept, bytes) else kept
        self._device = device

    @property
    def public(self) -> bytes:
        kept = self._kept
        return kept.public if isinstance(kept, DeviceHalf) else kept.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        kept = self._kept
        if not isinstance(kept, DeviceHalf):
            return kept.sign(message)
        if self._device is None:
            raise GatewayError(
                f"Key '{kept.label}' is in a device, and none is set: set PORTABILITY_PKCS11_MODULE.", retryable=False
            )
        return self._device.sign(kept.label, message)


class SigningKey:
    """Signs with both algorithms."""

    def __init__(self, seeds: KeySeeds, device: KeyDevice | None = None) -> None:
        self._ed25519 = _Ed25519(seeds.classical, device)
        self._mldsa65 = MLDSA65PrivateKey.from_seed_bytes(seeds.post_quantum)
        self.public = _public(
            seeds,
            self._ed25519.public,
            self._mldsa65.public_key().public_bytes_raw(),
        )

    def sign(self, message: bytes, *, context: bytes) -> tuple[bytes, bytes]:
        """Return the Ed25519 signature (64 bytes) and the ML-DSA-65 signature (3309 bytes)."""
        return self._ed25519.sign(message), self._mldsa65.sign(message, context=context)


class LogKey:
    """Signs checkpoints and cosignatures: each half signs other bytes (C2SP tlog-cosignature)."""

    def __init__(self, seeds: KeySeeds, device: KeyDevice | None = None) -> None:
        self._ed25519 = _Ed25519(seeds.classical, device)
        self._mldsa44 = MLDSA44PrivateKey.from_seed_bytes(seeds.post_quantum)
        self.public = _public(
            seeds,
            self._ed25519.public,
            self._mldsa44.public_key().public_bytes_raw(),
        )

    def sign_ed25519(self, message: bytes) -> bytes:
        """Return 64 bytes."""
        return self._ed25519.sign(message)

    def sign_mldsa44(self, message: bytes) -> bytes:
        """Return 2420 bytes; the ML-DSA context is empty."""
        return self._mldsa44.sign(message)


class DecryptionKey:
    """Opens what was sealed to it."""

    def __init__(self, seeds: KeySeeds) -> None:
        mlkem = MLKEM768PrivateKey.from_seed_bytes(seeds.post_quantum)
        if isinstance(seeds.classical, DeviceHalf):
            raise GatewayError("An encryption key is kept in a file, not in a device.", retryable=False)
        x25519 = X25519PrivateKey.from_private_bytes(seeds.classical)
        self.hpke = hpke.MLKEM768X25519PrivateKey(mlkem, x25519)
        self.public = _public(seeds, x25519.public_key().public_bytes_raw(), mlkem.public_key().public_bytes_raw())


def draw_key(
    purpose: KeyPurpose, *, not_before: datetime, not_after: datetime, device: KeyDevice | None = None
) -> KeySeeds:
    """Draw a new key from the system's random source, its Ed25519 half in the device where there is one."""
    classical: bytes | DeviceHalf
    match purpose:
        case KeyPurpose.SIGNING:
            post_quantum = MLDSA65PrivateKey.generate().private_bytes_raw()
            classical = _draw_ed25519(device)
        case KeyPurpose.LOG:
            post_quantum = MLDSA44PrivateKey.generate().private_bytes_raw()
            classical = _draw_ed25519(device)
        case KeyPurpose.ENCRYPTION:
            post_quantum = MLKEM768PrivateKey.generate().private_bytes_raw()
            classical = X25519PrivateKey.generate().private_bytes_raw()
    return KeySeeds(purpose, not_before, not_after, classical, post_quantum)


def _draw_ed25519(device: KeyDevice | None) -> bytes | DeviceHalf:
    if device is None:
        return Ed25519PrivateKey.generate().private_bytes_raw()
    label = f"portability-{token_hex(8)}"
    return DeviceHalf(label, device.generate(label))


def public_key(seeds: KeySeeds) -> PublicKey:
    """The public halves, for the directory."""
    match seeds.purpose:
        case KeyPurpose.SIGNING:
            return SigningKey(seeds).public
        case KeyPurpose.LOG:
            return LogKey(seeds).public
        case KeyPurpose.ENCRYPTION:
            return DecryptionKey(seeds).public


def _public(seeds: KeySeeds, classical: bytes, post_quantum: bytes) -> PublicKey:
    return PublicKey(
        key_id=f"{PREFIX[seeds.purpose]}-{sha256(classical + post_quantum).hexdigest()[:16]}",
        purpose=seeds.purpose,
        not_before=seeds.not_before,
        not_after=seeds.not_after,
        classical=classical,
        post_quantum=post_quantum,
    )
